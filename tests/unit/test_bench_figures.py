"""How `roomtone bench stt` judges and counts."""

import json

import pytest
from support.vocabularies import SMALL

from roomtone.errors import EngineError, UsageError
from roomtone_server.bench.home import read_home
from roomtone_server.bench.judge import Judge, Verdict
from roomtone_server.bench.manifest import Clip, read_manifest
from roomtone_server.bench.stt.figures import figures, judged
from roomtone_server.bench.stt.hearing import Heard
from roomtone_server.bench.stt.report import table
from roomtone_server.engines.base import Transcript
from roomtone_server.grammar.vocabulary import Vocabulary

ON, OFF = "turn on the ceiling light", "turn off the ceiling light"
SECOND = bytes(32_000)


@pytest.fixture(scope="module")
def judge():
    return Judge(SMALL, "Kitchen")


def clip(text, kind="generated", file="a.wav"):
    return Clip("manifest.jsonl:1", file, kind, text, SECOND)


def heard(text="", rejected="", doubt=None, final_ms=10.0, cpu_s=0.05):
    return Heard(Transcript(text, rejected, doubt), final_ms, cpu_s)


@pytest.mark.parametrize(
    ("said", "taken_for", "verdict"),
    [
        (ON, ON, Verdict.RIGHT),
        (ON, "Turn on the Ceiling Light, please!", Verdict.RIGHT),
        ("turn on the lights", "turn on the lights in the kitchen", Verdict.RIGHT),
        ("set the lamp 2 to 50%", "set the lamp two to fifty percent", Verdict.RIGHT),
        (ON, OFF, Verdict.WRONG),
        (ON, "turn on the lamp 2", Verdict.WRONG),
        ("turn on the lights", "turn on the lights in the living room", Verdict.WRONG),
        (ON, "", Verdict.REJECTED),
        (ON, "the weather on the ceiling", Verdict.REJECTED),
        ("", "", Verdict.RIGHT),
        ("", "the weather on the ceiling", Verdict.RIGHT),
        ("", ON, Verdict.WRONG),
    ],
)
def test_the_verdict_is_the_agents(judge, said, taken_for, verdict):
    assert judge.verdict(said, taken_for) is verdict


def test_the_area_decides_what_is_the_same():
    assert Judge(SMALL, "Lounge").verdict("turn on the lights", "turn on the lights in the kitchen") is Verdict.WRONG


def test_several_commands_in_one_mean_all_of_them(judge):
    said = "turn on the ceiling light and lock the front door"
    assert judge.verdict(said, "turn on ceiling light, then lock front door") is Verdict.RIGHT
    assert judge.verdict(said, "turn on the ceiling light") is Verdict.WRONG
    assert judge.verdict(said, "turn on the ceiling light and dance") is Verdict.REJECTED
    assert judge.verdict("", "the kitchen and the lounge") is Verdict.RIGHT


def test_texts_that_are_no_command_are_named_before_anything_is_heard(judge):
    judge.check([clip(ON), clip("")])
    with pytest.raises(UsageError) as refused:
        judge.check([clip("sing me a song"), clip(ON), clip("be quick")])
    first, second = str(refused.value).splitlines()
    assert first.startswith("manifest.jsonl:1: the agent of this home understands no command in 'sing me a song', in")
    assert "'be quick'" in second


async def test_the_recorded_commands_are_all_commands_to_the_agent(recordings, tmp_path):
    home = await read_home(recordings / "home.yaml", tmp_path)
    clips = read_manifest(recordings / "commands" / "manifest.jsonl", "en")
    Judge(home.vocabulary, home.area("kitchen")).check(clips)
    assert len([each for each in clips if each.text]) == 49


def test_a_language_without_templates_is_told():
    with pytest.raises(EngineError, match="xx"):
        Judge(Vocabulary("xx"), None)


@pytest.mark.parametrize(
    ("said", "taken_for", "errors"),
    [(ON, ON, 0), ("Set it to 50%.", "set it to fifty percent", 0), (ON, OFF, 1), (ON, "", 5), ("", "stop it", 2)],
)
def test_word_errors_are_counted_over_words_as_they_are_said(judge, said, taken_for, errors):
    assert judge.word_errors(said, taken_for) == errors
    assert judged(judge, clip(said), heard(taken_for)).is_exact is (errors == 0)


def test_shares_are_of_the_clips_of_each_kind(judge):
    told = figures(
        [
            judged(judge, clip(ON), heard(ON, doubt=0.2, final_ms=10)),
            judged(judge, clip(ON), heard("switch on the ceiling light", final_ms=20)),
            judged(judge, clip(ON), heard(OFF, final_ms=30)),
            judged(judge, clip(ON), heard(rejected=ON, doubt=2.0, final_ms=40, cpu_s=0.25)),
            judged(judge, clip("", "out-of-vocabulary"), heard()),
            judged(judge, clip("", "out-of-vocabulary"), heard(ON)),
        ]
    )
    assert told["kinds"]["generated"] == {
        "n": 4,
        "exact": 0.25,
        "right": 0.5,
        "wrong": 0.25,
        "rejected": 0.25,
        "wer": 0.35,  # 0 + 1 + 1 + 5 of 20 words
        "rtf": 0.1,  # 3 * 0.05 + 0.25 of 4 s
        "final_ms": {"p50": 25.0, "p95": 38.5},
    }
    others = told["kinds"]["out-of-vocabulary"]
    assert (others["right"], others["wrong"], others["rejected"], others["exact"]) == (0.5, 0.5, 0.5, 0.5)
    assert others["wer"] is None
    assert told["all"]["n"] == 6
    assert told["all"]["wer"] == 0.6  # the words heard where none was said among them


def test_every_kind_is_told_and_the_usual_ones_always(judge):
    told = figures([judged(judge, clip(ON, "whispered"), heard(ON))])
    assert list(told) == ["kinds", "all", "files"]
    assert list(told["kinds"]) == ["generated", "recorded", "out-of-vocabulary", "whispered"]
    absent = told["kinds"]["recorded"]
    assert absent["n"] == 0
    assert absent["right"] is None
    assert list(absent) == list(told["all"])
    assert json.loads(json.dumps(told)) == told


def test_each_file_tells_what_became_of_it(judge):
    (file,) = figures([judged(judge, clip(ON, file="en/a.wav"), heard(rejected=OFF, doubt=1.2346))])["files"]
    assert file == {
        "file": "en/a.wav",
        "kind": "generated",
        "text": ON,
        "heard": "",
        "rejected": OFF,
        "doubt": 1.235,
        "spoken": True,
        "verdict": "rejected",
        "exact": False,
        "word_errors": 5,
        "rtf": 0.05,
        "final_ms": 10.0,
    }


def test_without_cpu_time_there_is_no_rtf(judge):
    results = [judged(judge, clip(ON), heard(ON)), judged(judge, clip(ON), heard(ON, cpu_s=None))]
    told = figures(results)
    assert told["all"]["rtf"] is None
    assert "rtf is not known" in table(told, results)


def test_the_table_has_a_row_for_each_kind_that_there_is_and_a_line_for_each_mishearing(judge):
    results = [
        judged(judge, clip(ON), heard(ON)),
        judged(judge, clip(ON, "recorded", "en/b.wav"), heard(rejected=OFF, doubt=1.5)),
        judged(judge, clip("", "noise", "en/c.wav"), heard(ON)),
    ]
    lines = table(figures(results), results).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:5]}
    assert rows["generated"] == ["1", "100.0%", "100.0%", "0.0%", "0.0%", "0.0%", "0.050", "10,", "10"]
    assert set(rows) == {"generated", "recorded", "noise", "all"}
    assert lines[6:] == [
        "Not right:",
        f"  rejected  en/b.wav: {ON!r}, heard nothing, rejected {OFF!r}, doubt 1.50",
        f"  wrong     en/c.wav: no command, heard {ON!r}",
    ]
