"""Whole turns through a sound card: spoken into the air of a room, answered on its speaker, done in the home."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import voice
from support.sound_card import Recording, SoundCard, sounds, unlikeness

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import PeerGone
from roomtone_satellite import chimes
from roomtone_satellite.settings import ChimeSettings
from roomtone_server.bench import scene
from roomtone_server.bench.ends import Ends, both_ends
from roomtone_server.bench.home import read_home
from roomtone_server.bench.sound import write_wav
from roomtone_server.bench.turn import Turn
from roomtone_server.ports.control import call_async

SATELLITE = {"name": "den", "area": "Kitchen", "microphone": "pyaudio", "speaker": "pyaudio"}
TURN_S = 30.0  # the longest wait for the next event of a turn, on a busy machine
LEAD_IN_S = 0.3
AFTERGLOW_S = 0.3  # from the server's knowing that the reply has sounded to its last sample's being recorded

SAME = 0.12  # see `unlikeness`
PAUSE_S = 0.5  # longer than any within a reply, shorter than any command

AWAKE = np.frombuffer(chimes.render("awake", RATE_HZ, ChimeSettings().volume), np.int16)


@dataclass(frozen=True)
class Exchange:
    said: str
    reply: str
    entity: str
    becomes: Mapping[str, Any]  # its state, or some of its attributes


SPOKEN = [
    Exchange("turn on the kitchen light", "Turned on the light", "light.kitchen", {"state": "on"}),
    Exchange("turn off the reading lamp", "Turned off the light", "light.reading_lamp", {"state": "off"}),
    Exchange("open the bedroom curtains", "Opening", "cover.bedroom_curtains", {"state": "open"}),
    Exchange("turn on the coffee machine", "Turned on the Coffee Machine", "switch.coffee_machine", {"state": "on"}),
    Exchange("set the bedroom light to thirty percent", "Brightness set", "light.bedroom", {"brightness": 76}),
    Exchange("close the living room blinds", "Closing", "cover.living_room_blinds", {"state": "closed"}),
    Exchange("pause the office speaker", "Paused", "media_player.office_speaker", {"state": "paused"}),
    Exchange("turn off the kitchen light", "Turned off the light", "light.kitchen", {"state": "off"}),
    Exchange("turn on the bedroom fan", "Turned on the fan", "fan.bedroom", {"state": "on"}),
    Exchange("is the front door locked", "Yes", "lock.front_door", {"state": "locked"}),
]

# The recordings of a wake word and a command.
RECORDED = {
    ("okay_nabu_2", "ad271c25e0"): Exchange(
        "close the windows in the office", "Closing the windows", "cover.office_windows", {"state": "closed"}
    ),
    ("hey_mycroft_1", "1309fe628b"): Exchange(
        "turn on lights in the kitchen", "Turned on the lights", "light.kitchen_ceiling", {"state": "on"}
    ),
    ("alexa_1", "b2d169f05d"): Exchange(
        "turn the standing light in the office on", "Turned on the light", "light.standing_light", {"state": "on"}
    ),
}


@dataclass(frozen=True)
class House:
    """A server and a satellite as processes of their own, the satellite at the sound card."""

    card: SoundCard
    speaker: Recording
    ends: Ends
    events: AsyncIterator[Mapping[str, Any]]
    folder: Path
    home: Path | None

    async def turn(self, wake: scene.Clip, command: scene.Clip) -> tuple[Turn, np.ndarray]:
        """Says both; what the server made of it, and what was heard on the speaker meanwhile."""
        wav, composed = self.folder / "said.wav", scene.compose(wake, command)
        write_wav(wav, composed.sound[composed.wake_begin - round(LEAD_IN_S * RATE_HZ) :])
        begun, turn = self.speaker.samples, Turn()
        try:
            async with self.card.playing(wav):
                while not turn.outcome:
                    turn.take(await anext(self.events))
        except PeerGone as problem:
            raise AssertionError(f"no end of a turn that heard {turn.partials}: {self.ends.last_words}") from problem
        await self.speaker.grow(AFTERGLOW_S)
        return turn, self.speaker.since(begun)

    async def check(self, exchange: Exchange, wake: scene.Clip, command: scene.Clip, reply: bytes) -> None:
        """The command is understood and done; what sounds is the chime, then the reply, and nothing else."""
        turn, heard = await self.turn(wake, command)
        assert (turn.outcome, turn.reply) == ("answered", exchange.reply), (
            exchange.said,
            turn.partials,
            turn.transcript,
        )
        entity = (await read_home(self.home, self.ends.home_state)).entities[exchange.entity]
        now = {"state": entity.state, **entity.attributes}
        assert {name: now[name] for name in exchange.becomes} == exchange.becomes
        chime, answer, *more = sounds(heard, PAUSE_S)
        assert not more, exchange.said
        assert unlikeness(chime, AWAKE) < SAME
        assert unlikeness(answer, np.frombuffer(reply, np.int16)) < SAME, exchange.reply


@asynccontextmanager
async def a_house(card: SoundCard, folder: Path, home: Path | None = None) -> AsyncIterator[House]:
    async with both_ends(folder) as ends, card.recording(folder / "speaker.raw") as speaker:
        await ends.start_server(home)
        await ends.pair(SATELLITE)
        async with aclosing(call_async(ends.control, "watch", patience_s=TURN_S)) as events:
            assert await anext(events) == {"watching": True}
            await ends.start_satellite(SATELLITE)
            await card.listened_to()
            yield House(card, speaker, ends, events, folder, home)
            ends.check()


@pytest.fixture
def folder(tmp_path_factory):
    """Its name is short, for there are sockets in it."""
    return tmp_path_factory.mktemp("t")


async def replies(exchanges: Iterable[Exchange]) -> list[bytes]:
    return await asyncio.to_thread(voice.replies_in_turn, *(exchange.reply for exchange in exchanges))


async def test_ten_spoken_commands_are_done_and_answered_aloud(sound_card, folder):
    said = (exchange.said for exchange in SPOKEN)
    wake, *commands = await asyncio.to_thread(voice.user_says_in_turn, "okay nabu", *said)
    expected = await replies(SPOKEN)
    async with a_house(sound_card, folder) as house:
        for exchange, command, reply in zip(SPOKEN, commands, expected, strict=True):
            await house.check(exchange, wake, command, reply)


async def test_recorded_commands_are_done_and_answered_aloud(sound_card, folder, recordings):
    expected = await replies(RECORDED.values())
    async with a_house(sound_card, folder, recordings / "home.yaml") as house:
        for ((word, command), exchange), reply in zip(RECORDED.items(), expected, strict=True):
            await house.check(
                exchange,
                scene.recorded(recordings / "wake" / f"{word}.wav"),
                scene.recorded(recordings / "commands" / "en" / f"{command}.wav"),
                reply,
            )
