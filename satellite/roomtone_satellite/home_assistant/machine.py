"""Everything that decides what a satellite does next while Home Assistant drives it: the table below, the step that
each row names, in `steps`, and what is known of Home Assistant's pipelines, in `runs`.

Rules:

1. Home Assistant knows no turns: what a message means follows from the state in which it comes. A pair that is not in
   the table is ignored, and counted; so is what belongs to audio, or to a run, that is over.
2. Nothing streams unless we are driven, and neither muted here nor paused there. What plays or rings goes on.
3. All that comes to be played is answered by `played`, once, whether it has sounded or was silenced.
4. Timers ring as long as nobody speaks, until a wake word or the button ends it; that begins nothing else.
5. Whatever is waited for has a deadline; when it passes, the turn ends, or what was asked for is asked for again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from roomtone_satellite.events import (
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    DeadlinePassed,
    Muted,
    ReplyPlayed,
    ReplyProgressed,
    Unmuted,
    WakeHeard,
)
from roomtone_satellite.home_assistant import steps
from roomtone_satellite.home_assistant.course import Course, MachineSettings, State
from roomtone_satellite.home_assistant.events import (
    Abandoned,
    AudioEnded,
    AudioStarted,
    Command,
    Driven,
    Event,
    ListeningBegan,
    Paused,
    ReplyPromised,
    Resumed,
    RunFailed,
    RunOverdue,
    TimerCancelled,
    TimerFinished,
    Transcribed,
    UtteranceEnded,
    WakeAwaited,
    WakeDetected,
)

OFFLINE, MUTED, PAUSED, WAITING, LISTENING, THINKING, PLAYING, RINGING = State
NOBODY_ASKED: Final = (RINGING, PAUSED, MUTED, OFFLINE)
AT_REST: Final = (WAITING, *NOBODY_ASKED)  # one of them, once nothing is said any more


@dataclass(frozen=True, slots=True)
class Transition:
    to: frozenset[State]
    by: Callable[[Course, Any, float], State]


def _to(*states: State, by: Callable[[Course, Any, float], State]) -> Transition:
    return Transition(frozenset(states), by)


TRANSITIONS: Final[Mapping[tuple[State, type[Event]], Transition]] = {
    # Nobody drives us: the wake word is heard, and answered with an error.
    (OFFLINE, Driven): _to(WAITING, by=steps.take_up),
    (OFFLINE, Muted): _to(MUTED, by=steps.mute),
    (OFFLINE, WakeHeard): _to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonPressed): _to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonHeld): _to(OFFLINE, by=steps.regret),
    # Muted here, whoever drives us: the ear is closed.
    (MUTED, Unmuted): _to(WAITING, PAUSED, OFFLINE, by=steps.unmute),
    (MUTED, Driven): _to(MUTED, by=steps.take_up),
    (MUTED, Paused): _to(MUTED, by=steps.pause),
    (MUTED, Resumed): _to(MUTED, by=steps.resume),
    (MUTED, Abandoned): _to(MUTED, by=steps.abandon),
    (MUTED, Transcribed): _to(MUTED, by=steps.note_transcript),
    (MUTED, RunFailed): _to(MUTED, by=steps.note_failure),
    (MUTED, RunOverdue): _to(MUTED, by=steps.ask_again),
    (MUTED, AudioStarted): _to(PLAYING, MUTED, by=steps.play_unless_cut_off),
    (MUTED, TimerFinished): _to(RINGING, by=steps.start_ringing),
    # Muted there. It still finishes what it was about, and announces.
    (PAUSED, Resumed): _to(WAITING, by=steps.resume),
    (PAUSED, Abandoned): _to(OFFLINE, by=steps.abandon),
    (PAUSED, Muted): _to(MUTED, by=steps.mute),
    (PAUSED, Transcribed): _to(PAUSED, by=steps.note_transcript),
    (PAUSED, RunFailed): _to(PAUSED, by=steps.forget_turn),
    (PAUSED, DeadlinePassed): _to(PAUSED, by=steps.forget_turn),
    (PAUSED, AudioStarted): _to(PLAYING, PAUSED, by=steps.play_unless_cut_off),
    (PAUSED, TimerFinished): _to(RINGING, by=steps.start_ringing),
    # Nobody speaks. Where Home Assistant listens for the wake word, the microphone streams.
    (WAITING, WakeHeard): _to(LISTENING, by=steps.start_by_word),
    (WAITING, ButtonPressed): _to(LISTENING, by=steps.start_by_button),
    (WAITING, ButtonHeld): _to(LISTENING, by=steps.start_held),
    (WAITING, WakeAwaited): _to(WAITING, by=steps.note_wake_run),
    (WAITING, WakeDetected): _to(LISTENING, by=steps.start_remotely),
    (WAITING, RunFailed): _to(WAITING, by=steps.regret_wake_run),
    (WAITING, RunOverdue): _to(WAITING, by=steps.ask_again),
    (WAITING, AudioStarted): _to(PLAYING, by=steps.play_unless_cut_off),
    (WAITING, TimerFinished): _to(RINGING, by=steps.start_ringing),
    (WAITING, Muted): _to(MUTED, by=steps.mute),
    (WAITING, Paused): _to(PAUSED, by=steps.pause),
    (WAITING, Abandoned): _to(OFFLINE, by=steps.abandon),
    # The user speaks, or is about to: the microphone streams.
    (LISTENING, ListeningBegan): _to(LISTENING, by=steps.note_listening),
    (LISTENING, UtteranceEnded): _to(THINKING, by=steps.await_reply),
    (LISTENING, Transcribed): _to(THINKING, by=steps.await_reply),
    (LISTENING, ButtonReleased): _to(LISTENING, THINKING, WAITING, RINGING, by=steps.release),
    (LISTENING, ButtonPressed): _to(WAITING, RINGING, by=steps.cancel),
    (LISTENING, ButtonHeld): _to(LISTENING, by=steps.start_held),
    (LISTENING, WakeAwaited): _to(WAITING, RINGING, by=steps.perhaps_rest),
    (LISTENING, RunFailed): _to(LISTENING, WAITING, RINGING, by=steps.fail),
    (LISTENING, RunOverdue): _to(LISTENING, by=steps.ask_again),
    (LISTENING, AudioStarted): _to(PLAYING, by=steps.play),
    (LISTENING, TimerFinished): _to(LISTENING, by=steps.note_timer),
    (LISTENING, TimerCancelled): _to(LISTENING, by=steps.forget_timer),
    (LISTENING, Muted): _to(MUTED, RINGING, by=steps.mute),
    (LISTENING, Paused): _to(PAUSED, RINGING, by=steps.pause_turn),
    (LISTENING, Abandoned): _to(OFFLINE, RINGING, by=steps.abandon_turn),
    (LISTENING, DeadlinePassed): _to(LISTENING, WAITING, RINGING, by=steps.chime_or_give_up),
    # The utterance is over, and its reply is awaited.
    (THINKING, Transcribed): _to(THINKING, by=steps.expect_reply),
    (THINKING, ReplyPromised): _to(THINKING, by=steps.expect_reply),
    (THINKING, AudioStarted): _to(PLAYING, by=steps.play),
    (THINKING, WakeAwaited): _to(THINKING, WAITING, RINGING, by=steps.perhaps_rest),
    (THINKING, RunFailed): _to(WAITING, RINGING, by=steps.fail),
    (THINKING, WakeHeard): _to(LISTENING, by=steps.start_by_word),
    (THINKING, WakeDetected): _to(LISTENING, by=steps.start_remotely),
    (THINKING, ButtonPressed): _to(WAITING, RINGING, by=steps.cancel),
    (THINKING, ButtonHeld): _to(LISTENING, by=steps.start_held),
    (THINKING, TimerFinished): _to(THINKING, by=steps.note_timer),
    (THINKING, TimerCancelled): _to(THINKING, by=steps.forget_timer),
    (THINKING, Muted): _to(MUTED, RINGING, by=steps.mute),
    (THINKING, Paused): _to(PAUSED, RINGING, by=steps.pause_turn),
    (THINKING, Abandoned): _to(OFFLINE, RINGING, by=steps.abandon_turn),
    (THINKING, DeadlinePassed): _to(WAITING, RINGING, by=steps.give_up),
    # A reply or an announcement sounds.
    (PLAYING, AudioStarted): _to(PLAYING, by=steps.play),
    (PLAYING, AudioEnded): _to(PLAYING, by=steps.finish),
    (PLAYING, ReplyProgressed): _to(PLAYING, by=steps.note_progress),
    (PLAYING, ReplyPlayed): _to(*AT_REST, by=steps.finish_reply),
    (PLAYING, WakeAwaited): _to(PLAYING, by=steps.note_wake_run),
    (PLAYING, RunFailed): _to(PLAYING, by=steps.note_failure),
    (PLAYING, RunOverdue): _to(PLAYING, by=steps.ask_again),
    (PLAYING, WakeHeard): _to(LISTENING, *NOBODY_ASKED, by=steps.start_by_word),
    (PLAYING, WakeDetected): _to(LISTENING, by=steps.start_remotely),
    (PLAYING, ButtonPressed): _to(*AT_REST, by=steps.cancel),
    (PLAYING, ButtonHeld): _to(LISTENING, *NOBODY_ASKED, by=steps.start_held),
    (PLAYING, TimerFinished): _to(PLAYING, by=steps.note_timer),
    (PLAYING, TimerCancelled): _to(PLAYING, by=steps.forget_timer),
    (PLAYING, Muted): _to(MUTED, RINGING, by=steps.mute),
    (PLAYING, Unmuted): _to(PLAYING, by=steps.unmute),
    (PLAYING, Paused): _to(PLAYING, by=steps.pause),
    (PLAYING, Resumed): _to(PLAYING, by=steps.resume),
    (PLAYING, Driven): _to(PLAYING, by=steps.take_up),
    (PLAYING, Abandoned): _to(PLAYING, OFFLINE, MUTED, RINGING, by=steps.perhaps_play_on),
    (PLAYING, DeadlinePassed): _to(*AT_REST, by=steps.give_up),
    # Timers are over. Behind that lies any of the states in which nobody speaks.
    (RINGING, WakeHeard): _to(WAITING, PAUSED, MUTED, OFFLINE, by=steps.hush),
    (RINGING, WakeDetected): _to(WAITING, by=steps.hush_remotely),
    (RINGING, ButtonPressed): _to(WAITING, PAUSED, MUTED, OFFLINE, by=steps.hush),
    (RINGING, ButtonHeld): _to(WAITING, PAUSED, MUTED, OFFLINE, by=steps.hush),
    (RINGING, TimerFinished): _to(RINGING, by=steps.note_timer),
    (RINGING, TimerCancelled): _to(*AT_REST, by=steps.perhaps_stop_ringing),
    (RINGING, AudioStarted): _to(PLAYING, RINGING, by=steps.play_unless_cut_off),
    (RINGING, WakeAwaited): _to(RINGING, by=steps.note_wake_run),
    (RINGING, RunFailed): _to(RINGING, by=steps.note_failure),
    (RINGING, RunOverdue): _to(RINGING, by=steps.ask_again),
    (RINGING, Muted): _to(RINGING, by=steps.mute_ringing),
    (RINGING, Unmuted): _to(RINGING, by=steps.unmute),
    (RINGING, Driven): _to(RINGING, by=steps.take_up),
    (RINGING, Paused): _to(RINGING, by=steps.pause),
    (RINGING, Resumed): _to(RINGING, by=steps.resume),
    (RINGING, Abandoned): _to(RINGING, by=steps.abandon),
    (RINGING, DeadlinePassed): _to(*AT_REST, by=steps.ring_on),
}


class HomeAssistantMachine:
    """The life of one satellite. `now` is monotonic, in seconds, and never goes back."""

    def __init__(self, settings: MachineSettings | None = None) -> None:
        self._course = Course(settings or MachineSettings())
        self.ignored = 0

    @property
    def state(self) -> State:
        return self._course.state

    @property
    def muted(self) -> bool:
        """Whether nobody may hear what the microphone hears."""
        return self._course.muted

    @property
    def streaming(self) -> bool:
        return self._course.runs.streaming

    def receive(self, event: Event, now: float) -> None:
        """Takes what happened; what is to be done about it waits in `commands`."""
        transition = TRANSITIONS.get((self._course.state, type(event)))
        if transition is None or self._course.is_stale(event):
            self.ignored += 1
            return
        state = transition.by(self._course, event, now)
        assert state in transition.to, f"{self._course.state} on {type(event).__name__} went to {state}"
        self._course.state = state

    def commands(self) -> list[Command]:
        """What is to be done, in order; each is handed out once."""
        commands, self._course.commands = self._course.commands, []
        return commands

    def next_deadline(self) -> float | None:
        deadlines = (self._course.deadline, self._course.runs.due)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def advance(self, now: float) -> None:
        """Tells the time. Nothing happens before `next_deadline`."""
        if self._course.runs.due is not None and now >= self._course.runs.due:
            self.receive(RunOverdue(), now)
        if self._course.deadline is not None and now >= self._course.deadline:
            self.receive(DeadlinePassed(), now)
