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

from collections.abc import Mapping
from typing import Final

from roomtone.satellite.events import (
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
from roomtone.satellite.table import TableMachine, Transition, to
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


TRANSITIONS: Final[Mapping[tuple[State, type[Event]], Transition[Course, State]]] = {
    # Nobody drives us: the wake word is heard, and answered with an error.
    (OFFLINE, Driven): to(WAITING, by=steps.take_up),
    (OFFLINE, Muted): to(MUTED, by=steps.mute),
    (OFFLINE, WakeHeard): to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonPressed): to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonHeld): to(OFFLINE, by=steps.regret),
    # Muted here, whoever drives us: the ear is closed.
    (MUTED, Unmuted): to(WAITING, PAUSED, OFFLINE, by=steps.unmute),
    (MUTED, Driven): to(MUTED, by=steps.take_up),
    (MUTED, Paused): to(MUTED, by=steps.pause),
    (MUTED, Resumed): to(MUTED, by=steps.resume),
    (MUTED, Abandoned): to(MUTED, by=steps.abandon),
    (MUTED, Transcribed): to(MUTED, by=steps.note_transcript),
    (MUTED, RunFailed): to(MUTED, by=steps.note_failure),
    (MUTED, RunOverdue): to(MUTED, by=steps.ask_again),
    (MUTED, AudioStarted): to(PLAYING, MUTED, by=steps.play_unless_cut_off),
    (MUTED, TimerFinished): to(RINGING, by=steps.start_ringing),
    # Muted there. It still finishes what it was about, and announces.
    (PAUSED, Resumed): to(WAITING, by=steps.resume),
    (PAUSED, Abandoned): to(OFFLINE, by=steps.abandon),
    (PAUSED, Muted): to(MUTED, by=steps.mute),
    (PAUSED, Transcribed): to(PAUSED, by=steps.note_transcript),
    (PAUSED, RunFailed): to(PAUSED, by=steps.forget_turn),
    (PAUSED, DeadlinePassed): to(PAUSED, by=steps.forget_turn),
    (PAUSED, AudioStarted): to(PLAYING, PAUSED, by=steps.play_unless_cut_off),
    (PAUSED, TimerFinished): to(RINGING, by=steps.start_ringing),
    # Nobody speaks. Where Home Assistant listens for the wake word, the microphone streams.
    (WAITING, WakeHeard): to(LISTENING, by=steps.start_by_word),
    (WAITING, ButtonPressed): to(LISTENING, by=steps.start_by_button),
    (WAITING, ButtonHeld): to(LISTENING, by=steps.start_held),
    (WAITING, WakeAwaited): to(WAITING, by=steps.note_wake_run),
    (WAITING, WakeDetected): to(LISTENING, by=steps.start_remotely),
    (WAITING, RunFailed): to(WAITING, by=steps.regret_wake_run),
    (WAITING, RunOverdue): to(WAITING, by=steps.ask_again),
    (WAITING, AudioStarted): to(PLAYING, by=steps.play_unless_cut_off),
    (WAITING, TimerFinished): to(RINGING, by=steps.start_ringing),
    (WAITING, Muted): to(MUTED, by=steps.mute),
    (WAITING, Paused): to(PAUSED, by=steps.pause),
    (WAITING, Abandoned): to(OFFLINE, by=steps.abandon),
    # The user speaks, or is about to: the microphone streams.
    (LISTENING, ListeningBegan): to(LISTENING, by=steps.note_listening),
    (LISTENING, UtteranceEnded): to(THINKING, by=steps.await_reply),
    (LISTENING, Transcribed): to(THINKING, by=steps.await_reply),
    (LISTENING, ButtonReleased): to(LISTENING, THINKING, WAITING, RINGING, by=steps.release),
    (LISTENING, ButtonPressed): to(WAITING, RINGING, by=steps.cancel),
    (LISTENING, ButtonHeld): to(LISTENING, by=steps.start_held),
    (LISTENING, WakeAwaited): to(WAITING, RINGING, by=steps.perhaps_rest),
    (LISTENING, RunFailed): to(LISTENING, WAITING, RINGING, by=steps.fail),
    (LISTENING, RunOverdue): to(LISTENING, by=steps.ask_again),
    (LISTENING, AudioStarted): to(PLAYING, by=steps.play),
    (LISTENING, TimerFinished): to(LISTENING, by=steps.note_timer),
    (LISTENING, TimerCancelled): to(LISTENING, by=steps.forget_timer),
    (LISTENING, Muted): to(MUTED, RINGING, by=steps.mute),
    (LISTENING, Paused): to(PAUSED, RINGING, by=steps.pause_turn),
    (LISTENING, Abandoned): to(OFFLINE, RINGING, by=steps.abandon_turn),
    (LISTENING, DeadlinePassed): to(LISTENING, WAITING, RINGING, by=steps.chime_or_give_up),
    # The utterance is over, and its reply is awaited.
    (THINKING, Transcribed): to(THINKING, by=steps.expect_reply),
    (THINKING, ReplyPromised): to(THINKING, by=steps.expect_reply),
    (THINKING, AudioStarted): to(PLAYING, by=steps.play),
    (THINKING, WakeAwaited): to(THINKING, WAITING, RINGING, by=steps.perhaps_rest),
    (THINKING, RunFailed): to(WAITING, RINGING, by=steps.fail),
    (THINKING, WakeHeard): to(LISTENING, by=steps.start_by_word),
    (THINKING, WakeDetected): to(LISTENING, by=steps.start_remotely),
    (THINKING, ButtonPressed): to(WAITING, RINGING, by=steps.cancel),
    (THINKING, ButtonHeld): to(LISTENING, by=steps.start_held),
    (THINKING, TimerFinished): to(THINKING, by=steps.note_timer),
    (THINKING, TimerCancelled): to(THINKING, by=steps.forget_timer),
    (THINKING, Muted): to(MUTED, RINGING, by=steps.mute),
    (THINKING, Paused): to(PAUSED, RINGING, by=steps.pause_turn),
    (THINKING, Abandoned): to(OFFLINE, RINGING, by=steps.abandon_turn),
    (THINKING, DeadlinePassed): to(WAITING, RINGING, by=steps.give_up),
    # A reply or an announcement sounds.
    (PLAYING, AudioStarted): to(PLAYING, by=steps.play),
    (PLAYING, AudioEnded): to(PLAYING, by=steps.finish),
    (PLAYING, ReplyProgressed): to(PLAYING, by=steps.note_progress),
    (PLAYING, ReplyPlayed): to(*AT_REST, by=steps.finish_reply),
    (PLAYING, WakeAwaited): to(PLAYING, by=steps.note_wake_run),
    (PLAYING, RunFailed): to(PLAYING, by=steps.note_failure),
    (PLAYING, RunOverdue): to(PLAYING, by=steps.ask_again),
    (PLAYING, WakeHeard): to(LISTENING, *NOBODY_ASKED, by=steps.start_by_word),
    (PLAYING, WakeDetected): to(LISTENING, by=steps.start_remotely),
    (PLAYING, ButtonPressed): to(*AT_REST, by=steps.cancel),
    (PLAYING, ButtonHeld): to(LISTENING, *NOBODY_ASKED, by=steps.start_held),
    (PLAYING, TimerFinished): to(PLAYING, by=steps.note_timer),
    (PLAYING, TimerCancelled): to(PLAYING, by=steps.forget_timer),
    (PLAYING, Muted): to(MUTED, RINGING, by=steps.mute),
    (PLAYING, Unmuted): to(PLAYING, by=steps.unmute),
    (PLAYING, Paused): to(PLAYING, by=steps.pause),
    (PLAYING, Resumed): to(PLAYING, by=steps.resume),
    (PLAYING, Driven): to(PLAYING, by=steps.take_up),
    (PLAYING, Abandoned): to(PLAYING, OFFLINE, MUTED, RINGING, by=steps.perhaps_play_on),
    (PLAYING, DeadlinePassed): to(*AT_REST, by=steps.give_up),
    # Timers are over. Behind that lies any of the states in which nobody speaks.
    (RINGING, WakeHeard): to(WAITING, PAUSED, MUTED, OFFLINE, by=steps.hush),
    (RINGING, WakeDetected): to(WAITING, by=steps.hush_remotely),
    (RINGING, ButtonPressed): to(WAITING, PAUSED, MUTED, OFFLINE, by=steps.hush),
    (RINGING, ButtonHeld): to(WAITING, PAUSED, MUTED, OFFLINE, by=steps.hush),
    (RINGING, TimerFinished): to(RINGING, by=steps.note_timer),
    (RINGING, TimerCancelled): to(*AT_REST, by=steps.perhaps_stop_ringing),
    (RINGING, AudioStarted): to(PLAYING, RINGING, by=steps.play_unless_cut_off),
    (RINGING, WakeAwaited): to(RINGING, by=steps.note_wake_run),
    (RINGING, RunFailed): to(RINGING, by=steps.note_failure),
    (RINGING, RunOverdue): to(RINGING, by=steps.ask_again),
    (RINGING, Muted): to(RINGING, by=steps.mute_ringing),
    (RINGING, Unmuted): to(RINGING, by=steps.unmute),
    (RINGING, Driven): to(RINGING, by=steps.take_up),
    (RINGING, Paused): to(RINGING, by=steps.pause),
    (RINGING, Resumed): to(RINGING, by=steps.resume),
    (RINGING, Abandoned): to(RINGING, by=steps.abandon),
    (RINGING, DeadlinePassed): to(*AT_REST, by=steps.ring_on),
}


class HomeAssistantMachine(TableMachine[State, Event, Command]):
    """The life of one satellite. `now` is monotonic, in seconds, and never goes back."""

    def __init__(self, settings: MachineSettings | None = None) -> None:
        self._course = Course(settings or MachineSettings())
        super().__init__(TRANSITIONS, self._course)

    @property
    def muted(self) -> bool:
        """Whether nobody may hear what the microphone hears."""
        return self._course.muted

    @property
    def streaming(self) -> bool:
        return self._course.runs.streaming

    def next_deadline(self) -> float | None:
        deadlines = (self._course.deadline, self._course.runs.due)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def advance(self, now: float) -> None:
        """Tells the time. Nothing happens before `next_deadline`."""
        if self._course.runs.due is not None and now >= self._course.runs.due:
            self.receive(RunOverdue(), now)
        if self._course.deadline is not None and now >= self._course.deadline:
            self.receive(DeadlinePassed(), now)
