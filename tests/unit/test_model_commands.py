"""`roomtone models` as its user types it, with a source on loopback."""

import asyncio
import hashlib
import json
import os
import pty
import re
import sys

import pytest
import yaml
from click.testing import CliRunner
from support.llm_servers import OllamaServer
from support.model_sources import source

from roomtone import cli, extras
from roomtone.engines import EngineChoice, ModelWanted
from roomtone.errors import ModelError
from roomtone.paths import cache_dir, models_dir
from roomtone_server import model_commands
from roomtone_server.languages.language import languages
from roomtone_server.models import manifest
from roomtone_server.models.wanted import lacking
from roomtone_server.settings import ModelsSettings, ServerSettings

VOICE, SAID = b"a voice" * 100, b"{}"


def entry(served, name="xx_XX-test-low", **more):
    files = {f"{name}.onnx": {"sha256": hashlib.sha256(VOICE).hexdigest()}, f"{name}.onnx.json": {}}
    return {
        "name": name,
        "kind": "piper",
        "licence": "CC0",
        "languages": ["xx"],
        "source": served.url,
        "files": files,
    } | more


@pytest.fixture
def run(tmp_path):
    """A command line, with settings that name a manifest of these entries."""
    config, own = tmp_path / "server.yaml", tmp_path / "models.yaml"

    async def invoke(*arguments, entries=(), settings=()):
        own.write_text(yaml.safe_dump({"models": list(entries)}))
        config.write_text(yaml.safe_dump({"models": {"manifest": str(own)}} | dict(settings)))
        words = ["models", "--config", str(config), *arguments]
        return await asyncio.to_thread(CliRunner().invoke, cli.roomtone, words, prog_name="roomtone")

    return invoke


def a_voice():
    return source(**{"xx_XX-test-low__onnx": VOICE, "xx_XX-test-low__onnx__json": SAID})


async def test_a_voice_comes_and_goes(run):
    async with a_voice() as served:
        mine = [entry(served)]
        pulled = await run("pull", "xx_XX-test-low", entries=mine)
        assert pulled.exit_code == 0, pulled.stderr
        assert "piper/xx_XX-test-low is installed in" in pulled.stdout
        assert "Nobody could say what xx_XX-test-low.onnx.json must be" in pulled.stdout
        assert "xx_XX-test-low.onnx: 0.7 kB, whole" in pulled.stdout
        again = await run("pull", "--for", "xx", "piper/xx_XX-test-low", entries=mine)
        assert "piper/xx_XX-test-low is installed, and whole." in again.stdout
    listed = await run("list", "--for", "xx", "--json", entries=mine)
    assert {"name": "piper/xx_XX-test-low", "installed": True} in [
        {key: row[key] for key in ("name", "installed")} for row in json.loads(listed.stdout)
    ]
    verified = await run("verify", entries=mine)
    assert (verified.exit_code, verified.stdout) == (0, "piper/xx_XX-test-low: as it should be\n")
    (models_dir(cache_dir(), "piper") / "xx_XX-test-low" / "xx_XX-test-low.onnx").write_bytes(b"noise")
    verified = await run("verify", "xx_XX-test-low", entries=mine)
    assert verified.exit_code == 1
    assert "xx_XX-test-low.onnx is wrong: `roomtone models pull piper/xx_XX-test-low` mends it" in verified.stdout
    removed = await run("remove", "xx_XX-test-low", entries=mine)
    assert removed.stdout == "piper/xx_XX-test-low is removed.\n"
    assert "no model 'xx_XX-test-low' is installed" in (await run("remove", "xx_XX-test-low", entries=mine)).stderr


async def test_who_lacks_what_uses_it_is_told(run, monkeypatch):
    monkeypatch.setattr(extras, "lacking", lambda extra: frozenset({"piper-tts"} if extra == "piper" else ()))
    async with a_voice() as served:
        pulled = await run("pull", "xx_XX-test-low", entries=[entry(served)])
    assert "models of piper is not installed yet: pip install 'roomtone[piper]'" in pulled.stdout


async def test_what_is_damaged_is_fetched_again(run):
    async with a_voice() as served:
        mine = [entry(served)]
        await run("pull", "xx_XX-test-low", entries=mine)
        path = models_dir(cache_dir(), "piper") / "xx_XX-test-low" / "xx_XX-test-low.onnx.json"
        path.write_bytes(b"noise")
        assert (await run("pull", "xx_XX-test-low", entries=mine)).exit_code == 0
        assert path.read_bytes() == SAID
        served.content["xx_XX-test-low.onnx.json"] = b"[]"
        path.unlink()
        refused = await run("pull", "xx_XX-test-low", entries=mine)
        assert refused.exit_code == 1
        assert "--renew" in refused.stderr
        assert (await run("pull", "--renew", "xx_XX-test-low", entries=mine)).exit_code == 0
    assert path.read_bytes() == b"[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pull"], "name a model, or --for LANGUAGE"),
        (["pull", "nobody"], "no model 'nobody' is known"),
        (["pull", "--for", "german"], "no model for 'german' is known"),
        (["verify", "base"], "no model 'base' is installed; there are: none"),
        (["remove"], "Missing argument"),
    ],
)
async def test_what_cannot_be_is_said(run, arguments, words):
    refused = await run(*arguments)
    assert refused.exit_code in (1, 2)
    assert words in refused.stderr


async def test_a_model_of_ollama_is_pulled_by_ollama(run):
    async with OllamaServer().serving() as server:
        llm = {"engine": "ollama", "host": server.url}
        pulled = await run("pull", "qwen3:4b", settings={"llm": llm})
        assert pulled.exit_code == 0, pulled.stderr
        assert "qwen3:4b: success" in pulled.stdout
        refused = await run("pull", "ollama/no-such-model", settings={"llm": llm})
    assert "file does not exist" in refused.stderr


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"kind": "voice"}, r"models\.yaml:\d+: models\.0\.kind: found \"voice\", allowed: .*whisper"),
        ({"files": {"../x": {}}}, r"models\.yaml:\d+: models\.0\.files"),
        ({"name": "a:b", "files": {"x": {}}}, "neither / nor :"),
        ({"source": None}, "needs a source"),
        ({"files": {"x": {"sha256": "abc"}}}, r"files\.x\.sha256"),
    ],
)
async def test_a_manifest_that_is_wrong_is_told_with_its_line(run, wrong, complaint):
    async with source() as served:
        refused = await run("list", entries=[entry(served, **wrong)])
    assert refused.exit_code == 2
    assert re.search(complaint, refused.stderr), refused.stderr


def test_the_known_models_are_consistent():
    known = manifest.read().models
    assert len({model.title for model in known}) == len(known)
    for model in known:
        assert all(model.url(name).startswith("https://") for name in model.files)
        assert all("/main/" not in model.url(name) for name, file in model.files.items() if file.sha256)
        if model.kind == "piper":
            assert set(model.files) == {f"{model.name}.onnx", f"{model.name}.onnx.json"}
        if model.kind == "whisper":
            assert {"config.json", "model.bin", "tokenizer.json"} < set(model.files)
            assert all(file.bytes and file.sha256 for file in model.files.values())


def test_each_voice_that_a_language_recommends_is_known():
    known = manifest.read()
    for each in languages():
        assert all(known.find(f"piper/{voice}").has(each.code) for voice in each.piper), each.code
        assert (known.best("piper", each.code) is None) == (not each.piper), each.code


def test_a_name_that_two_kinds_share_is_asked_about():
    one = manifest.read().find("base")
    other = one.model_copy(update={"kind": "piper"})
    with pytest.raises(ModelError, match="may be whisper/base or piper/base: say which"):
        manifest.Manifest(models=(one, other)).find("base")


def test_an_own_entry_stands_for_the_known_one():
    known = manifest.read().models
    own = known[3].model_copy(update={"licence": "mine"})
    both = manifest.merged(known, [own])
    assert both[0] is own
    assert len(both) == len(known)


def test_what_engines_lack_is_found_among_the_known():
    wanted = [ModelWanted("piper", language="de"), ModelWanted("whisper", "base"), ModelWanted("piper", "a-cat-low")]
    assert [model.title for model in lacking(wanted, manifest.read())] == [
        "piper/de_DE-thorsten-medium",
        "whisper/base",
    ]


@pytest.fixture
def type_in(monkeypatch):
    """Whoever sits at the terminal types this."""
    ours, terminal = pty.openpty()
    with open(terminal, encoding="utf-8") as stdin:  # noqa: PTH123 - a descriptor, not a path
        monkeypatch.setattr(sys, "stdin", stdin)
        yield lambda text: os.write(ours, text.encode())
        os.close(ours)


def provide(tmp_path, served, download):
    own = tmp_path / "models.yaml"
    own.write_text(yaml.safe_dump({"models": [entry(served)]}))
    settings = ServerSettings(
        tts=(EngineChoice("piper", {"voice": "xx_XX-test-low"}), EngineChoice()),
        models=ModelsSettings(download=download, manifest=own),
    )
    model_commands.provide(settings)
    return (models_dir(cache_dir(), "piper") / "xx_XX-test-low").is_dir()


@pytest.mark.parametrize(("download", "comes"), [("auto", True), ("never", False), ("ask", False)])
async def test_where_nobody_sits_the_settings_decide(tmp_path, download, comes):
    async with a_voice() as served:
        assert await asyncio.to_thread(provide, tmp_path, served, download) == comes
        assert bool(served.asked) == comes


@pytest.mark.parametrize(("typed", "comes"), [("y\n", True), ("n\n", False)])
async def test_whoever_sits_there_is_asked(tmp_path, type_in, typed, comes, capsys):
    type_in(typed)
    async with a_voice() as served:
        assert await asyncio.to_thread(provide, tmp_path, served, "ask") == comes
    assert (
        "The settings name piper/xx_XX-test-low (licence: CC0), not installed here. Fetch? [y/N]"
        in capsys.readouterr().err
    )


async def test_what_is_installed_is_not_asked_about(tmp_path, type_in, capsys):
    type_in("n\n")
    async with a_voice() as served:
        await asyncio.to_thread(provide, tmp_path, served, "auto")
        capsys.readouterr()
        assert await asyncio.to_thread(provide, tmp_path, served, "ask")
    assert not capsys.readouterr().err


async def test_a_model_that_ollama_lacks_is_offered(type_in, capsys):
    async with OllamaServer().serving() as server:
        llm = (EngineChoice("ollama", {"host": server.url, "model": "qwen3:4b"}),)
        type_in("y\n")
        await asyncio.to_thread(model_commands.provide, ServerSettings(llm=llm))
        assert "ollama/qwen3:4b (licence: Apache-2.0), not installed here" in capsys.readouterr().err
        assert "qwen3:4b" in server.models
