"""One utterance that another program conducts: heard as in a conversation, and answered by nobody before it asks.

The turn machine decides as ever when the user has finished, and what is worth preparing meanwhile. Where it would
answer, a dictation ends: the transcript is known, and the answer to it waits in an `Anticipation`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from roomtone.alarm import Alarm
from roomtone.ears.base import VoiceActivity
from roomtone.ears.formats import FRAME_BYTES, SAMPLE_BYTES
from roomtone.ears.vad.edges import SpeechEdge
from roomtone.errors import EngineError, RoomtoneError
from roomtone_server.engines.base import ANY_LANGUAGE, HearingRequest, Partial, Transcript
from roomtone_server.runtime.anticipation import Anticipated, Anticipation
from roomtone_server.runtime.detectors import Detectors
from roomtone_server.runtime.hearing import Utterance
from roomtone_server.runtime.listening import Ear
from roomtone_server.runtime.parts import Parts
from roomtone_server.turn import events as turn
from roomtone_server.turn.machine import TurnMachine

_LOGGER = logging.getLogger(__name__)

_SLICE_BYTES: Final = 10 * FRAME_BYTES  # what the event loop hears at once, in a few milliseconds
_TURN: Final = 1


@dataclass(frozen=True, slots=True)
class DictationRequest:
    """How the utterance is to be heard."""

    hearing: HearingRequest
    scale: float | None = None  # of the silence that ends it, as the endpoint's own; None: as the settings say
    ends_itself: bool = True  # False: `finish` alone ends it


# The request that a text and its language will come back as, and the voice that its answer will be wanted in.
Expect = Callable[[str, str], Anticipated]


class Dictations:
    """Makes dictations, one for each utterance; several may be heard at once. One event loop."""

    def __init__(self, parts: Parts, anticipation: Anticipation) -> None:
        self._parts = parts
        self._anticipation = anticipation
        self._detectors = Detectors(parts.make_vad)

    @asynccontextmanager
    async def hearing(
        self, asked: DictationRequest, expect: Expect, on_partial: Callable[[str], None]
    ) -> AsyncIterator["Dictation"]:
        """Hears one utterance while it is entered. What `expect` begins for a transcript that was not the last is
        given up. Raises what its body raises."""
        vad = self._detectors.take()
        try:
            async with asyncio.TaskGroup() as tasks:
                dictation = Dictation(self._parts, asked, vad, self._anticipation, expect, on_partial, tasks)
                try:
                    yield dictation
                finally:
                    dictation.close()
        except BaseExceptionGroup as problems:
            raise _first(problems) from None
        finally:
            self._detectors.give_back(vad)


class Dictation:
    """One utterance; use `Dictations.hearing`."""

    def __init__(
        self,
        parts: Parts,
        asked: DictationRequest,
        vad: VoiceActivity,
        anticipation: Anticipation,
        expect: Expect,
        on_partial: Callable[[str], None],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._parts = parts
        self._anticipation = anticipation
        self._expect = expect
        self._on_partial = on_partial
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        endpoint = parts.turn.endpoint
        scale = endpoint.scale if asked.scale is None else asked.scale
        self._machine = TurnMachine(replace(parts.turn, endpoint=replace(endpoint, scale=scale)))
        self._language = asked.hearing.language
        ear = Ear(vad, parts.stt, asked.hearing)
        self._utterance = Utterance(_TURN, ear, parts.hints, self, self._post)
        self._reached = 0  # samples that were taken
        self._transcripts: dict[int, Transcript] = {}  # by revision
        self._ahead: dict[int, Anticipated] = {}  # as above
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._alarm = Alarm(self._advance)
        self._result: asyncio.Future[Transcript] = self._loop.create_future()
        word = bool(asked.hearing.wake_phrase)
        self._post(turn.WakeHeard(_TURN, 0, word=word, held=not asked.ends_itself))

    async def transcript(self) -> Transcript:
        """What was said, once the utterance has ended; empty when nothing was understood. Raises EngineError."""
        return await asyncio.shield(self._result)

    async def take(self, pcm: bytes) -> None:
        """The next audio (16 kHz, mono, int16, whole samples), at whichever speed: who sends faster than it is heard is
        slowed down. What comes after the end is heard by nobody."""
        for at in range(0, len(pcm), _SLICE_BYTES):
            if self._result.done():
                return
            self._hear(pcm[at : at + _SLICE_BYTES])
            await self._utterance.ear.keep_up()

    def _hear(self, pcm: bytes) -> None:
        try:
            self._utterance.take(pcm, self._reached)
        except EngineError as problem:
            self._post(turn.WorkFailed(_TURN, "hearing", str(problem)))
        self._reached += len(pcm) // SAMPLE_BYTES

    def finish(self) -> None:
        """No more audio comes: that was the utterance."""
        self._post(turn.UtteranceEnded(_TURN))

    def close(self) -> None:
        """Gives up what is not needed any more."""
        self._alarm.set(None)
        for job in self._jobs.values():
            job.cancel()
        for anticipated in self._ahead.values():
            self._anticipation.discard(anticipated)
        if not self._result.cancel() and not self._result.cancelled():
            self._result.exception()  # whoever left before the end does not want to know

    def _post(self, event: turn.Event) -> None:
        if self._result.done():
            return
        self._machine.receive(event, self._loop.time())
        self._obey()

    def _obey(self) -> None:
        for command in self._machine.commands():
            self._do(command)
        self._alarm.set(None if self._result.done() else self._machine.next_deadline())

    def _advance(self, deadline: float) -> None:
        self._machine.advance(deadline)
        self._obey()

    def _do(self, command: turn.Command) -> None:
        match command:
            case turn.StartHearing():
                self._start("listen", self._utterance.listen())
            case turn.Prepare(_, revision):
                self._start(f"prepare {revision}", self._prepare(revision))
            case turn.Discard(_, revision):
                self._jobs.pop(f"prepare {revision}").cancel()
                if revision in self._ahead:
                    self._anticipation.discard(self._ahead.pop(revision))
            case turn.FinishHearing(_, revision, known=known):
                self._utterance.finish(revision, known=known)
            case turn.Answer(_, revision):
                self._end(revision)
            case turn.EndTurn(_, outcome, text) if not self._result.done():
                self._utterance.give_up()
                if outcome == "failed":
                    self._result.set_exception(EngineError(text))
                else:
                    self._result.set_result(Transcript("", spoken=False))

    def _end(self, revision: int) -> None:
        """The transcript is what the machine would answer."""
        heard = self._transcripts[revision]
        self._ahead.pop(revision, None)
        self._result.set_result(replace(heard, language=self._language_of(heard)))

    def _start(self, name: str, job: Coroutine[None, None, None]) -> None:
        self._jobs[name] = self._tasks.create_task(self._guarded(job), name=f"dictation: {name}")

    async def _guarded(self, job: Coroutine[None, None, None]) -> None:
        try:
            await job
        except RoomtoneError as problem:
            self._post(turn.WorkFailed(_TURN, "hearing", str(problem)))
        except Exception:
            _LOGGER.exception("hearing failed unexpectedly")
            self._post(turn.WorkFailed(_TURN, "hearing", "hearing failed unexpectedly; the server's log says why"))

    async def _prepare(self, revision: int) -> None:
        await self._utterance.preview(revision)

    # --- a `hearing.Witness` -----------------------------------------------------------------------------------------

    def edge_found(self, turn_id: int, edge: SpeechEdge) -> None:
        """The machine is told; nobody else asks."""

    def words_heard(self, turn_id: int, heard: Partial) -> str:  # noqa: ARG002 - there is but one turn
        self._on_partial(heard.text)
        return heard.text

    def transcribed(self, turn_id: int, revision: int, heard: Transcript) -> Transcript:  # noqa: ARG002 - as above
        """What the machine may settle for is expected from now on."""
        self._transcripts[revision] = heard
        if heard.text:
            self._ahead[revision] = self._expect(heard.text, self._language_of(heard))
        return heard

    def _language_of(self, heard: Transcript) -> str:
        return self._parts.language_of_turn(heard) if self._language == ANY_LANGUAGE else self._language


def _first(problem: BaseException) -> BaseException:
    """Of those that groups in groups collected."""
    return _first(problem.exceptions[0]) if isinstance(problem, BaseExceptionGroup) else problem
