"""`roomtone bench stt`, as its user runs it: the embedded recogniser hears what the embedded voice says."""

import json

import pytest
from support.command_line import refuses, roomtone
from support.sound import noise
from support.spoken_manifests import entry, write_manifest, write_wav
from support.voice import spoken

ON = "turn on the kitchen light"


async def test_what_the_voice_says_is_heard_and_measured(tmp_path):
    write_manifest(
        tmp_path,
        entry(ON, file="en/on.wav"),
        entry("", "out-of-vocabulary", file="en/noise.wav"),
        entry("mach das Licht an", language="de", file="de/on.wav"),
    )
    pcm = await spoken(ON)
    write_wav(tmp_path / "en" / "on.wav", pcm)
    write_wav(tmp_path / "en" / "noise.wav", noise(1.0))
    write_wav(tmp_path / "de" / "on.wav", noise(1.0, seed=2))
    status, out, err = await roomtone(
        *("bench", "stt"),
        *("--manifest", "manifest.jsonl", "--area", "Kitchen", "--pace", "0", "--foreign"),
        *("--engine", "pocketsphinx", "--engine-option", "reject_from=5", "--picture", "doubt.svg"),
        folder=tmp_path,
    )
    assert status == 0, err
    *table, last = out.splitlines()
    told = json.loads(last)
    assert [file["heard"] for file in told["files"]] == [ON, "", ""]
    assert {kind: row["right"] for kind, row in told["kinds"].items()} == {
        "generated": 1.0,
        "recorded": None,
        "out-of-vocabulary": 1.0,
        "foreign": 1.0,
    }
    assert told["all"]["rtf"] > 0
    assert any(line.startswith("foreign") for line in table)
    assert "in force: 5" in (tmp_path / "doubt.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--manifest"),
        (("--manifest", "manifest.jsonl"), "manifest.jsonl:1: the agent of this home understands no command in"),
        (("--manifest", "manifest.jsonl", "--engine", "other"), "other"),
        (("--manifest", "manifest.jsonl", "--engine-option", "reject_from"), "KEY=VALUE"),
        (("--manifest", "manifest.jsonl", "--home", "manifest.jsonl"), "--home: "),
    ],
)
async def test_wrong_options_are_told_in_a_line(tmp_path, arguments, words):
    write_manifest(tmp_path, entry("sing me a song"))
    await refuses("bench", "stt", *arguments, folder=tmp_path, words=words)
