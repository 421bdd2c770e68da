"""Recordings on their way to the engine, as from a microphone: 20 ms at a time, by the clock."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS
from roomtone.errors import EngineError
from roomtone_server.bench.cpu import EngineMeter
from roomtone_server.bench.manifest import Clip
from roomtone_server.engines.base import Hearing, HearingRequest, SpeechToText, Transcript


@dataclass(frozen=True, slots=True)
class Heard:
    transcript: Transcript
    final_ms: float  # from handing over the last samples to the transcript
    cpu_s: float | None  # what EngineMeter counts; None where that is not known


async def hear(engine: SpeechToText, clip: Clip, request: HearingRequest, pace: float) -> Heard:
    """One clip, heard while it plays: `pace` times as fast as it was said, 0 as fast as the engine takes it.

    Raises EngineError, which names the recording.
    """
    meter = EngineMeter()
    before_s = meter.taken_s()
    try:
        transcript, final_s = await _stream(engine, clip, request, pace, meter)
    except* EngineError as problems:
        raise EngineError(f"{clip.place}: {clip.file}: {_first(problems)}") from problems
    after_s = meter.taken_s()
    cpu_s = None if before_s is None or after_s is None else after_s - before_s
    return Heard(transcript, final_s * 1000, cpu_s)


async def _stream(
    engine: SpeechToText, clip: Clip, request: HearingRequest, pace: float, meter: EngineMeter
) -> tuple[Transcript, float]:
    """The transcript, and how many seconds after the last samples it came."""
    now_s = asyncio.get_running_loop().time
    with meter.call():
        hearing = await engine.hear(request)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_follow(hearing), name="bench: partials")
            began_s = fed_s = now_s()
            for due_s, frame in _frames(clip.pcm):
                await asyncio.sleep(began_s + due_s / pace - now_s() if pace else 0)
                fed_s = now_s()
                with meter.call():
                    await hearing.feed(frame)
            with meter.call():
                transcript = await hearing.finish()
            return transcript, now_s() - fed_s
    finally:
        await hearing.close()


def _frames(pcm: bytes) -> Iterator[tuple[float, bytes]]:
    """Each frame with the moment at which a microphone has it whole; the last may be shorter."""
    for number, start in enumerate(range(0, len(pcm), FRAME_BYTES), start=1):
        yield number * FRAME_MS / 1000, pcm[start : start + FRAME_BYTES]


async def _follow(hearing: Hearing) -> None:
    """Somebody reads the partials, as in a turn."""
    async with aclosing(hearing.partials()) as partials:
        async for _ in partials:
            pass


def _first(problems: BaseExceptionGroup[EngineError]) -> EngineError:
    problem: BaseException = problems
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    assert isinstance(problem, EngineError)
    return problem
