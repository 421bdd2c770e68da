"""Somebody speaks into a reply at a sound card; or only the reply does, into its own microphone."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import voice
from support.sound_card import Recording, SoundCard

from roomtone.ears.echo.speex import ENGINE as SPEEX
from roomtone_server.bench import scene
from roomtone_server.bench.ends import Ends, both_ends
from roomtone_server.bench.sound import write_wav
from roomtone_server.ports.control import call_async

SATELLITE = {
    "name": "den",
    "area": "Kitchen",
    "microphone": "pyaudio",
    "speaker": "pyaudio",
    "barge_in": "speech",
}
QUESTION = "what can you do"
ANSWER = "Try: turn on the lights. Set a timer for five minutes. What's the weather?"
TURN_S = 30.0
LOUD_PERCENT = 60  # PulseAudio's scale: the reply's voice is then as loud as the person's
INTO_S = 1.0

Event = Mapping[str, Any]


@dataclass
class House:
    card: SoundCard
    speaker: Recording
    ends: Ends
    events: AsyncIterator[Event]
    folder: Path

    async def until(self, what: str, *, turn: int | None = None) -> list[Event]:
        """What happens up to this."""
        seen: list[Event] = []
        while not seen or seen[-1]["what"] != what or turn not in {None, seen[-1]["turn"]}:
            seen.append(await anext(self.events))
        return seen

    @asynccontextmanager
    async def asked(self, wake: scene.Clip, question: scene.Clip) -> AsyncIterator[list[Event]]:
        """Within it the reply sounds; what has happened until then."""
        wav, composed = self.folder / "asked.wav", scene.compose(wake, question)
        write_wav(wav, composed.sound[composed.wake_begin - 4800 :])
        async with self.card.playing(wav):
            yield await self.until("first-audio")


@asynccontextmanager
async def a_house(card: SoundCard, folder: Path, echo: str) -> AsyncIterator[House]:
    satellite = {**SATELLITE, "echo": echo}
    async with both_ends(folder) as ends, card.recording(folder / "speaker.raw") as speaker:
        await ends.start_server(None)
        await ends.pair(satellite)
        async with aclosing(call_async(ends.control, "watch", patience_s=TURN_S)) as events:
            assert await anext(events) == {"watching": True}
            await ends.start_satellite(satellite)
            await card.listened_to()
            yield House(card, speaker, ends, events, folder)
            ends.check()


@pytest.fixture
def folder(tmp_path_factory):
    """Its name is short, for there are sockets in it."""
    return tmp_path_factory.mktemp("t")


async def said(*texts: str) -> list[scene.Clip]:
    return await asyncio.gather(*(asyncio.to_thread(voice.user_says, text) for text in texts))


async def test_a_reply_is_not_silenced_by_its_own_echo(sound_card, folder):
    if remedy := SPEEX.missing():
        pytest.skip(f"no echo can be cancelled here: {remedy}")
    wake, question = await said("okay nabu", QUESTION)
    await sound_card.echo(LOUD_PERCENT)
    async with a_house(sound_card, folder, echo="speex") as house, house.asked(wake, question):
        events = await house.until("ended", turn=1)
    assert events[-1]["data"]["outcome"] == "answered"
    assert "interrupted" not in [event["what"] for event in events]


async def test_a_reply_is_silenced_by_words_which_are_then_obeyed(sound_card, folder):
    wake, question, command = await said("okay nabu", QUESTION, "turn on the kitchen light")
    write_wav(folder / "command.wav", command.sound)
    async with a_house(sound_card, folder, echo="none") as house, house.asked(wake, question):
        await house.speaker.grow(INTO_S)
        async with sound_card.playing(folder / "command.wav"):
            events = await house.until("interrupted")
            began = next(event for event in events if event["what"] == "interruption")
            assert began["data"]["paused"]
            assert ANSWER.startswith(events[-1]["data"]["text"])
            done = await house.until("ended", turn=began["turn"])
    assert [event["data"]["entity"] for event in done if event["what"] == "action"] == ["light.kitchen"]
    assert done[-1]["data"]["outcome"] == "answered"
