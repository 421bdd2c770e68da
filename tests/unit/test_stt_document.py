"""docs/engines.md says what the speech-to-text engines take."""

import json
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined
from support.entry_points import declare, in_project

from roomtone import engines
from roomtone.engines import EngineChoice

DOCUMENT = (Path(__file__).parents[2] / "docs" / "engines.md").read_text("utf-8")
SECTION = DOCUMENT.partition("\n## Speech to text\n")[2].partition("\n## ")[0]
DECLARED = in_project("roomtone.stt")


@pytest.fixture(params=sorted(DECLARED))
def engine(request, monkeypatch):
    declare(monkeypatch, engines, "roomtone.stt", DECLARED)
    return engines.load("stt", request.param)


def test_every_engine_has_its_row(engine):
    assert f"| `{engine.name}` |" in SECTION


def test_every_setting_is_documented_with_its_default(engine):
    rows = [line.split("|") for line in SECTION.splitlines() if line.startswith("| `")]
    for name, field in engine.settings.model_fields.items():
        defaults = [default for _, names, default, *_ in rows if f"`{name}`" in names]
        assert defaults, name
        if isinstance(field.default, EngineChoice):
            assert any(f"`{field.default.engine}`" in default for default in defaults), name
        elif isinstance(field.default, tuple):
            assert any(default.strip() == str(len(field.default)) for default in defaults), name
        elif field.default not in (None, "", PydanticUndefined):
            shown = field.default if isinstance(field.default, str) else json.dumps(field.default).removesuffix(".0")
            assert any(shown in default for default in defaults), name
