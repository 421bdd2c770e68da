"""Somebody speaks into a reply at a sound card; or only the reply does, into its own microphone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support import voice
from support.sound_card import SoundCard, once_more
from support.sound_card_house import Event, SoundCardHouse, sound_card_house

from roomtone.ears.echo.speex import ENGINE as SPEEX
from roomtone_server.bench import scene
from roomtone_server.bench.sound import write_wav

QUESTION = "what can you do"
ANSWER = "Try: turn on the lights. Set a timer for five minutes. What's the weather?"
LOUD_PERCENT = 60  # PulseAudio's scale: the reply's voice is then as loud as the person's
INTO_S = 1.0


async def until(house: SoundCardHouse, what: str, *, turn: int | None = None) -> list[Event]:
    """What happens up to this."""
    seen: list[Event] = []
    while not seen or seen[-1]["what"] != what or turn not in {None, seen[-1]["turn"]}:
        seen.append(await anext(house.events))
    return seen


@asynccontextmanager
async def answered(card: SoundCard, folder: Path, echo: str, *asking: scene.Clip) -> AsyncIterator[SoundCardHouse]:
    """A house in which the answer to a question sounds."""
    async with sound_card_house(card, folder, echo=echo, barge_in="speech") as house, house.saying(*asking):
        await until(house, "first-audio")
        yield house


async def said(*texts: str) -> list[scene.Clip]:
    return await asyncio.gather(*(asyncio.to_thread(voice.user_says, text) for text in texts))


@once_more
async def test_a_reply_is_not_silenced_by_its_own_echo(sound_card, folder):
    if remedy := SPEEX.missing():
        pytest.skip(f"no echo can be cancelled here: {remedy}")
    wake, question = await said("okay nabu", QUESTION)
    await sound_card.echo(LOUD_PERCENT)
    async with answered(sound_card, folder, "speex", wake, question) as house:
        events = await until(house, "ended", turn=1)
    assert events[-1]["data"]["outcome"] == "answered"
    assert "interrupted" not in [event["what"] for event in events]


@once_more
async def test_a_reply_is_silenced_by_words_which_are_then_obeyed(sound_card, folder):
    wake, question, command = await said("okay nabu", QUESTION, "turn on the kitchen light")
    write_wav(folder / "command.wav", command.sound)
    async with answered(sound_card, folder, "none", wake, question) as house:
        await house.speaker.grow(INTO_S)
        async with sound_card.playing(folder / "command.wav"):
            events = await until(house, "interrupted")
            began = next(event for event in events if event["what"] == "interruption")
            assert began["data"]["paused"]
            assert ANSWER.startswith(events[-1]["data"]["text"])
            done = await until(house, "ended", turn=began["turn"])
    assert [event["data"]["entity"] for event in done if event["what"] == "action"] == ["light.kitchen"]
    assert done[-1]["data"]["outcome"] == "answered"
