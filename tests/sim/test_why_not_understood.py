"""Turns in which nothing was understood: each says why, to whoever asks `roomtone turns show`."""

import asyncio
from array import array
from dataclasses import dataclass

import pytest
from click.testing import CliRunner
from support import virtual_time
from support.inline import InlineExecutor
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedHearing, ScriptedSatellite, ScriptedStt, parts

from roomtone import cli
from roomtone.ears.formats import FRAME_SAMPLES
from roomtone.link.background import alongside
from roomtone.paths import state_dir
from roomtone_server.agent.base import Finished
from roomtone_server.engines.base import Transcript
from roomtone_server.recorder import Recorder
from roomtone_server.runtime.house import House
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.metrics import Metrics

HEARD = "turn on the fright"


def sound(amplitude):
    return array("h", [amplitude] * FRAME_SAMPLES).tobytes()


FAN, ROOM, FAINT = sound(5000), sound(20), sound(60)


class VoiceVad:
    """Knows a voice from a fan."""

    def process(self, frame):
        return 1.0 if frame in {SPEECH, FAINT} else 0.0

    def reset(self):
        pass


@dataclass
class Doubting(ScriptedStt):
    """Turns down whatever it hears."""

    rejected: str = ""
    doubt: float | None = None

    async def hear(self, request):
        self.requests.append(request)
        return DoubtingHearing(self)


class DoubtingHearing(ScriptedHearing):
    async def preview(self):
        return Transcript("", rejected=self._stt.rejected, doubt=self._stt.doubt)


DEAF = ScriptedStt(text="")
REJECTING = Doubting(text=HEARD, rejected=HEARD, doubt=0.813)
NOT_FOUND = {"agent": ScriptedAgent(reply="Sorry", finished=Finished(understood=False))}


def shown(said, ms, then, **scripted):
    """What `roomtone turns show 1` prints of a turn in which this was said; no word of it may be kept."""

    async def main():
        folder = state_dir() / "server"
        folder.mkdir(parents=True)
        satellite = ScriptedSatellite()
        house = House(parts(make_vad=VoiceVad, **scripted))
        metrics = Metrics(lambda: {"satellites": [], "faults": {}})
        async with Database.open(folder / FILE_NAME, InlineExecutor()) as database:
            store = SqliteTurnStore(database)
            recorder = Recorder(store, metrics, engines={"stt": "x"}, faults={}, store_transcripts=False)
            async with alongside(recorder.follow(house.parts.trace)), asyncio.TaskGroup() as tasks:
                tasks.create_task(house.attend(satellite))
                await asyncio.sleep(0)
                satellite.wake(1)
                await satellite.stream(said, ms)
                await satellite.stream(then, 4500)
                await satellite.until("ended")
                satellite.switch_off()
        assert not any(HEARD.encode() in file.read_bytes() for file in folder.iterdir())

    virtual_time.run(main())
    return CliRunner().invoke(cli.roomtone, ["turns", "show", "1"]).stdout.splitlines()


@pytest.mark.parametrize(
    ("said", "then", "scripted", "why"),
    [
        (FAINT, SILENCE, {"stt": DEAF, **NOT_FOUND}, "not-understood: level too low"),
        (SILENCE, SILENCE, {"stt": DEAF}, "nothing-said: level too low"),
        (ROOM, ROOM, {"stt": DEAF}, "nothing-said: no speech after the wake word"),
        (SPEECH, ROOM, {"stt": REJECTING, **NOT_FOUND}, "not-understood: rejected, distance 0.81"),
        (SPEECH, FAN, {"stt": DEAF, **NOT_FOUND}, "not-understood: too noisy"),
        (SPEECH, ROOM, {"stt": ScriptedStt(final_after_s=60.0)}, "failed: STT late"),
    ],
    ids=["a faint voice", "a muted microphone", "nobody", "rejected", "a fan", "a slow recogniser"],
)
def test_each_reason_is_told(said, then, scripted, why):
    _, told, *details = shown(said, 1000, then, **scripted)
    assert told == why
    assert any(line.startswith("level: speech") for line in details)
