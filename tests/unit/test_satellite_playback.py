"""Replies and chimes at the speaker, on virtual time."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from support.virtual_time import run

from roomtone.errors import DeviceError
from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings
from roomtone_satellite.playback import MAX_BUFFERED_MS, REFILL_MS, Playback

RATE_HZ = 8_000
BLOCK = b"\x01\x00" * 160  # 20 ms


class Recorder(NullSpeaker):
    """A speaker without a device that remembers what sounded when, and fails when it is told to."""

    def __init__(self, fails: int = 0) -> None:
        super().__init__(NullSpeakerSettings(rate_hz=RATE_HZ))
        self.sounded: list[tuple[float, int | None, bytes]] = []
        self.opened = 0
        self.fails = fails

    async def open(self) -> None:
        self.opened += 1

    async def write(self, pcm, turn):
        if self.fails:
            self.fails -= 1
            raise DeviceError("the speaker is on fire")
        self.sounded.append((round(asyncio.get_running_loop().time(), 3), turn, pcm))
        await super().write(pcm, turn)

    def of(self, turn):
        return [(at, pcm) for at, whose, pcm in self.sounded if whose == turn]


class Room:
    def __init__(self, speaker: Recorder) -> None:
        self.speaker = speaker
        self.progress: list[tuple[int, int]] = []
        self.played: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self.playback = Playback(
            speaker,
            on_progress=lambda turn, samples: self.progress.append((turn, samples)),
            on_played=lambda turn, samples: self.played.put_nowait((turn, samples)),
        )

    def feed(self, turn: int, pcm: bytes) -> None:
        self.playback.feed(turn, pcm, RATE_HZ, 1)


@asynccontextmanager
async def room(speaker: Recorder | None = None):
    made = Room(speaker or Recorder())
    await made.playback.start()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(made.playback.run())
        yield made
        task.cancel()


def on_virtual_time(test):
    def checked():
        run(test())

    checked.__name__ = test.__name__
    return checked


@on_virtual_time
async def test_a_reply_sounds_with_its_first_chunk_and_reports_its_progress():
    async with room() as here:
        here.playback.open(1)
        here.feed(1, BLOCK * 30 + b"\x02\x00" * 7)
        here.playback.finish(1)
        assert await here.played.get() == (1, 30 * 160 + 7)
        assert [at for at, _ in here.speaker.of(1)] == [round(n * 0.02, 3) for n in range(31)]
        assert here.progress == [(1, 160), (1, 1760), (1, 3360)], "the first is told at once"
        assert asyncio.get_running_loop().time() == pytest.approx(30 * 0.02 + 7 / RATE_HZ)


@on_virtual_time
async def test_audio_of_a_turn_that_is_not_open_is_not_heard():
    async with room() as here:
        here.feed(1, BLOCK)
        here.playback.open(3)
        here.feed(1, BLOCK)
        here.playback.finish(1)
        here.feed(3, BLOCK)
        here.playback.finish(3)
        here.feed(3, BLOCK)
        assert await here.played.get() == (3, 160)
        assert here.speaker.of(1) == []


@on_virtual_time
async def test_a_flush_says_how_much_was_heard_and_the_rest_never_is():
    async with room() as here:
        here.playback.open(1)
        here.feed(1, BLOCK * 50)
        await asyncio.sleep(0.25)
        assert here.playback.flush(1) == 2000
        assert here.playback.flush(1) == 0
        await asyncio.sleep(1)
        assert len(here.speaker.of(1)) == 13
        assert here.played.empty()


@on_virtual_time
async def test_after_a_gap_a_little_is_collected_before_it_goes_on():
    async with room() as here:
        here.playback.open(1)
        here.feed(1, BLOCK)
        await asyncio.sleep(0.1)
        here.feed(1, BLOCK)
        await asyncio.sleep(0.1)
        assert len(here.speaker.of(1)) == 1
        here.feed(1, BLOCK * (REFILL_MS // 20 - 1))
        await asyncio.sleep(0.1)
        assert len(here.speaker.of(1)) == 1 + REFILL_MS // 20


@on_virtual_time
async def test_a_reply_that_goes_on_keeps_its_count():
    async with room() as here:
        for part in (1, 2):
            here.playback.open(1)
            here.feed(1, BLOCK)
            here.playback.finish(1)
            assert await here.played.get() == (1, 160 * part)


@on_virtual_time
async def test_an_empty_reply_is_over_at_once():
    async with room() as here:
        here.playback.open(1)
        here.playback.finish(1)
        assert await here.played.get() == (1, 0)


@on_virtual_time
async def test_a_chime_sounds_before_or_after_a_reply_never_within():
    async with room() as here:
        here.playback.chime(BLOCK * 2)
        here.playback.open(1)
        here.feed(1, BLOCK * 3)
        await asyncio.sleep(0.05)
        here.playback.chime(BLOCK * 2)
        here.playback.finish(1)
        await here.played.get()
        await asyncio.sleep(1)
        assert [turn for _, turn, _ in here.speaker.sounded] == [None, None, 1, 1, 1, None, None]


@on_virtual_time
async def test_a_server_that_does_not_pace_itself_fills_no_memory():
    async with room() as here:
        here.playback.open(1)
        for _ in range(10 * MAX_BUFFERED_MS // 20):
            here.feed(1, BLOCK)
        here.playback.finish(1)
        turn, samples = await here.played.get()
        assert turn == 1
        assert samples <= (MAX_BUFFERED_MS + 40) * RATE_HZ // 1000


@on_virtual_time
async def test_a_speaker_that_fails_ends_the_reply_and_is_opened_again():
    async with room(Recorder(fails=1)) as here:
        here.playback.open(1)
        here.feed(1, BLOCK * 5)
        assert await here.played.get() == (1, 0)
        await asyncio.sleep(1)
        assert here.speaker.opened == 2
        here.playback.open(3)
        here.feed(3, BLOCK)
        here.playback.finish(3)
        assert await here.played.get() == (3, 160)


@on_virtual_time
async def test_another_rate_is_made_into_the_speaker_s_and_counted_in_its_own():
    async with room() as here:
        here.playback.open(1)
        here.playback.feed(1, b"\x01\x00" * 16_000, 16_000, 1)
        here.playback.finish(1)
        assert await here.played.get() == (1, 16_000)
        assert sum(len(pcm) for _, pcm in here.speaker.of(1)) // 2 == RATE_HZ
        assert here.progress[:2] == [(1, 320), (1, 3_520)]


async def test_what_waits_to_sound_can_be_seen_and_bounded():
    playback = Playback(
        NullSpeaker(NullSpeakerSettings(rate_hz=8_000)),
        on_progress=lambda *_: None,
        on_played=lambda *_: None,
        max_buffered_ms=100,
    )
    assert playback.buffered_ms == 0
    playback.open(1)
    for _ in range(20):
        playback.feed(1, bytes(320), 8_000, 1)
    assert playback.buffered_ms == 120
    playback.flush(1)
    assert playback.buffered_ms == 0
