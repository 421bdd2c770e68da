"""One utterance on its way in: frames to the voice detector and to the recogniser."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from roomtone.ears.base import VoiceActivity
from roomtone.ears.formats import FRAME_MS, FRAME_SAMPLES, SAMPLE_BYTES
from roomtone.ears.level import FLOOR_DBFS, LevelMeter
from roomtone.ears.resample import Framer
from roomtone.ears.vad.edges import EdgeFinder, SpeechEdge
from roomtone.errors import EngineError
from roomtone_server.engines.base import Hearing, HearingRequest, Partial, SpeechToText, Transcript

# A recogniser that is this far behind the microphone has failed; without a cap it would take the server's memory.
MAX_BEHIND_FRAMES: Final = 5_000 // FRAME_MS
FAR_BEHIND_FRAMES: Final = 1_000 // FRAME_MS


class PlacedFramer:
    """A `Framer` that knows where its frames lie; a gap in the positions drops what was left over."""

    def __init__(self) -> None:
        self._framer = Framer()
        self._expected: int | None = None  # where the next audio begins, if none is missing
        self._next_frame = 0

    def frames(self, pcm: bytes, first_sample: int) -> list[tuple[bytes, int]]:
        """Each frame that is whole now, with the position of its first sample."""
        if first_sample != self._expected:
            self._framer, self._next_frame = Framer(), first_sample
        self._expected = first_sample + len(pcm) // SAMPLE_BYTES
        placed = [
            (frame, self._next_frame + number * FRAME_SAMPLES) for number, frame in enumerate(self._framer.process(pcm))
        ]
        self._next_frame += len(placed) * FRAME_SAMPLES
        return placed


class Ear:
    """Hears one utterance: `take` is synchronous and cheap, `listen` is the turn's task that feeds the recogniser."""

    def __init__(self, vad: VoiceActivity, stt: SpeechToText, request: HearingRequest) -> None:
        vad.reset()
        self._vad = vad
        self._stt = stt
        self._request = request
        self._framer = PlacedFramer()
        self._edges = EdgeFinder()
        self._unheard: asyncio.Queue[bytes | asyncio.Future[Hearing] | None] = asyncio.Queue(MAX_BEHIND_FRAMES)
        self._wants_transcript = True
        self._keeps_up = asyncio.Event()
        self._keeps_up.set()
        self.level = LevelMeter()
        self.newest_db = FLOOR_DBFS  # the level of the last frame
        self.reached = 0  # the position up to which frames were taken
        self.revision = 0  # of the work that `finish` asked for

    def take(self, pcm: bytes, first_sample: int) -> list[SpeechEdge]:
        """The edges of speech that this audio reveals. Raises EngineError when the recogniser is far behind."""
        found = []
        for frame, position in self._framer.frames(pcm, first_sample):
            edge = self._edges.frame(self._vad.process(frame), position)
            if edge is not None:
                found.append(edge)
            self.newest_db = self.level.frame(frame, speaking=self._edges.speaking)
            self._put(frame)
            self.reached = position + FRAME_SAMPLES
        return found

    async def keep_up(self) -> None:
        """Returns once the recogniser is not far behind what was taken: for audio that comes faster than it sounds."""
        await self._keeps_up.wait()

    async def preview(self) -> Transcript:
        """The transcript of what was taken so far. Raises EngineError."""
        fed: asyncio.Future[Hearing] = asyncio.get_running_loop().create_future()
        self._put(fed)
        return await (await fed).preview()

    def finish(self, revision: int) -> None:
        """No more audio comes: `listen` may settle the transcript, as this revision."""
        self.revision = revision
        self._end()

    def stop(self) -> None:
        """No more audio comes, and the transcript is known: `listen` may end."""
        self._wants_transcript = False
        self._end()

    def _put(self, item: "bytes | asyncio.Future[Hearing]") -> None:
        try:
            self._unheard.put_nowait(item)
        except asyncio.QueueFull:
            raise EngineError("the recogniser does not keep up with the microphone") from None
        if self._unheard.qsize() > FAR_BEHIND_FRAMES:
            self._keeps_up.clear()

    def _end(self) -> None:
        if self._unheard.full():
            self._unheard.get_nowait()
        self._unheard.put_nowait(None)

    async def listen(self, on_partial: Callable[[Partial], None]) -> Transcript | None:
        """Feeds the recogniser until `finish`, and gives the final transcript, or until `stop`. Raises EngineError."""
        hearing = await self._stt.hear(self._request)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_report(hearing, on_partial))
                while (item := await self._unheard.get()) is not None:
                    if self._unheard.qsize() <= FAR_BEHIND_FRAMES:
                        self._keeps_up.set()
                    if isinstance(item, bytes):
                        await hearing.feed(item)
                    elif not item.done():
                        item.set_result(hearing)
                transcript = await hearing.finish() if self._wants_transcript else None
                await hearing.close()
        except* EngineError as problems:
            raise EngineError(str(problems.exceptions[0])) from problems
        finally:
            await hearing.close()
        return transcript


async def _report(hearing: Hearing, on_partial: Callable[[Partial], None]) -> None:
    async with aclosing(hearing.partials()) as partials:
        async for partial in partials:
            on_partial(partial)
