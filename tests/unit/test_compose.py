"""compose.yaml and the Dockerfile, as far as they can be read without an engine; `make test-image` builds them."""

import re
from pathlib import Path

import yaml

from roomtone.settings import load
from roomtone_server.settings import ServerSettings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_settings_in_it_are_settings(tmp_path):
    path = tmp_path / "server.yaml"
    path.write_text(COMPOSE["configs"]["settings"]["content"])
    (model,) = load(ServerSettings, path).llm
    assert model.engine == "ollama"


def test_the_server_is_shut_in_and_ollama_is_heard_by_this_machine_alone():
    server = COMPOSE["services"]["roomtone"]
    assert (server["read_only"], server["tmpfs"], server["cap_drop"]) == (True, "/tmp", ["ALL"])
    assert {mount.partition(":")[2] for mount in server["volumes"]} == {"/data"}
    for name in ("ollama", "ollama-gpu"):
        assert COMPOSE["services"][name]["ports"] == ["127.0.0.1:11434:11434"]


def test_a_graphics_card_is_asked_for_in_its_profile_only():
    wanting = {name for name, service in COMPOSE["services"].items() if "deploy" in service}
    assert wanting == {name for name, service in COMPOSE["services"].items() if service.get("profiles") == ["gpu"]}
    assert wanting == {"ollama-gpu"}


def test_every_base_can_be_chosen():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    named = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE.partition("FROM")[0], flags=re.MULTILINE))
    assert {base.strip("${}") for base in bases} == named.keys()
    assert all(image.endswith((":trixie", ":trixie-slim")) for image in named.values())  # one Python in both


def test_each_image_tells_its_health_and_the_server_is_not_root():
    parts = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
    stages = {part.partition("\n")[0].rpartition(" ")[2]: part for part in parts}
    for target in ("server", "addon"):
        assert 'CMD ["roomtone", "health"]' in stages[target]
    assert "\nUSER roomtone\n" in stages["server"]
