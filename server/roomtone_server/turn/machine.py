"""Everything that decides what a turn does next: the table below, and the step that each row names, in `steps`.

Rules:

1. One machine per satellite, at most one turn at a time.
2. An event of another turn, or of an older revision, is stale: it is ignored, and counted.
3. A pair that is not in the table is ignored, and counted too.
4. Whatever a turn waits for has a deadline; when it passes, the turn ends.
5. Every turn that began ends with exactly one EndTurn, and after it no command carries its number.
6. Nothing with an effect on the world is commanded before Answer. What is prepared before is committed by an Answer
   of the same revision, or discarded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from roomtone_server.turn import steps
from roomtone_server.turn.events import (
    AnnouncementDue,
    AudioReached,
    CancelRequested,
    Command,
    DeadlinePassed,
    Event,
    FinalReady,
    PartialReady,
    PlaybackEnded,
    PlaybackReached,
    PreviewReady,
    ReplyFinished,
    ReplyStarted,
    SatelliteLost,
    SpeechEnded,
    SpeechStarted,
    WakeHeard,
    WorkFailed,
)
from roomtone_server.turn.steps import Course, State, TurnSettings

WAITING, INVITED, LISTENING, FINISHING, ANSWERING, SPEAKING = State


@dataclass(frozen=True, slots=True)
class Transition:
    to: frozenset[State]
    by: Callable[[Course, Any, float], State]


def _to(*states: State, by: Callable[[Course, Any, float], State]) -> Transition:
    return Transition(frozenset(states), by)


TRANSITIONS: Final[Mapping[tuple[State, type[Event]], Transition]] = {
    # Nobody speaks.
    (WAITING, WakeHeard): _to(LISTENING, by=steps.start_listening),
    (WAITING, AnnouncementDue): _to(ANSWERING, by=steps.announce),
    # A reply asked something: the satellite was invited to stream without a wake word.
    (INVITED, WakeHeard): _to(LISTENING, by=steps.start_invited),
    (INVITED, AnnouncementDue): _to(INVITED, by=steps.postpone),
    (INVITED, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (INVITED, DeadlinePassed): _to(WAITING, ANSWERING, by=steps.nothing_said),
    (INVITED, SatelliteLost): _to(WAITING, by=steps.lose),
    # The user speaks, or is about to.
    (LISTENING, SpeechStarted): _to(LISTENING, by=steps.note_speech),
    (LISTENING, SpeechEnded): _to(LISTENING, by=steps.note_silence),
    (LISTENING, PartialReady): _to(LISTENING, by=steps.note_words),
    (LISTENING, PreviewReady): _to(LISTENING, ANSWERING, WAITING, by=steps.note_preview),
    (LISTENING, AudioReached): _to(LISTENING, FINISHING, WAITING, ANSWERING, by=steps.perhaps_endpoint),
    (LISTENING, WakeHeard): _to(LISTENING, by=steps.start_over),
    (LISTENING, AnnouncementDue): _to(LISTENING, by=steps.postpone),
    (LISTENING, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (LISTENING, WorkFailed): _to(WAITING, ANSWERING, by=steps.fail),
    (LISTENING, DeadlinePassed): _to(WAITING, ANSWERING, by=steps.give_up_on_audio),
    (LISTENING, SatelliteLost): _to(WAITING, by=steps.lose),
    # The endpoint was found: the transcript is being settled.
    (FINISHING, FinalReady): _to(ANSWERING, WAITING, by=steps.answer),
    (FINISHING, WakeHeard): _to(LISTENING, by=steps.start_over),
    (FINISHING, AnnouncementDue): _to(FINISHING, by=steps.postpone),
    (FINISHING, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (FINISHING, WorkFailed): _to(WAITING, ANSWERING, by=steps.fail),
    (FINISHING, DeadlinePassed): _to(WAITING, ANSWERING, by=steps.give_up_on_hearing),
    (FINISHING, SatelliteLost): _to(WAITING, by=steps.lose),
    # The agent acts and finds its words, or an announcement is being prepared.
    (ANSWERING, ReplyStarted): _to(SPEAKING, by=steps.speak),
    (ANSWERING, ReplyFinished): _to(WAITING, INVITED, ANSWERING, by=steps.finish_silently),
    (ANSWERING, WakeHeard): _to(LISTENING, by=steps.start_over),
    (ANSWERING, AnnouncementDue): _to(ANSWERING, by=steps.postpone),
    (ANSWERING, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (ANSWERING, WorkFailed): _to(WAITING, ANSWERING, by=steps.fail),
    (ANSWERING, DeadlinePassed): _to(WAITING, ANSWERING, by=steps.give_up_on_answer),
    (ANSWERING, SatelliteLost): _to(WAITING, by=steps.lose),
    # The reply sounds.
    (SPEAKING, ReplyFinished): _to(SPEAKING, by=steps.await_playback),
    (SPEAKING, PlaybackReached): _to(SPEAKING, by=steps.note_playback),
    (SPEAKING, PlaybackEnded): _to(SPEAKING, WAITING, INVITED, ANSWERING, by=steps.finish_spoken),
    (SPEAKING, WakeHeard): _to(LISTENING, by=steps.start_over),
    (SPEAKING, AnnouncementDue): _to(SPEAKING, by=steps.postpone),
    (SPEAKING, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (SPEAKING, WorkFailed): _to(WAITING, ANSWERING, by=steps.fail),
    (SPEAKING, DeadlinePassed): _to(WAITING, INVITED, ANSWERING, by=steps.give_up_on_playback),
    (SPEAKING, SatelliteLost): _to(WAITING, by=steps.lose),
}


class TurnMachine:
    """The turns of one satellite. `now` is monotonic, in seconds, and never goes back."""

    def __init__(self, settings: TurnSettings | None = None) -> None:
        self._course = Course(settings or TurnSettings())
        self.ignored = 0

    @property
    def state(self) -> State:
        return self._course.state

    @property
    def turn(self) -> int | None:
        """The number of the turn that is going on."""
        return None if self.state is WAITING else self._course.turn

    @property
    def unspoken(self) -> list[AnnouncementDue]:
        """Announcements that were taken and have not been spoken to their end."""
        return self._course.unspoken()

    def receive(self, event: Event, now: float) -> None:
        """Takes what happened; what is to be done about it waits in `commands`."""
        transition = TRANSITIONS.get((self.state, type(event)))
        if transition is None or self._is_stale(event):
            self.ignored += 1
            return
        state = transition.by(self._course, event, now)
        assert state in transition.to, f"{self.state} on {type(event).__name__} went to {state}"
        self._course.state = state

    def commands(self) -> list[Command]:
        """What is to be done, in order; each is handed out once."""
        commands, self._course.commands = self._course.commands, []
        return commands

    def next_deadline(self) -> float | None:
        return self._course.deadline

    def advance(self, now: float) -> None:
        """Tells the time. Nothing happens before `next_deadline`."""
        if self._course.deadline is not None and now >= self._course.deadline:
            self.receive(DeadlinePassed(), now)

    def _is_stale(self, event: Event) -> bool:
        if isinstance(event, WakeHeard):
            invited = self.state is INVITED and event.turn == self._course.turn
            return not invited and (event.turn % 2 == 0 or event.turn <= self._course.last_of_satellite)
        if isinstance(event, AnnouncementDue | SatelliteLost | DeadlinePassed):
            return False
        if isinstance(event, PreviewReady) and event.revision != self._course.speculation.revision:
            return True
        if isinstance(event, FinalReady | ReplyStarted | ReplyFinished) and event.revision != self._course.revision:
            return True
        return event.turn != self._course.turn
