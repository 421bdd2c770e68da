"""docs/tools.md: its settings are those that there are, and its example is a toolbox that works."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined
from support.entry_points import declare_project, in_project
from support.scripted_model import ScriptedModel, call, thinking_house

from roomtone import engines
from roomtone.engines import Surroundings
from roomtone.settings import load
from roomtone_server.settings import ServerSettings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "tools.md").read_text("utf-8")


@pytest.fixture(params=sorted(in_project("roomtone.tools")))
def engine(request, monkeypatch):
    declare_project(monkeypatch, engines)
    return engines.load("tools", request.param)


def test_every_setting_is_documented_with_its_default(engine):
    section = DOCUMENT.partition(f"\n### `{engine.name}`\n")[2].partition("\n##")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    for name, field in engine.settings.model_fields.items():
        defaults = [default for _, names, default, *_ in rows if f"`{name}`" in names]
        assert defaults, name
        if field.default not in (None, "", (), {}, PydanticUndefined):
            shown = field.default if isinstance(field.default, str) else json.dumps(field.default).removesuffix(".0")
            assert any(shown in default for default in defaults), name


def code(language):
    return re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)[1]


async def test_the_example_is_a_package_whose_tools_a_model_uses(monkeypatch, tmp_path):
    (tmp_path / "roomtone_dice.py").write_text(code("python"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    declare_project(monkeypatch, engines, tomllib.loads(code("toml"))["project"]["entry-points"])
    (line,) = re.findall(r"`(tools: \{engine: dice.*?\})`", DOCUMENT)
    file = tmp_path / "server.yaml"
    file.write_text(line, encoding="utf-8")
    (choice,) = load(ServerSettings, file).tools
    toolbox = engines.choose("tools", choice).make(Surroundings(tmp_path, tmp_path))
    model = ScriptedModel()
    model.will_answer(call("RollDice"))
    model.will_answer("Lucky you.")
    async with thinking_house(tmp_path, model, more=[toolbox]) as house:
        await toolbox.start(house.home.entities)
        await toolbox.tend(lambda: None)
        assert (await house.say("what does the die show")).reply == "Lucky you."
        await toolbox.close()
    assert re.fullmatch(r"It shows \d+\.", model.asked[-1].messages[-1].text)


@pytest.mark.parametrize("line", re.findall(r"^    (tools: .*?)(?:  +#.*)?$", DOCUMENT, re.MULTILINE))
def test_the_lines_of_settings_are_valid(monkeypatch, tmp_path, line):
    declare_project(monkeypatch, engines)
    file = tmp_path / "server.yaml"
    file.write_text(line, encoding="utf-8")
    assert load(ServerSettings, file).tools
