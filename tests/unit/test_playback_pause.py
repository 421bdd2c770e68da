"""A reply that pauses and goes on: not a sample twice, not a sample lost, on virtual time."""

import asyncio
from array import array
from contextlib import asynccontextmanager

import pytest
from support.virtual_time import run

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings
from roomtone_satellite.playback import Playback

RATE_HZ = 8_000
RAMP = array("h", range(8_000)).tobytes()  # a second, each sample like no other


class Heard(NullSpeaker):
    """What was accepted and not taken back, with `ahead_s` of it waiting before it sounds."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        super().__init__(NullSpeakerSettings(rate_hz=RATE_HZ))
        self.audio = b""
        self.flushes = 0
        self._ahead_s = ahead_s

    async def write(self, pcm, turn):  # noqa: ARG002 - the Protocol's signature
        self.audio += pcm
        loop = asyncio.get_running_loop()
        self._clock.accept(len(pcm) // SAMPLE_BYTES, loop.time())
        await asyncio.sleep(max(0.0, self._clock.silent_at - self._ahead_s - loop.time()))

    def flush(self):
        never = super().flush()
        self.audio = self.audio[: len(self.audio) - never * SAMPLE_BYTES]
        self.flushes += 1
        return never


@asynccontextmanager
async def playing(speaker):
    progress, played = [], asyncio.Queue()
    playback = Playback(
        speaker,
        on_progress=lambda _, samples: progress.append(samples),
        on_played=lambda _, samples: played.put_nowait(samples),
    )
    await playback.start()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(playback.run())
        playback.open(1)
        playback.feed(1, RAMP, RATE_HZ, 1)
        yield playback, progress, played
        task.cancel()


@pytest.mark.parametrize("ahead_s", [0.0, 0.08, 0.3])
@pytest.mark.parametrize("pause_s", [0.001, 0.2, 3.0])
def test_it_goes_on_with_the_sample_that_would_have_come_next(ahead_s, pause_s):
    async def main():
        speaker = Heard(ahead_s)
        async with playing(speaker) as (playback, progress, played):
            playback.finish(1)
            for at_s in (0.1234, 0.2, 0.31):
                await asyncio.sleep(at_s)
                sounded = playback.pause(1)
                assert len(speaker.audio) == sounded * SAMPLE_BYTES, "silence begins at once"
                await asyncio.sleep(pause_s)
                assert len(speaker.audio) == sounded * SAMPLE_BYTES, "and lasts"
                playback.resume(1)
            assert await played.get() == RATE_HZ
            assert speaker.audio == RAMP
            assert progress == sorted(progress)

    run(main())


def test_where_it_stopped_is_known_to_the_sample():
    async def main():
        async with playing(Heard(0.1)) as (playback, _, _):
            await asyncio.sleep(0.25)
            assert playback.pause(1) == 0.25 * RATE_HZ
            await asyncio.sleep(1)
            assert playback.flush(1) == 0.25 * RATE_HZ

    run(main())


def test_a_pause_at_the_very_end_still_has_an_end():
    async def main():
        speaker = Heard(0.1)
        async with playing(speaker) as (playback, _, played):
            playback.finish(1)
            await asyncio.sleep(0.95)
            playback.pause(1)
            await asyncio.sleep(1)
            assert played.empty()
            playback.resume(1)
            assert await played.get() == RATE_HZ
            assert speaker.audio == RAMP

    run(main())


def test_what_comes_while_it_pauses_waits_its_turn():
    async def main():
        speaker = Heard()
        async with playing(speaker) as (playback, _, played):
            await asyncio.sleep(0.5)
            playback.pause(1)
            playback.feed(1, RAMP, RATE_HZ, 1)
            playback.finish(1)
            playback.resume(1)
            assert await played.get() == 2 * RATE_HZ
            assert speaker.audio == RAMP * 2

    run(main())


def test_a_device_that_gives_nothing_back_loses_nothing_either():
    class Deaf(Heard):
        def flush(self):
            return 0

    async def main():
        speaker = Deaf(0.1)
        async with playing(speaker) as (playback, _, played):
            playback.finish(1)
            await asyncio.sleep(0.3)
            playback.pause(1)
            await asyncio.sleep(1)
            playback.resume(1)
            await played.get()
            assert speaker.audio == RAMP

    run(main())


def test_only_the_reply_that_plays_pauses():
    async def main():
        speaker = Heard()
        async with playing(speaker) as (playback, _, played):
            assert playback.pause(3) == 0
            playback.resume(3)
            playback.finish(1)
            assert await played.get() == RATE_HZ
            assert speaker.flushes == 0

    run(main())
