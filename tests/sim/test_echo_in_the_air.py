"""The satellite talks, and is talked to meanwhile: speaker and microphone share a simulated air, on virtual time."""

import asyncio
from contextlib import aclosing, closing
from typing import get_args

import pytest
from support.air import Air, AirMicrophone, AirSpeaker
from support.virtual_time import run
from support.voice import reply_of
from wyoming.audio import AudioChunk, AudioStart, AudioStop

from roomtone import engines
from roomtone.ears.echo.follower import Alignment
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineChoice, Surroundings
from roomtone.link.events import Heard, Reply, Wake, Welcome, event_of, parse
from roomtone.satellite.events import Sound
from roomtone_satellite import chimes
from roomtone_satellite.echo import TappedSpeaker
from roomtone_satellite.echo_trial import try_echo
from roomtone_satellite.playback import Playback
from roomtone_satellite.runtime import Parts, Satellite
from roomtone_satellite.settings import ChimeSettings, SatelliteSettings

STORY = (
    "The weather today is mostly cloudy, with a high of twelve degrees in the afternoon. There are three lights on in "
    "the kitchen, and the washing machine will be done in twenty minutes."
)
WORD_AT_S = 3.0
SILENT = ChimeSettings(awake=False, done=False, error=False, timer=False)


def engine(kind, name, folder):
    if remedy := engines.load(kind, name).missing():
        pytest.skip(f"{name} cannot work here: {remedy}")
    return closing(engines.choose(kind, EngineChoice(name)).make(Surroundings(folder, folder)))


class TalkativeServer:
    """A connection whose server answers each turn that a button began with the story."""

    def __init__(self):
        self.woken_by = []
        self._events = asyncio.Queue()

    async def keep(self, serve):
        await serve(self, Welcome(1, "test", "test server"))

    async def receive(self):
        return await self._events.get()

    def send(self, event):
        message = parse(event)
        if isinstance(message, Wake):
            self.woken_by.append(message.name)
            if not message.name:
                self._answer(message.turn)

    def _answer(self, turn):
        pcm = reply_of(STORY)
        events = [event_of(Heard(turn)), event_of(Reply(turn, STORY)), AudioStart(RATE_HZ, 2, 1).event()]
        chunks = [AudioChunk(RATE_HZ, 2, 1, pcm[at : at + 640]).event() for at in range(0, len(pcm), 640)]
        for event in [*events, *chunks, AudioStop().event()]:
            self._events.put_nowait(event)


async def words_heard_through_the_story(wake, echo, said=()):
    """What woke the satellite while it told its story, whose echo is louder than whoever speaks."""
    air = Air(delay_ms=120, gain=0.4)
    for pcm, at_s in said:
        air.say(pcm, at_s, gain=0.5)
    server = TalkativeServer()
    parts = Parts(AirMicrophone(air), AirSpeaker(air), wake, server, asyncio.Event(), echo)
    satellite = Satellite(SatelliteSettings(name="talker", chimes=SILENT), parts)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(satellite.run())
        await parts.connected.wait()
        await asyncio.sleep(0.5)
        satellite.press_button()
        await asyncio.sleep(9.0)
        running.cancel()
    assert server.woken_by[0] == ""
    return server.woken_by[1:]


def test_a_wake_word_is_heard_through_the_satellites_own_reply(tmp_path):
    said = [(reply_of("okay nabu"), WORD_AT_S)]
    with engine("wake", "microwakeword", tmp_path) as wake, engine("echo", "speex", tmp_path) as speex:
        assert run(words_heard_through_the_story(wake, EchoPath(speex), said)) == ["okay_nabu"]
        wake.reset()
        assert run(words_heard_through_the_story(wake, None, said)) == []


def test_its_own_wake_word_does_not_wake_it(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "STORY", "You can say okay nabu, and then a command. Okay nabu, turn on the light.")
    known = Alignment(delay_samples=120 * 16)
    with engine("wake", "microwakeword", tmp_path) as wake, engine("echo", "speex", tmp_path) as speex:
        assert run(words_heard_through_the_story(wake, None)) != []
        wake.reset()
        assert run(words_heard_through_the_story(wake, EchoPath(speex, known))) == []


async def chimes_heard(path, sounds):
    """The satellite's own sounds, one after another, with the room between them."""
    air = Air(delay_ms=80)
    microphone, speaker = AirMicrophone(air), TappedSpeaker(AirSpeaker(air), path)
    playback = Playback(speaker, on_progress=lambda *_: None, on_played=lambda *_: None)
    await playback.start()
    async with asyncio.TaskGroup() as tasks, aclosing(microphone.frames()) as frames:
        playing = tasks.create_task(playback.run())
        for sound in sounds:
            for _ in range(100):
                path.hear(await anext(frames), asyncio.get_running_loop().time())
            playback.chime(chimes.render(sound, RATE_HZ, 0.3))
        for _ in range(250):
            path.hear(await anext(frames), asyncio.get_running_loop().time())
        playing.cancel()


@pytest.mark.parametrize("sound", get_args(Sound))
@pytest.mark.parametrize("known", [None, Alignment(85 * 16.0)])
def test_a_chime_whose_every_period_is_alike_tells_the_delay_too(tmp_path, sound, known):
    with engine("echo", "none", tmp_path) as none:
        path = EchoPath(none, known)
        run(chimes_heard(path, [sound]))
    assert path.alignment.delay_samples == pytest.approx(80 * 16, abs=2)


@pytest.mark.parametrize(("delay_ms", "gain"), [(0, 0.5), (80, 0.5), (300, 0.1), (15, 0.02)])
def test_sweeps_tell_the_delay_and_what_is_cancelled(tmp_path, delay_ms, gain):
    async def trial(canceller):
        air = Air(delay_ms=delay_ms, gain=gain)
        return await try_echo(AirMicrophone(air), AirSpeaker(air), EchoPath(canceller))

    with engine("echo", "speex", tmp_path) as speex:
        found = run(trial(speex))
    assert found.alignment is not None
    assert found.alignment.delay_samples == pytest.approx(delay_ms * 16, abs=2)
    assert found.alignment.drift == pytest.approx(0, abs=2e-5)
    assert found.echo_dbfs - found.left_dbfs > 8
    assert f"The echo comes {found.alignment.delay_samples / 16:.1f} ms after its sound" in found.report()


def test_without_an_echo_the_sweeps_say_so(tmp_path):
    async def trial(canceller):
        air = Air(gain=0.0)
        return await try_echo(AirMicrophone(air), AirSpeaker(air), EchoPath(canceller))

    with engine("echo", "none", tmp_path) as none:
        found = run(trial(none))
    assert found.alignment is None
    assert "No echo was heard: -70 dBFS while it played, -70 before." in found.report()
