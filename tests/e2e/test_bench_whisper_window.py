"""`roomtone bench whisper-window`, as its user runs it, with a small model."""

import json

import pytest

pytest.importorskip("faster_whisper")

from support.command_line import refuses, roomtone
from support.sound import silence
from support.spoken_manifests import write_wav
from support.voice import replies_in_turn
from support.whisper_models import Taught, make_model

TEXTS = ("turn on the ceiling light", "lock the front door")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model, and a recording of each text."""
    folder = tmp_path_factory.mktemp("bench")
    sounds = replies_in_turn(*TEXTS)
    make_model(folder / "model", [Taught(*each) for each in zip(TEXTS, sounds, strict=True)])
    for name, pcm in zip(("light.wav", "door.wav"), sounds, strict=True):
        write_wav(folder / name, silence(0.3) + pcm + silence(2))
    write_wav(folder / "quiet.wav", silence(2))
    return folder


async def test_both_windows_are_shown_side_by_side(folder):
    arguments = ("light.wav", "door.wav", "--model", "./model", "--language", "auto", "--times", "1")
    status, out, err = await roomtone("bench", "whisper-window", *arguments, folder=folder)
    assert status == 0, err
    *table, last = out.splitlines()
    told = json.loads(last)
    assert [file["file"] for file in told["files"]] == ["light.wav", "door.wav"]
    for file, text in zip(told["files"], TEXTS, strict=True):
        assert (file["full"]["text"], file["fit"]["text"], file["differences"]) == (text, text, 0)
        assert file["fit"]["language"] == "en"
        assert 0.5 < file["speech_s"] < 2.5, "without the silence behind it"
        assert min(file["full"]["ms"], file["fit"]["ms"]) > 0
    assert told["all"]["same"] == told["all"]["n"] == 2
    assert "2 of 2 the same" in "\n".join(table)
    assert sum(TEXTS[0] in line for line in table) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "FILES"),
        (("quiet.wav",), "quiet.wav holds no speech"),
        (("light.wav", "--engine-option", "beam_size"), "KEY=VALUE"),
        (("light.wav", "--engine-option", "beam_size=99"), "beam_size"),
    ],
)
async def test_wrong_options_are_told_in_a_line(folder, arguments, words):
    await refuses("bench", "whisper-window", *arguments, folder=folder, words=words)


async def test_a_model_that_is_not_installed_is_told_with_what_to_do(folder):
    status, out, err = await roomtone("bench", "whisper-window", "light.wav", "--model", "small", folder=folder)
    assert (status, out) == (1, "")
    assert "roomtone models pull small" in err
