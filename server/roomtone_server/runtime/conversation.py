"""One satellite's conversation: tells the turn machine what happens, and does what it commands.

One TaskGroup per satellite, and in it one per turn: a failing engine ends the turn with an event, never the microphone.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import aclosing
from functools import partial
from typing import Any

from roomtone.alarm import Alarm
from roomtone.ears.base import VoiceActivity
from roomtone.ears.vad.edges import SpeechEdge
from roomtone.errors import EngineError, LinkError, RoomtoneError
from roomtone_server.agent.base import Prepared, Request
from roomtone_server.engines.base import HearingRequest, Partial, SpeechRequest, Transcript
from roomtone_server.runtime.answering import Answering
from roomtone_server.runtime.contest import Contest
from roomtone_server.runtime.echoes import is_echo
from roomtone_server.runtime.guest import Guest
from roomtone_server.runtime.hearing import Utterance
from roomtone_server.runtime.listening import Ear
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.recording import Live
from roomtone_server.runtime.scope import Job, TurnScope
from roomtone_server.runtime.session import (
    Audio,
    GivenUp,
    Incoming,
    Interrupted,
    Released,
    Sounded,
    VoiceSession,
    Woken,
)
from roomtone_server.runtime.speaking import pieces_of
from roomtone_server.telemetry.trace import TraceEvent, What
from roomtone_server.turn import events as turn
from roomtone_server.turn.machine import TurnMachine

_LOGGER = logging.getLogger(__name__)


class Conversation:
    """Runs the turns of one voice session, from its connection to its end."""

    def __init__(self, session: VoiceSession, parts: Parts, contest: Contest) -> None:
        self._session = session
        self._parts = parts
        self._contest = contest
        self._machine = TurnMachine(parts.turn)
        self._vad: VoiceActivity | None = None  # from the first turn on: who only looks on costs little
        self._woken: Woken | None = None
        self._utterance: Utterance | None = None  # that is being heard
        self._scopes: dict[int, TurnScope] = {}  # by turn: that which is going on, and one that may interrupt it
        self._answering = Answering(session, parts, self._post, self._trace)
        self._prepared: dict[int, asyncio.Future[Prepared]] = {}  # by revision
        self._language = parts.language  # that was heard last
        self._guest: Guest | None = None
        self._guest_turn = 0  # the newest that is meant for them, or in which they speak
        self._attended: str | None = None  # the area where somebody talks just now
        self._tasks: asyncio.TaskGroup
        self._reader: asyncio.Task[None]
        self._alarm = Alarm(self._advance)
        self._clock = asyncio.get_running_loop().time

    @property
    def unspoken(self) -> list[turn.AnnouncementDue]:
        """Announcements that the satellite has not played to their end."""
        return self._machine.unspoken

    @property
    def lasts(self) -> bool:
        """Whether the satellite is still there, as far as anybody knows."""
        return not self._reader.done()

    def announce(self, due: turn.AnnouncementDue) -> None:
        """Says something that nobody asked for just now, as soon as no turn is going on. Only while it `lasts`."""
        self._post(due)

    def invite(self) -> bool:
        """Asks the satellite to listen without a wake word; whether it could be asked: not while a turn is going on."""
        ignored = self._machine.ignored
        self._post(turn.ListeningAsked(talking=self._guest is not None))
        return self._machine.ignored == ignored

    def lend(self, guest: Guest | None) -> None:
        """To whom is spoken, from now on, in turns to which the satellite is invited; None: to the agent, as ever."""
        self._guest = guest
        self._note_attention()

    def chime(self, sound: turn.Sound) -> None:
        """At once, whatever is going on."""
        self._session.chime(sound)

    def cancel(self, turn_id: int) -> None:
        """Gives a turn up, if it goes on."""
        self._post(turn.CancelRequested(turn_id))

    def give_way(self, turn_id: int) -> None:
        """Another satellite answers instead; too late once the endpoint was found."""
        self._post(turn.Outbid(turn_id))

    def leave(self) -> None:
        """Ends `run`, whatever is going on: another connection of the same satellite takes over."""
        self._reader.cancel()

    async def run(self, missed: Iterable[turn.AnnouncementDue] = ()) -> None:
        """Says what was missed, then listens; returns when the satellite is gone. A LinkError is such an end."""
        async with asyncio.TaskGroup() as self._tasks:
            self._reader = self._tasks.create_task(self._read(), name=f"{self._session.satellite.name}: incoming")
            for due in missed:
                self.announce(due)
            try:
                await asyncio.wait([self._reader])
            finally:
                self._post(turn.SatelliteLost())
                for scope in self._scopes.values():
                    scope.cancel()
                self._alarm.set(None)

    # --- what happens ------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async with aclosing(self._session.incoming()) as incoming:
                async for message in incoming:
                    self._take(message)
        except LinkError as problem:
            _LOGGER.info("%s", problem, extra=self._extra())

    def _take(self, message: Incoming) -> None:
        match message:
            case Woken(unasked=True) | Interrupted() if self._guest is not None:
                self._session.end_turn(message.turn, "nothing-said", "")  # it is the other's turn to speak
            case Woken():
                self._woken = message
                word, held, unasked = bool(message.word), message.held, message.unasked
                self._post(turn.WakeHeard(message.turn, message.sample, word, held, unasked))
                self._begin_woken(message)
            case Released():
                self._post(turn.UtteranceEnded(message.turn))
            case Audio():
                self._hear(message)
            case Interrupted(turn_id, interrupts, sample, _, paused, heard):
                self._woken = None
                data = {"interrupts": interrupts, "sample": sample, "paused": paused, **heard.told()}
                self._trace("interruption", turn_id=turn_id, **data)
                self._post(turn.InterruptionHeard(turn_id, interrupts, sample, paused))
            case Sounded(turn_id, samples, done, sounded):
                if speaker := self._answering.speaker_of(turn_id):
                    speaker.reached(samples, done=done)
                self._trace("played" if done else "sounded", turn_id=turn_id, samples=samples, **sounded.told())
                self._post(turn.PlaybackEnded(turn_id) if done else turn.PlaybackReached(turn_id, samples))
            case GivenUp():
                self._post(turn.CancelRequested(message.turn))

    def _begin_woken(self, woken: Woken) -> None:
        data = {"name": woken.word, "score": woken.score, "sample": woken.sample, "snr_db": woken.snr_db}
        self._trace("wake", turn_id=woken.turn, **data, **woken.heard.told())
        if woken.word:
            self._session.grant(woken.turn, self._contest.claim(self._session.satellite.id, woken))

    def _hear(self, audio: Audio) -> None:
        """Audio that comes after the endpoint was still on its way; nobody needs it."""
        utterance = self._utterance
        if utterance is None:
            return
        try:
            utterance.take(audio.pcm, audio.first_sample)
        except EngineError as problem:
            self._fail(utterance.turn, "hearing", str(problem))
            return
        if self._utterance is utterance:  # whose endpoint is found is compared no more, and its reply does not wait
            ear = utterance.ear
            self._contest.heard(self._session.satellite.id, utterance.turn, ear.reached, ear.newest_db)

    def _post(self, event: turn.Event) -> None:
        """Tells the machine, and does what it commands."""
        self._machine.receive(event, self._clock())
        self._obey()

    def _advance(self, deadline: float) -> None:
        self._machine.advance(deadline)
        self._obey()

    def _obey(self) -> None:
        for command in self._machine.commands():
            self._do(command)
            if self._guest is not None:
                self._guest.commanded(command)
        self._note_attention()
        self._alarm.set(self._machine.next_deadline())

    def _note_attention(self) -> None:
        """By the wake, and never by what is said."""
        attention, talks = self._parts.attention, self._machine.turn is not None or self._guest is not None
        if attention is None or talks == (self._attended is not None):
            return
        if self._attended is not None:
            attention.talk_ended(self._attended)
            self._attended = None
        elif area := self._session.satellite.area:
            attention.talk_began(area)
            self._attended = area

    # --- what is to be done ------------------------------------------------------------------------------------------

    def _do(self, command: turn.Command) -> None:
        match command:
            case turn.StartHearing(turn_id):
                self._start_hearing(turn_id)
            case turn.Prepare(turn_id, revision):
                self._trace("speculated", turn_id=turn_id, revision=revision)
                self._begin_preparing(turn_id, revision)
            case turn.Discard(turn_id, revision):
                self._trace("discarded", turn_id=turn_id, revision=revision)
                self._scopes[turn_id].stop(f"prepare {revision}")
                del self._prepared[revision]
            case turn.FinishHearing(turn_id, revision, sample, silence_ms, known):
                self._trace("endpoint", turn_id=turn_id, sample=sample, silence_ms=silence_ms)
                self._contest.settle(self._session.satellite.id, turn_id)
                self._session.stop_listening(turn_id)
                assert self._utterance is not None
                self._utterance.finish(revision, known=known)
                self._hear_no_more(turn_id)
            case turn.EndTurn(turn_id, outcome, text):
                self._end(turn_id, outcome, text)
            case _:
                self._reply_with(command)

    def _reply_with(self, command: turn.ReplyCommand) -> None:
        match command:
            case turn.Answer(turn_id, _, text):
                self._trace("transcript", turn_id=turn_id, text=text)
                self._session.show_transcript(turn_id, text)
                answer = self._answer if self._guest_in(turn_id) is None else self._leave_unanswered
                self._start(turn_id, "answer", "answering", partial(answer, command))
            case turn.Announce(turn_id, text=text):
                self._guest_turn = turn_id if isinstance(text, Live) else self._guest_turn
                self._enter(turn_id)
                self._start(turn_id, "announce", "answering", partial(self._answering.announce, command))
            case turn.Invite(turn_id, seconds):
                self._guest_turn = turn_id if self._guest is not None else self._guest_turn
                self._session.invite(turn_id, seconds)
            case turn.HoldReply(turn_id) | turn.ResumeReply(turn_id):
                if speaker := self._answering.speaker_of(turn_id):
                    speaker.hold() if isinstance(command, turn.HoldReply) else speaker.resume()
            case turn.Abandon(turn_id):
                self._answering.silence(turn_id)
                if turn_id in self._scopes:
                    self._scopes[turn_id].cancel()
                self._session.flush(turn_id)

    def _enter(self, turn_id: int) -> None:
        self._scopes = {number: scope for number, scope in self._scopes.items() if not scope.is_over}
        scope = self._scopes[turn_id] = TurnScope()
        self._prepared = {}
        scope.enter(self._tasks, f"{self._session.satellite.name}: turn {turn_id}")

    def _start(self, turn_id: int, name: str, stage: turn.Stage, job: Job) -> None:
        self._scopes[turn_id].start(name, self._guarded(turn_id, stage, job))

    def _end(self, turn_id: int, outcome: turn.Outcome, text: str) -> None:
        self._hear_no_more(turn_id)
        if turn_id in self._scopes:
            self._scopes[turn_id].close()
        self._contest.withdraw(self._session.satellite.id, turn_id)
        self._session.end_turn(turn_id, outcome, text)
        self._trace("ended", turn_id=turn_id, outcome=outcome, text=text)
        level = logging.WARNING if outcome == "failed" else logging.INFO
        _LOGGER.log(level, "turn %d: %s%s", turn_id, outcome, f": {text}" if text else "", extra=self._extra(turn_id))

    def _start_hearing(self, turn_id: int) -> None:
        self._enter(turn_id)
        phrase = self._woken.phrase if self._woken is not None and self._woken.word else ""
        request = HearingRequest(self._parts.language_to_hear, phrase, self._session.satellite.area)
        guest = self._guest_in(turn_id)
        self._vad = self._vad or self._parts.make_vad()
        ear = Ear(self._vad, self._parts.stt if guest is None else guest.stt, request)
        self._utterance = Utterance(turn_id, ear, self._parts.hints, self, self._post)
        self._start(turn_id, "hear", "hearing", self._utterance.listen)

    def _hear_no_more(self, turn_id: int) -> None:
        """How loud the turn was is for the trace."""
        utterance = self._utterance
        if utterance is not None and utterance.turn == turn_id:
            utterance.give_up()
            self._utterance, level = None, utterance.ear.level
            self._trace("level", turn_id=turn_id, speech_dbfs=level.speech_dbfs, noise_dbfs=level.noise_dbfs)

    def _begin_preparing(self, turn_id: int, revision: int) -> None:
        assert self._utterance is not None
        prepared = self._prepared[revision] = asyncio.get_running_loop().create_future()
        job = partial(self._prepare, revision, self._utterance, prepared)
        self._start(turn_id, f"prepare {revision}", "hearing", job)

    async def _prepare(self, revision: int, utterance: Utterance, prepared: asyncio.Future[Prepared]) -> None:
        """All that can be done before the endpoint without any effect: the transcript, the answer, its first audio."""
        heard = await utterance.preview(revision)
        if heard.text:
            answer = await self._parts.agent.prepare(self._request(heard.text))
            prepared.set_result(answer)
            if answer.speculative and answer.reply:
                for piece in pieces_of(answer.reply, answer.request.language):
                    await self._parts.tts.prepare(SpeechRequest(piece, answer.request.language))
            await self._parts.agent.think_ahead(answer)

    # --- a `hearing.Witness` -----------------------------------------------------------------------------------------

    def edge_found(self, turn_id: int, edge: SpeechEdge) -> None:
        self._trace("speech-started" if edge.speaking else "speech-ended", turn_id=turn_id, sample=edge.sample)
        if edge.speaking and (guest := self._guest_in(turn_id)) is not None:
            guest.speech_began()

    def words_heard(self, turn_id: int, heard: Partial) -> str:
        self._trace("partial", turn_id=turn_id, text=heard.text)
        self._session.show_partial(turn_id, heard.text)
        return "" if self._is_echo(heard.text) else heard.text

    def transcribed(self, turn_id: int, revision: int, heard: Transcript) -> Transcript:  # noqa: ARG002 - a Witness's
        if self._is_echo(heard.text):
            heard = Transcript("", spoken=False)
        self._language = self._parts.language_of_turn(heard)
        if heard.rejected:
            self._trace("rejected", turn_id=turn_id, text=heard.rejected, doubt=heard.doubt)
        return heard

    def _is_echo(self, text: str) -> bool:
        """Whether the words are those of a reply that sounds meanwhile."""
        interrupted = self._machine.interrupted
        speaker = None if interrupted is None else self._answering.speaker_of(interrupted)
        return bool(text) and speaker is not None and is_echo(text, speaker.sounding)

    def _request(self, text: str) -> Request:
        satellite = self._session.satellite
        return Request(text, self._language, satellite.id, satellite.area, satellite.id, self._answering.cut_short)

    async def _answer(self, command: turn.Answer) -> None:
        turn_id = command.turn
        if command.text and command.revision in self._prepared:
            prepared = await self._prepared[command.revision]
            self._trace("committed", turn_id=turn_id, revision=command.revision)
        else:
            prepared = await self._parts.agent.prepare(self._request(command.text))
        await self._answering.answer(command, prepared, self._parts.agent)

    def _guest_in(self, turn_id: int) -> Guest | None:
        """Whom the turn is meant for, if not the agent."""
        return self._guest if turn_id == self._guest_turn else None

    async def _leave_unanswered(self, command: turn.Answer) -> None:
        """Whoever it was said to answers in a turn of their own."""
        finished = turn.ReplyFinished(command.turn, command.revision, 0.0, understood=True, expects_answer=False)
        self._post(finished)

    def _guarded(self, turn_id: int, stage: turn.Stage, job: Job) -> Job:
        """The job, whose failure is an event of the turn; a fault of ours is logged whole."""

        async def guarded() -> None:
            try:
                await job()
            except RoomtoneError as problem:
                self._fail(turn_id, stage, str(problem))
            except Exception:
                _LOGGER.exception("%s failed unexpectedly", stage, extra=self._extra(turn_id))
                self._fail(turn_id, stage, f"{stage} failed unexpectedly; the server's log says why")
            else:
                self._parts.faults.pop(stage, None)

        return guarded

    def _fail(self, turn_id: int, stage: turn.Stage, text: str) -> None:
        self._parts.faults[stage] = text
        self._post(turn.WorkFailed(turn_id, stage, text))

    def _extra(self, turn_id: int | None = None) -> dict[str, Any]:
        extra: dict[str, Any] = {"satellite": self._session.satellite.name}
        return extra if turn_id is None else {**extra, "turn": turn_id}

    def _trace(self, what: What, *, turn_id: int | None = None, **data: object) -> None:
        """Nobody takes down what people say to each other."""
        number = self._machine.turn if turn_id is None else turn_id
        if number is not None and number == self._guest_turn:
            return
        now_ns = round(self._clock() * 1e9)
        self._parts.trace.record(TraceEvent(self._session.satellite.id, number or 0, now_ns, what, data))
