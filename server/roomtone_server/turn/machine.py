"""All that decides what a turn does next: the table below, and the step that each row names, in `steps` or, where
two turns are at stake, `interruption`.

Rules:

1. One machine per satellite, at most one turn at a time; and while its reply sounds, one that may interrupt it.
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

from roomtone_server.turn import interruption, steps
from roomtone_server.turn.course import Course, State, TurnSettings
from roomtone_server.turn.events import (
    AnnouncementDue,
    AudioReached,
    CancelRequested,
    Command,
    DeadlinePassed,
    Event,
    FinalReady,
    InterruptionHeard,
    ListeningAsked,
    Outbid,
    PartialReady,
    PlaybackEnded,
    PlaybackReached,
    PreviewReady,
    ReplyFinished,
    ReplyStarted,
    SatelliteLost,
    SpeechEnded,
    SpeechStarted,
    UtteranceEnded,
    WakeHeard,
    WorkFailed,
)

WAITING, INVITED, LISTENING, FINISHING, ANSWERING, SPEAKING, INTERRUPTED = State


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
    (WAITING, ListeningAsked): _to(INVITED, by=steps.invite),
    # A reply asked something, or somebody from afar: the satellite was invited to stream without a wake word.
    (INVITED, WakeHeard): _to(LISTENING, by=steps.start_invited),
    (INVITED, AnnouncementDue): _to(INVITED, by=steps.postpone),
    (INVITED, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (INVITED, DeadlinePassed): _to(WAITING, ANSWERING, by=steps.nothing_said),
    (INVITED, SatelliteLost): _to(WAITING, by=steps.lose),
    # The user speaks, or is about to.
    (LISTENING, SpeechStarted): _to(LISTENING, by=steps.note_speech),
    (LISTENING, SpeechEnded): _to(LISTENING, by=steps.note_silence),
    (LISTENING, PartialReady): _to(LISTENING, FINISHING, WAITING, ANSWERING, by=steps.note_words),
    (LISTENING, PreviewReady): _to(LISTENING, FINISHING, ANSWERING, WAITING, by=steps.note_preview),
    (LISTENING, AudioReached): _to(LISTENING, FINISHING, WAITING, ANSWERING, by=steps.perhaps_endpoint),
    (LISTENING, UtteranceEnded): _to(FINISHING, WAITING, ANSWERING, by=steps.end_utterance),
    (LISTENING, WakeHeard): _to(LISTENING, by=steps.start_over),
    (LISTENING, AnnouncementDue): _to(LISTENING, by=steps.postpone),
    (LISTENING, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (LISTENING, Outbid): _to(WAITING, ANSWERING, by=steps.give_way),
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
    (SPEAKING, InterruptionHeard): _to(INTERRUPTED, by=interruption.interrupt),
    (SPEAKING, AnnouncementDue): _to(SPEAKING, by=steps.postpone),
    (SPEAKING, CancelRequested): _to(WAITING, ANSWERING, by=steps.cancel),
    (SPEAKING, WorkFailed): _to(WAITING, ANSWERING, by=steps.fail),
    (SPEAKING, DeadlinePassed): _to(WAITING, INVITED, ANSWERING, by=steps.give_up_on_playback),
    (SPEAKING, SatelliteLost): _to(WAITING, by=steps.lose),
    # Somebody speaks into the reply, without a wake word: it waits, or sounds on, until it is known whether with words.
    (INTERRUPTED, SpeechStarted): _to(INTERRUPTED, by=steps.note_speech),
    (INTERRUPTED, SpeechEnded): _to(INTERRUPTED, by=steps.note_silence),
    (INTERRUPTED, PartialReady): _to(INTERRUPTED, by=interruption.note_words),
    (INTERRUPTED, PreviewReady): _to(INTERRUPTED, LISTENING, by=interruption.weigh_preview),
    (INTERRUPTED, AudioReached): _to(INTERRUPTED, LISTENING, SPEAKING, by=interruption.weigh_audio),
    (INTERRUPTED, ReplyFinished): _to(INTERRUPTED, by=interruption.note_finished),
    (INTERRUPTED, PlaybackEnded): _to(SPEAKING, WAITING, INVITED, ANSWERING, by=interruption.finish_reply),
    (INTERRUPTED, InterruptionHeard): _to(INTERRUPTED, by=interruption.interrupt_again),
    (INTERRUPTED, WakeHeard): _to(LISTENING, by=interruption.start_over_both),
    (INTERRUPTED, AnnouncementDue): _to(INTERRUPTED, by=steps.postpone),
    (INTERRUPTED, CancelRequested): _to(SPEAKING, WAITING, ANSWERING, by=interruption.cancel_either),
    (INTERRUPTED, WorkFailed): _to(SPEAKING, WAITING, ANSWERING, by=interruption.fail_either),
    (INTERRUPTED, DeadlinePassed): _to(SPEAKING, by=interruption.give_up_deciding),
    (INTERRUPTED, SatelliteLost): _to(WAITING, by=interruption.lose_both),
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
        """The number of the turn that is going on; of two, that of the one that is heard."""
        return None if self.state is WAITING else self._course.turn

    @property
    def interrupted(self) -> int | None:
        """The number of the turn whose reply is interrupted, as long as that is not certain."""
        return self._course.held.turn if self._course.held else None

    @property
    def unspoken(self) -> list[AnnouncementDue]:
        """Announcements that were taken and have not been spoken to their end."""
        return self._course.unspoken()

    def receive(self, event: Event, now: float) -> None:
        """Takes what happened; what is to be done about it waits in `commands`."""
        transition = TRANSITIONS.get((self.state, type(event)))
        if transition is None or not self._is_current(event):
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

    def _is_current(self, event: Event) -> bool:
        course = self._course
        match event:
            case AudioReached(turn):  # it comes fifty times a second
                current = turn == course.turn
            case AnnouncementDue() | ListeningAsked() | SatelliteLost() | DeadlinePassed():
                current = True
            case WakeHeard(turn):
                is_invited = self.state is INVITED and turn == course.turn
                current = is_invited or course.is_next(turn)
            case InterruptionHeard(turn, interrupts):
                current = course.is_next(turn) and interrupts == course.speaking[0]
            case ReplyFinished(turn, revision):
                current = (turn, revision) == course.speaking
            case PlaybackEnded(turn) | PlaybackReached(turn):
                current = turn == course.speaking[0]
            case CancelRequested(turn) | WorkFailed(turn):
                current = turn in {course.turn, course.speaking[0]}
            case PreviewReady(turn, revision):
                current = turn == course.turn and revision == course.speculation.revision
            case FinalReady(turn, revision) | ReplyStarted(turn, revision):
                current = turn == course.turn and revision == course.revision
            case _:
                current = event.turn == course.turn
        return current
