"""`roomtone demo`, as its user runs it: real processes, real time, real exit statuses."""

import json
import os
import signal
import wave

import numpy as np
import psutil
import pytest
from support.command_line import refuses, roomtone, start

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.programs import until

STAGES = ["wake", "speech", "silence", "stt", "agent", "tts", "speaker", "sound"]


@pytest.fixture
def folder(folder, monkeypatch):
    """Where the demo runs and keeps its temporary files."""
    (folder / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    yield folder
    assert not list((folder / "tmp").iterdir()), "the demo left files behind"
    assert not _processes_of(folder), "the demo left processes behind"


def _processes_of(folder):
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("ROOMTONE_STATE", "").startswith(str(folder)):
                found.append(process)
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs(found, timeout=10)
    return alive


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype(np.int16).tobytes())
    return path


def tone(seconds):
    return 3000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


def check_times(told):
    """The stages follow each other, and V2V is what lies between the command's end and the reply's beginning."""
    assert list(told["stages"]) == STAGES
    assert all(begin <= end for begin, end in told["stages"].values())
    ends = [told["stages"][stage][1] for stage in STAGES[2:]]
    assert ends == sorted(ends)
    v2v_ms = told["stages"]["sound"][0] - told["stages"]["speech"][1]
    assert told["v2v_ms"] == pytest.approx(v2v_ms, abs=0.2)


async def test_a_turn_from_the_wake_word_to_the_reply(folder):
    status, out, err = await roomtone("demo", "--json", "--svg", "turn.svg", folder=folder)
    assert status == 0, err
    told = json.loads(out)
    assert list(told) == [
        *("wake", "partials", "transcript", "intent", "actions"),
        *("reply", "reply_wav", "v2v_ms", "stages"),
    ]
    assert told["wake"]["name"] == "okay_nabu"
    assert told["transcript"] == "turn on the kitchen light"
    assert told["intent"]["name"] == "HassTurnOn"
    assert [(action["service"], action["entity"]) for action in told["actions"]] == [("light.turn_on", "light.kitchen")]
    assert told["reply"]
    assert "Kitchen Light (light.kitchen): off → on" in err
    check_times(told)
    with wave.open(str(folder / told["reply_wav"])) as reply:
        begin_ms, end_ms = told["stages"]["sound"]
        assert reply.getnframes() / reply.getframerate() == pytest.approx((end_ms - begin_ms) / 1000, abs=0.1)
    assert "turn on the" in (folder / "turn.svg").read_text().replace("&#160;", " ")


async def test_a_recorded_command_turns_on_the_lights_of_its_home(folder, recordings):
    status, out, err = await roomtone(
        "demo",
        *("--json", "--home", str(recordings / "home.yaml")),
        *("--wake-wav", str(recordings / "wake" / "okay_nabu_2.wav")),
        *("--wav", str(recordings / "commands" / "en" / "1309fe628b.wav")),
        folder=folder,
    )
    assert status == 0, err
    told = json.loads(out)
    assert told["wake"]["name"] == "okay_nabu"
    assert told["transcript"] == "turn on lights in the kitchen"
    assert told["actions"][0]["service"] == "light.turn_on"
    assert ": off → on" in err
    check_times(told)


async def test_without_a_wake_word_nothing_happens(folder):
    wav = write_wav(folder / "tone.wav", tone(0.7))
    status, out, err = await roomtone("demo", "--json", "--wake-wav", wav, folder=folder)
    assert status == 4, err
    assert json.loads(out)["wake"] is None
    assert "the wake word was not heard in" in err
    assert not (folder / "reply.wav").exists()


async def test_without_a_word_after_it_nothing_is_understood(folder):
    wav = write_wav(folder / "tone.wav", tone(0.7))
    status, out, err = await roomtone("demo", "--json", "--wav", wav, folder=folder)
    assert status == 3, err
    assert json.loads(out)["intent"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--text", "hello", "--mic"), "--mic"),
        (("--text", "..."), "nothing to say"),
        (("--text", "hello", "--wav", "not.wav"), "--wav"),
        (("--wav", "not.wav"), "not a PCM WAV"),
        (("--wav", "none.wav"), "none.wav"),
        (("--area", "Cellar"), "Cellar"),
        (("--home", "not.wav"), "--home"),
        (("--volume", "11"), "--volume"),
    ],
)
async def test_wrong_options_are_told_in_a_line(folder, arguments, words):
    (folder / "not.wav").write_text("areas: [kitchen")
    await refuses("demo", *arguments, folder=folder, words=words)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_interrupted_it_ends_what_it_started(folder, number, status):
    process = await start("demo", folder=folder)

    async def both_run():
        return next((folder / "tmp").glob("*/satellite.log"), None)

    await until("both ends run", both_run, 120, [])
    os.kill(process.pid, number)
    _, err = await process.communicate()
    assert process.returncode == status
    assert b"Traceback" not in err
