"""Everything that decides what a satellite does next: the table below, and the step that each row names, in `steps`
or, while somebody speaks into a reply, `interruption`.

Rules:

1. At most one turn at a time, and while its reply plays, one that may interrupt it. The satellite's own have odd
   numbers that only grow; even ones come from the server.
2. An event of another turn is stale: it is ignored, and counted. So is a pair that is not in the table.
3. Nothing streams while the satellite is muted or offline, or once the server has heard enough.
4. Whatever a turn waits for has a deadline; when it passes, the turn ends.
5. Whoever waits for a turn is told when this side gives it up, unless the connection itself is gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from roomtone_satellite import interruption, steps
from roomtone_satellite.events import (
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    Command,
    Connected,
    DeadlinePassed,
    Disconnected,
    EndpointFound,
    Event,
    FlushAsked,
    ListenAsked,
    Muted,
    ReplyPlayed,
    ReplyProgressed,
    ReplyStarted,
    TurnEnded,
    TurnGranted,
    Unmuted,
    VoiceLasted,
    VoiceStarted,
    VoiceStopped,
    WakeHeard,
)
from roomtone_satellite.steps import Course, MachineSettings, State

OFFLINE, MUTED, WAITING, LISTENING, THINKING, PLAYING, HUSHED, INTERRUPTED = State


@dataclass(frozen=True, slots=True)
class Transition:
    to: frozenset[State]
    by: Callable[[Course, Any, float], State]


def _to(*states: State, by: Callable[[Course, Any, float], State]) -> Transition:
    return Transition(frozenset(states), by)


TRANSITIONS: Final[Mapping[tuple[State, type[Event]], Transition]] = {
    # No server: the wake word is heard, and answered with an error.
    (OFFLINE, Connected): _to(WAITING, by=steps.go_online),
    (OFFLINE, Muted): _to(MUTED, by=steps.mute),
    (OFFLINE, WakeHeard): _to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonPressed): _to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonHeld): _to(OFFLINE, by=steps.regret),
    # Muted, with or without a server: nothing leaves, nothing begins.
    (MUTED, Unmuted): _to(WAITING, OFFLINE, by=steps.unmute),
    (MUTED, Connected): _to(MUTED, by=steps.connect_muted),
    (MUTED, Disconnected): _to(MUTED, by=steps.disconnect_muted),
    (MUTED, ListenAsked): _to(MUTED, by=steps.decline_muted),
    (MUTED, ReplyStarted): _to(MUTED, by=steps.decline_muted),
    # Nobody speaks.
    (WAITING, WakeHeard): _to(LISTENING, by=steps.start_by_word),
    (WAITING, ButtonPressed): _to(LISTENING, by=steps.start_by_button),
    (WAITING, ButtonHeld): _to(LISTENING, by=steps.start_held),
    (WAITING, ListenAsked): _to(LISTENING, by=steps.start_invited),
    (WAITING, ReplyStarted): _to(PLAYING, by=steps.play_announcement),
    (WAITING, Muted): _to(MUTED, by=steps.mute),
    (WAITING, Disconnected): _to(OFFLINE, by=steps.disconnect),
    # The user speaks, or is about to: the microphone streams.
    (LISTENING, TurnGranted): _to(LISTENING, by=steps.let_it_settle),
    (LISTENING, EndpointFound): _to(THINKING, by=steps.await_reply),
    (LISTENING, ReplyStarted): _to(PLAYING, by=steps.play_reply),
    (LISTENING, TurnEnded): _to(WAITING, by=steps.end_turn),
    (LISTENING, ListenAsked): _to(LISTENING, by=steps.decline_busy),
    (LISTENING, WakeHeard): _to(LISTENING, by=steps.perhaps_start_over),
    (LISTENING, ButtonPressed): _to(WAITING, by=steps.cancel),
    (LISTENING, ButtonHeld): _to(LISTENING, by=steps.start_over_held),
    (LISTENING, ButtonReleased): _to(LISTENING, THINKING, by=steps.release),
    (LISTENING, Muted): _to(MUTED, by=steps.mute),
    (LISTENING, Disconnected): _to(OFFLINE, by=steps.disconnect),
    (LISTENING, DeadlinePassed): _to(LISTENING, WAITING, by=steps.chime_or_give_up),
    # The utterance is over and nothing sounds: the reply is awaited, or after it the turn's end.
    (THINKING, ReplyStarted): _to(PLAYING, by=steps.play_reply),
    (THINKING, TurnEnded): _to(WAITING, by=steps.end_turn),
    (THINKING, ListenAsked): _to(LISTENING, by=steps.start_invited),
    (THINKING, WakeHeard): _to(LISTENING, by=steps.start_over),
    (THINKING, ButtonPressed): _to(WAITING, by=steps.cancel),
    (THINKING, ButtonHeld): _to(LISTENING, by=steps.start_over_held),
    (THINKING, Muted): _to(MUTED, by=steps.mute),
    (THINKING, Disconnected): _to(OFFLINE, by=steps.disconnect),
    (THINKING, DeadlinePassed): _to(WAITING, by=steps.give_up),
    # The reply sounds.
    (PLAYING, ReplyStarted): _to(PLAYING, by=steps.play_reply),
    (PLAYING, ReplyProgressed): _to(PLAYING, by=steps.note_progress),
    (PLAYING, ReplyPlayed): _to(THINKING, WAITING, LISTENING, by=steps.finish_reply),
    (PLAYING, FlushAsked): _to(THINKING, WAITING, LISTENING, by=steps.flush),
    (PLAYING, TurnEnded): _to(PLAYING, by=steps.let_it_finish),
    (PLAYING, ListenAsked): _to(PLAYING, by=steps.listen_later),
    (PLAYING, VoiceStarted): _to(PLAYING, HUSHED, by=interruption.perhaps_pause),
    (PLAYING, VoiceLasted): _to(PLAYING, INTERRUPTED, by=interruption.interrupt),
    (PLAYING, WakeHeard): _to(LISTENING, by=steps.start_over),
    (PLAYING, ButtonPressed): _to(WAITING, by=steps.cancel),
    (PLAYING, ButtonHeld): _to(LISTENING, by=steps.start_over_held),
    (PLAYING, Muted): _to(MUTED, by=steps.mute),
    (PLAYING, Disconnected): _to(OFFLINE, by=steps.disconnect),
    (PLAYING, DeadlinePassed): _to(WAITING, by=steps.give_up),
    # A voice has begun to speak into the reply, which is silent until it is known whether that was a cough.
    (HUSHED, VoiceLasted): _to(PLAYING, INTERRUPTED, by=interruption.interrupt),
    (HUSHED, VoiceStopped): _to(PLAYING, by=interruption.go_on),
    (HUSHED, ReplyStarted): _to(HUSHED, by=steps.play_on),
    (HUSHED, ReplyProgressed): _to(HUSHED, by=steps.report_progress),
    (HUSHED, ReplyPlayed): _to(THINKING, WAITING, LISTENING, by=steps.finish_reply),
    (HUSHED, FlushAsked): _to(THINKING, WAITING, LISTENING, by=steps.flush),
    (HUSHED, TurnEnded): _to(HUSHED, by=steps.let_it_finish),
    (HUSHED, ListenAsked): _to(HUSHED, by=steps.listen_later),
    (HUSHED, WakeHeard): _to(LISTENING, by=steps.start_over),
    (HUSHED, ButtonPressed): _to(WAITING, by=steps.cancel),
    (HUSHED, ButtonHeld): _to(LISTENING, by=steps.start_over_held),
    (HUSHED, Muted): _to(MUTED, by=steps.mute),
    (HUSHED, Disconnected): _to(OFFLINE, by=steps.disconnect),
    (HUSHED, DeadlinePassed): _to(PLAYING, by=interruption.go_on),
    # The voice lasts, and is streamed: the server finds out whether it has words for us.
    (INTERRUPTED, ReplyStarted): _to(INTERRUPTED, by=steps.play_on),
    (INTERRUPTED, ReplyProgressed): _to(INTERRUPTED, by=steps.report_progress),
    (INTERRUPTED, ReplyPlayed): _to(THINKING, WAITING, LISTENING, by=interruption.outlast),
    (INTERRUPTED, FlushAsked): _to(LISTENING, by=interruption.give_floor),
    (INTERRUPTED, TurnEnded): _to(INTERRUPTED, PLAYING, by=interruption.take_floor_back),
    (INTERRUPTED, ListenAsked): _to(INTERRUPTED, by=steps.listen_later),
    (INTERRUPTED, WakeHeard): _to(LISTENING, by=steps.start_over),
    (INTERRUPTED, ButtonPressed): _to(WAITING, by=steps.cancel),
    (INTERRUPTED, ButtonHeld): _to(LISTENING, by=steps.start_over_held),
    (INTERRUPTED, Muted): _to(MUTED, by=steps.mute),
    (INTERRUPTED, Disconnected): _to(OFFLINE, by=steps.disconnect),
    (INTERRUPTED, DeadlinePassed): _to(PLAYING, by=interruption.doubt),
}


class SatelliteMachine:
    """The life of one satellite. `now` is monotonic, in seconds, and never goes back."""

    def __init__(self, settings: MachineSettings | None = None) -> None:
        self._course = Course(settings or MachineSettings())
        self.ignored = 0

    @property
    def state(self) -> State:
        return self._course.state

    @property
    def turn(self) -> int | None:
        """The number of the turn that is going on."""
        return self._course.turn

    @property
    def playing(self) -> bool:
        """Whether a reply sounds, or pauses."""
        return self._course.playing

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
        return self._course.deadline

    def advance(self, now: float) -> None:
        """Tells the time. Nothing happens before `next_deadline`."""
        if self._course.deadline is not None and now >= self._course.deadline:
            self.receive(DeadlinePassed(), now)
