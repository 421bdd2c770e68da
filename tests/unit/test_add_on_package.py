"""The add-on's folder: what the Supervisor and the community's linter want of it, and what it says of itself."""

import importlib.util
import os
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path, PurePosixPath
from typing import Literal, get_args, get_origin

import numpy as np
import pytest
import yaml
from support.add_on_rules import ELEMENT, AddOnConfig, fits, lint, security_rating, untranslated

from roomtone import __version__
from roomtone_server.add_on.options import AddOnOptions

ROOT = Path(__file__).parents[2]
ADD_ON = ROOT / "addon" / "roomtone"
SERVICES = ADD_ON / "rootfs" / "etc" / "s6-overlay" / "s6-rc.d"


def read(path: Path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def config() -> AddOnConfig:
    return AddOnConfig.model_validate(read(ADD_ON / "config.yaml"))


def test_the_repository_is_one():
    repository = read(ROOT / "repository.yaml")
    assert repository["name"]
    assert set(repository) <= {"name", "url", "maintainer"}


def test_the_supervisor_finds_this_add_on_and_no_other():
    """It takes every config.{json,yaml,yml} of a repository for one, but those in hidden folders."""
    found = [path.relative_to(ROOT) for path in ROOT.glob("**/config.*") if path.suffix in (".json", ".yaml", ".yml")]
    ignored = ("rootfs", "site-packages")
    shown = [path for path in found if not any(part.startswith(".") or part in ignored for part in path.parts)]
    assert shown == [Path("addon/roomtone/config.yaml")]


def test_the_linter_and_the_supervisor_have_no_objection(config):
    assert list(lint(config)) == []


def test_what_is_deprecated_is_not_there():
    assert not list(ADD_ON.glob("build.*"))
    assert not {"advanced", "codenotary", "watchdog", "webui"} & set(read(ADD_ON / "config.yaml"))


def test_it_asks_for_no_privileges(config):
    assert config.discovery == ["wyoming"]
    assert config.homeassistant_api
    assert set(config.arch) == {"amd64", "aarch64"}
    assert not any((config.privileged, config.devices, config.map, config.host_network, config.full_access))
    assert config.init is False  # s6-overlay has to be process 1


def test_the_published_rating_is_the_highest(config):
    assert security_rating(config, has_profile=(ADD_ON / "apparmor.txt").is_file()) == 8


@pytest.mark.parametrize(
    ("change", "rating"),
    [({"ingress": False}, 6), ({"host_network": True}, 7), ({"hassio_role": "admin"}, 6), ({"docker_api": True}, 1)],
)
def test_the_rating_falls_with_what_is_asked_for(config, change, rating):
    assert security_rating(config.model_copy(update=change), has_profile=True) == rating


def test_it_is_of_the_packages_version(config):
    assert config.version == __version__
    assert f"## {__version__}\n" in (ADD_ON / "CHANGELOG.md").read_text()


def test_its_models_are_left_out_of_backups_and_nothing_else_is(config):
    def is_excluded(path: str) -> bool:
        return any(
            PurePosixPath("/mnt/data/apps/data/5f1c2d3e_roomtone", path).match(each) for each in config.backup_exclude
        )

    assert is_excluded("cache")
    assert not any(is_excluded(path) for path in ("state", "state/server", "state/server/roomtone.db", "options.json"))


# Options


def test_every_default_fits_its_schema(config):
    for key, value in config.options.items():
        assert fits(config.schema_[key], value), key


def test_an_option_without_default_is_optional_and_one_with_is_not(config):
    for key, element in config.schema_.items():
        assert str(element).endswith("?") is (key not in config.options), key


def test_the_server_knows_the_same_options_with_the_same_bounds(config):
    assert config.schema_.keys() == AddOnOptions.model_fields.keys()
    assert AddOnOptions(**config.options) == AddOnOptions()
    for key, element in config.schema_.items():
        field = AddOnOptions.model_fields[key]
        if get_origin(field.annotation) is Literal:
            assert ELEMENT.match(element)["list"].split("|") == list(get_args(field.annotation)), key
        else:
            assert (field.default is None) is str(element).endswith("?"), key


@pytest.mark.parametrize("name", ["", "x" * 64])
def test_what_the_supervisor_refuses_we_would_refuse_too(config, name):
    assert not fits(config.schema_["name"], name)
    with pytest.raises(ValueError, match="name"):
        AddOnOptions(name=name)


@pytest.mark.parametrize("language", ["de", "en", "hi"])
def test_every_option_and_port_is_translated(config, language):
    assert untranslated(config, read(ADD_ON / "translations" / f"{language}.yaml")) == set()


def test_translations_are_not_each_others():
    texts = [read(path)["configuration"] for path in sorted((ADD_ON / "translations").glob("*.yaml"))]
    for key in texts[0]:
        told = [text[key]["description"] for text in texts]
        assert len(set(told)) == len(told), key


def test_every_option_is_documented(config):
    documented = set(re.findall(r"`([a-z_]+)`", (ADD_ON / "DOCS.md").read_text()))
    assert config.schema_.keys() <= documented


# What it looks like


@pytest.mark.parametrize(("name", "size"), [("icon", (128, 128)), ("logo", (250, 100))])
def test_its_pictures_are_as_drawn_by_the_script(name, size):
    spec = importlib.util.spec_from_file_location("draw", ADD_ON.parent / "draw.py")
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    there, drawn = (ADD_ON / f"{name}.png").read_bytes(), draw.png(getattr(draw, name)())
    assert struct.unpack(">II", there[16:24]) == size
    assert abs(pixels(there).astype(int) - pixels(drawn)).max() <= 1  # where another processor rounds otherwise


def pixels(png: bytes):
    """Of a picture with one chunk of data, as ours are."""
    length = struct.unpack(">I", png[33:37])[0]
    return np.frombuffer(zlib.decompress(png[41 : 41 + length]), np.uint8)


# How it starts


def services():
    return sorted(path for path in SERVICES.iterdir() if path.name != "user")


def test_every_service_is_started():
    assert {path.name for path in services()} == {path.name for path in (SERVICES / "user" / "contents.d").iterdir()}


@pytest.mark.parametrize("service", services(), ids=lambda path: path.name)
def test_a_service_is_one_that_s6_rc_takes(service):
    assert (service / "type").read_text() == "longrun\n"
    known = {"base", *(path.name for path in services())}
    assert {path.name for path in (service / "dependencies.d").iterdir()} <= known
    for name in ("run", "finish"):
        script = service / name
        assert script.read_text().startswith("#!/command/with-contenv sh\n")
        assert os.access(script, os.X_OK)
        subprocess.run(["sh", "-n", script], check=True)


def test_its_profile_is_one_that_the_supervisor_renames(config):
    named = re.findall(r"^profile ([^ ]+)", (ADD_ON / "apparmor.txt").read_text(), flags=re.MULTILINE)
    assert named == [config.slug]


def test_its_profile_is_one_that_the_kernel_takes():
    parser = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:" + os.environ["PATH"])
    if parser is None:
        pytest.skip("apparmor_parser is not here: apt install apparmor")
    done = subprocess.run(
        [parser, "--skip-kernel-load", "--skip-cache", ADD_ON / "apparmor.txt"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_ports_are_the_servers(config):
    from roomtone_server.ports.web.auth.visit import INGRESS_PORT
    from roomtone_server.settings import HTTPS_PORT, NATIVE_PORT, SERVICES_PORT, WEB_PORT

    assert config.ingress_port == INGRESS_PORT
    closed = dict.fromkeys(f"{port}/tcp" for port in (SERVICES_PORT, WEB_PORT, HTTPS_PORT))
    assert config.ports == {f"{NATIVE_PORT}/tcp": NATIVE_PORT} | closed
