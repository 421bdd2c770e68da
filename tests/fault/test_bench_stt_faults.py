"""`roomtone bench stt` with an engine that a test tells what to hear, and when to die."""

import json

import pytest
from support.entry_points import declare
from support.spoken_manifests import entry, write_manifest

from roomtone import engines
from roomtone.engines import EngineChoice
from roomtone.errors import EngineError, EngineMissing, SettingsError, UsageError
from roomtone_server.bench.stt.run import SttOptions, bench_stt
from roomtone_server.engines.base import Transcript

ON, OFF = "turn on the kitchen light", "turn off the kitchen light"


@pytest.fixture(autouse=True)
def _told(monkeypatch):
    declare(monkeypatch, engines, "roomtone.stt", {"told": "support.spoken_manifests:TOLD"})


@pytest.fixture
def manifest(tmp_path):
    return write_manifest(
        tmp_path, entry(ON, file="a.wav"), entry(OFF, "recorded", file="b.wav"), entry("", "noise", file="c.wav")
    )


async def measured(manifest, *hears, as_json=True, options=None, **more):
    wanted = {"area": "kitchen", "pace": 0, **more}
    choice = EngineChoice("told", {"hears": hears, **(options or {})})
    return await bench_stt(SttOptions(manifest, None, choice=choice, **wanted), as_json=as_json)


async def test_with_json_there_is_one_line_and_else_a_table_before_it(manifest, capsys):
    hears = Transcript(ON), Transcript(ON), Transcript("")
    assert await measured(manifest, *hears) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert [file["verdict"] for file in told["files"]] == ["right", "wrong", "right"]
    assert await measured(manifest, *hears, as_json=False) == 0
    *table, last = capsys.readouterr().out.splitlines()
    assert json.loads(last)["kinds"]["recorded"]["wrong"] == 1.0
    assert any(f"b.wav: {OFF!r}, heard {ON!r}" in each for each in table)


async def test_an_engine_that_dies_is_told_with_the_recording_and_nothing_is_printed(manifest, capsys):
    with pytest.raises(EngineError, match=r"manifest\.jsonl:2: b\.wav: its worker process ended with status -11"):
        await measured(manifest, Transcript(ON), Transcript(OFF), options={"dies_at": 1})
    assert not capsys.readouterr().out


async def test_names_that_the_engine_cannot_hear_are_told(manifest, capsys):
    await measured(manifest, *[Transcript("")] * 3, options={"cannot_hear": ["Żółw", "Łódź"]})
    assert "names of the home that it cannot hear: Żółw, Łódź" in capsys.readouterr().err


async def test_a_picture_is_drawn_where_the_engine_says_how_much_it_doubts(manifest, tmp_path, capsys):
    hears = Transcript(ON, doubt=0.3), Transcript("", OFF, 1.2), Transcript("", spoken=False)
    await measured(manifest, *hears, picture=tmp_path / "doubt.svg")
    svg = (tmp_path / "doubt.svg").read_text()
    assert "told; commands: 2, other clips: 1" in svg
    assert "in force: 1" in svg
    with pytest.raises(UsageError, match=r"--picture: .* cannot be written"):
        await measured(manifest, *hears, picture=tmp_path / "none" / "doubt.svg")
    assert len(capsys.readouterr().out.splitlines()) == 2  # what was measured is told all the same


async def test_without_doubts_there_is_no_picture_and_that_is_said(manifest, tmp_path, capsys):
    await measured(manifest, *[Transcript(ON)] * 3, picture=tmp_path / "doubt.svg")
    assert "no picture: told does not say how much it doubts" in capsys.readouterr().err
    assert not (tmp_path / "doubt.svg").exists()


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"area": "Cellar"}, UsageError, "--area: the home has no area 'Cellar'"),
        ({"language": "nl"}, UsageError, "no clip in the language 'nl'"),
        ({"options": {"reject_from": "much"}}, SettingsError, "reject_from"),
    ],
)
async def test_what_cannot_be_asked_for_is_told(manifest, more, error, words):
    with pytest.raises(error, match=words):
        await measured(manifest, **more)


async def test_a_text_that_is_no_command_in_this_home_is_told_before_anything_is_heard(tmp_path):
    manifest = write_manifest(tmp_path, entry(ON), entry("turn on the disco ball"))
    with pytest.raises(UsageError, match=r"manifest\.jsonl:2: .* no command in 'turn on the disco ball'"):
        await measured(manifest)


async def test_an_engine_that_there_is_not_is_told(manifest):
    with pytest.raises(EngineMissing, match="'other'"):
        await bench_stt(SttOptions(manifest, None, choice=EngineChoice("other")), as_json=True)
