"""Whole turns through a sound card: spoken into the air of a room, answered on its speaker, done in the home."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from support import voice
from support.sound_card import once_more, sounds, unlikeness
from support.sound_card_house import SoundCardHouse, sound_card_house

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import PeerGone
from roomtone_satellite import chimes
from roomtone_satellite.settings import ChimeSettings
from roomtone_server.bench import scene
from roomtone_server.bench.home import read_home
from roomtone_server.bench.turn import Turn

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


async def turn_of(house: SoundCardHouse, wake: scene.Clip, command: scene.Clip) -> tuple[Turn, np.ndarray]:
    """Somebody says both; what the server made of it, and what was heard on the speaker meanwhile."""
    begun, turn = house.speaker.samples, Turn()
    try:
        async with house.saying(wake, command):
            while not turn.outcome:
                turn.take(await anext(house.events))
    except PeerGone as problem:
        raise AssertionError(f"no end of a turn that heard {turn.partials}: {house.ends.last_words}") from problem
    await house.speaker.grow(AFTERGLOW_S)
    return turn, house.speaker.since(begun)


async def check(house: SoundCardHouse, exchange: Exchange, wake: scene.Clip, command: scene.Clip, reply: bytes) -> None:
    """The command is understood and done; what sounds is the chime, then the reply, and nothing else."""
    turn, heard = await turn_of(house, wake, command)
    assert (turn.outcome, turn.reply) == ("answered", exchange.reply), (
        exchange.said,
        turn.partials,
        turn.transcript,
    )
    entity = (await read_home(house.home, house.ends.home_state)).entities[exchange.entity]
    now = {"state": entity.state, **entity.attributes}
    assert {name: now[name] for name in exchange.becomes} == exchange.becomes
    chime, answer, *more = sounds(heard, PAUSE_S)
    assert not more, exchange.said
    assert unlikeness(chime, AWAKE) < SAME
    assert unlikeness(answer, np.frombuffer(reply, np.int16)) < SAME, exchange.reply


async def replies(exchanges: Iterable[Exchange]) -> list[bytes]:
    return await asyncio.to_thread(voice.replies_in_turn, *(exchange.reply for exchange in exchanges))


@once_more
async def test_ten_spoken_commands_are_done_and_answered_aloud(sound_card, folder):
    said = (exchange.said for exchange in SPOKEN)
    wake, *commands = await asyncio.to_thread(voice.user_says_in_turn, "okay nabu", *said)
    expected = await replies(SPOKEN)
    async with sound_card_house(sound_card, folder) as house:
        for exchange, command, reply in zip(SPOKEN, commands, expected, strict=True):
            await check(house, exchange, wake, command, reply)


@once_more
async def test_recorded_commands_are_done_and_answered_aloud(sound_card, folder, recordings):
    expected = await replies(RECORDED.values())
    async with sound_card_house(sound_card, folder, recordings / "home.yaml") as house:
        for ((word, command), exchange), reply in zip(RECORDED.items(), expected, strict=True):
            await check(
                house,
                exchange,
                scene.recorded(recordings / "wake" / f"{word}.wav"),
                scene.recorded(recordings / "commands" / "en" / f"{command}.wav"),
                reply,
            )
