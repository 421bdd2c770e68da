"""Somebody speaks into a reply whose echo is in the microphone: the real canceller, voice detector and satellite, on
virtual time."""

import asyncio
from contextlib import closing

import numpy as np
import pytest
from support.air import Air, AirMicrophone, AirSpeaker
from support.satellite_parts import ScriptedWake
from support.virtual_time import run
from support.voice import reply_of
from wyoming.audio import AudioChunk, AudioStart, AudioStop

from roomtone import engines
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineChoice, Surroundings
from roomtone.link.events import Heard, Interrupt, Reply, Wake, Welcome, event_of, parse
from roomtone.satellite.course import State
from roomtone_satellite.runtime import Parts, Satellite
from roomtone_satellite.settings import ChimeSettings, SatelliteSettings

STORY = (
    "The weather today is mostly cloudy, with a high of twelve degrees in the afternoon. There are three lights on in "
    "the kitchen, and the washing machine will be done in twenty minutes."
)
SPOKEN_AT_S = 5.0
SILENT = ChimeSettings(awake=False, done=False, error=False, timer=False)


class Teller:
    """A connection whose server tells the story when it is asked, and lets whoever interrupts it speak on."""

    def __init__(self):
        self.interruptions = []
        self._events = asyncio.Queue()

    async def keep(self, serve):
        await serve(self, Welcome(1, "test", "test server"))

    async def receive(self):
        return await self._events.get()

    def send(self, event):
        match parse(event):
            case Wake(turn=turn):
                pcm = reply_of(STORY)
                chunks = [AudioChunk(RATE_HZ, 2, 1, pcm[at : at + 640]).event() for at in range(0, len(pcm), 640)]
                told = [event_of(Heard(turn)), event_of(Reply(turn, STORY)), AudioStart(RATE_HZ, 2, 1).event()]
                for one in [*told, *chunks, AudioStop().event()]:
                    self._events.put_nowait(one)
            case Interrupt() as interruption:
                self.interruptions.append(interruption)


async def silences(folder, said):
    """When the satellite fell silent while it told its story, and who it thought had interrupted it."""
    air, server, silent = Air(delay_ms=80, gain=0.5), Teller(), []
    air.say(said, SPOKEN_AT_S)
    surroundings = Surroundings(folder, folder)
    with closing(engines.choose("echo", EngineChoice("speex")).make(surroundings)) as speex:
        vad = engines.choose("vad", EngineChoice()).make(surroundings)
        devices = AirMicrophone(air), AirSpeaker(air)
        parts = Parts(*devices, ScriptedWake(), server, asyncio.Event(), EchoPath(speex), vad)
        satellite = Satellite(SatelliteSettings(name="teller", chimes=SILENT, barge_in="speech"), parts)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(satellite.run())
            await parts.connected.wait()
            await asyncio.sleep(0.5)
            satellite.press_button()
            for _ in range(800):
                await asyncio.sleep(0.01)
                if satellite.state is State.HUSHED:
                    silent.append(asyncio.get_running_loop().time() - air.began_s)
            running.cancel()
    return silent, server.interruptions


@pytest.fixture(autouse=True)
def _needs():
    if remedy := engines.load("echo", "speex").missing():
        pytest.skip(f"speex cannot work here: {remedy}")


def test_a_voice_pauses_the_reply_at_once_and_the_server_is_asked(tmp_path):
    silent, (asked,) = run(silences(tmp_path, reply_of("turn on the kitchen light")))
    assert SPOKEN_AT_S < silent[0] < SPOKEN_AT_S + 0.15
    assert asked.paused
    assert SPOKEN_AT_S < asked.sample / RATE_HZ < SPOKEN_AT_S + 0.1


def test_a_noise_that_is_no_voice_ends_nothing(tmp_path):
    hiss = np.random.default_rng(5).normal(0, 3000, RATE_HZ).astype(np.int16).tobytes()
    silent, asked = run(silences(tmp_path, hiss))
    assert asked == []
    assert len(silent) <= 25


def test_its_own_voice_neither_pauses_nor_interrupts_it(tmp_path):
    assert run(silences(tmp_path, b"")) == ([], [])
