"""`roomtone bench v2v`, as its user runs it: real processes, real time, two spoken turns."""

import json

import pytest
from support.command_line import refuses, roomtone

from roomtone_server.bench.v2v.commands import SENTENCES
from roomtone_server.bench.v2v.measure import STAGES


async def test_two_spoken_turns_are_measured_at_the_satellite(tmp_path):
    status, out, err = await roomtone("bench", "v2v", "--turns", "2", "--picture", "v2v.svg", folder=tmp_path)
    assert status == 0, err
    *lines, last = out.splitlines()
    told = json.loads(last)
    assert [(each["text"], each["outcome"], each["heard"]) for each in told["commands"]] == [
        (text, "counted", text) for text in SENTENCES[:2]
    ]
    for each in told["commands"]:
        assert list(each["stages"]) == list(STAGES)
        assert sum(each["stages"].values()) == pytest.approx(each["v2v_ms"], abs=0.5)
        assert 0 < each["s_ms"] < each["v2v_ms"]
    assert lines[0] == "turns: 2"
    assert f"turns: 2; V2V p50 {told['v2v_ms']['p50']:.0f} ms" in (tmp_path / "v2v.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--turns", "0"), "--turns"),
        (("--wake-wav", "not.wav"), "not a PCM WAV"),
    ],
)
async def test_wrong_options_are_told_in_a_line(tmp_path, arguments, words):
    (tmp_path / "not.wav").write_text("areas: [kitchen")
    await refuses("bench", "v2v", *arguments, folder=tmp_path, words=words)


async def test_the_bound_with_a_language_model_is_told_and_the_model_is_what_is_heard(tmp_path):
    arguments = ("bench", "v2v", "--llm", "--turns", "1", "--picture", "v2v.svg")
    status, out, err = await roomtone(*arguments, folder=tmp_path)
    assert status == 0, err
    *lines, last = out.splitlines()
    told = json.loads(last)
    [turn] = told["commands"]
    assert turn["outcome"] == "counted"
    assert turn["stages"]["agent"] >= told["llm"]["first_token_ms"]
    assert turn["stages"]["tts"] >= told["llm"]["first_fragment_ms"] - 50, "a token that was late hurries the next"
    assert lines[-2] == ("held" if told["llm"]["held"] else f"not held; turns that took longer: {told['llm']['over']}")
