"""Everything that decides what a satellite does next: the table below, and the step that each row names, in `steps`
or, while somebody speaks into a reply, `interruption`.

Rules:

1. At most one turn at a time, and while its reply plays, one that may interrupt it. The satellite's own have odd
   numbers that only grow; even ones come from the server.
2. An event of another turn is stale: it is ignored, and counted. So is a pair that is not in the table.
3. Nothing streams while the satellite is muted or offline, or once the server has heard enough.
4. Whatever a turn waits for has a deadline; when it passes, the turn ends.
5. Whoever waits for a turn is told when this side gives it up, unless the connection itself is gone.
6. A mute from afar may be lifted from afar, and in the room; a mute in the room only there.
"""

from collections.abc import Mapping
from typing import Final

from roomtone.satellite import interruption, steps
from roomtone.satellite.course import Course, MachineSettings, State
from roomtone.satellite.events import (
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
    MuteAsked,
    Muted,
    ReplyPlayed,
    ReplyProgressed,
    ReplyStarted,
    TurnEnded,
    TurnGranted,
    UnmuteAsked,
    Unmuted,
    VoiceHeard,
    VoiceLasted,
    VoiceStarted,
    VoiceStopped,
    WakeHeard,
)
from roomtone.satellite.table import TableMachine, Transition, to

OFFLINE, MUTED, WAITING, LISTENING, THINKING, PLAYING, HUSHED, INTERRUPTED = State


TRANSITIONS: Final[Mapping[tuple[State, type[Event]], Transition[Course, State]]] = {
    # No server: the wake word is heard, and answered with an error.
    (OFFLINE, Connected): to(WAITING, by=steps.go_online),
    (OFFLINE, Muted): to(MUTED, by=steps.mute),
    (OFFLINE, MuteAsked): to(MUTED, by=steps.mute),
    (OFFLINE, WakeHeard): to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonPressed): to(OFFLINE, by=steps.regret),
    (OFFLINE, ButtonHeld): to(OFFLINE, by=steps.regret),
    # Muted, with or without a server: nothing leaves, nothing begins.
    (MUTED, Unmuted): to(WAITING, OFFLINE, by=steps.unmute),
    (MUTED, UnmuteAsked): to(MUTED, WAITING, OFFLINE, by=steps.perhaps_unmute),
    (MUTED, Muted): to(MUTED, by=steps.hold_mute),
    (MUTED, Connected): to(MUTED, by=steps.connect_muted),
    (MUTED, Disconnected): to(MUTED, by=steps.disconnect_muted),
    (MUTED, ListenAsked): to(MUTED, by=steps.decline_muted),
    (MUTED, ReplyStarted): to(MUTED, by=steps.decline_muted),
    # Nobody speaks.
    (WAITING, WakeHeard): to(LISTENING, by=steps.start_by_word),
    (WAITING, VoiceHeard): to(LISTENING, by=steps.start_by_voice),
    (WAITING, ButtonPressed): to(LISTENING, by=steps.start_by_button),
    (WAITING, ButtonHeld): to(LISTENING, by=steps.start_held),
    (WAITING, ListenAsked): to(LISTENING, by=steps.start_invited),
    (WAITING, ReplyStarted): to(PLAYING, by=steps.play_announcement),
    (WAITING, Muted): to(MUTED, by=steps.mute),
    (WAITING, MuteAsked): to(MUTED, by=steps.mute),
    (WAITING, Disconnected): to(OFFLINE, by=steps.disconnect),
    # The user speaks, or is about to: the microphone streams.
    (LISTENING, TurnGranted): to(LISTENING, by=steps.let_it_settle),
    (LISTENING, EndpointFound): to(THINKING, by=steps.await_reply),
    (LISTENING, ReplyStarted): to(PLAYING, by=steps.play_reply),
    (LISTENING, TurnEnded): to(WAITING, by=steps.end_turn),
    (LISTENING, ListenAsked): to(LISTENING, by=steps.decline_busy),
    (LISTENING, WakeHeard): to(LISTENING, by=steps.perhaps_start_over),
    (LISTENING, ButtonPressed): to(WAITING, by=steps.cancel),
    (LISTENING, ButtonHeld): to(LISTENING, by=steps.start_over_held),
    (LISTENING, ButtonReleased): to(LISTENING, THINKING, by=steps.release),
    (LISTENING, Muted): to(MUTED, by=steps.mute),
    (LISTENING, MuteAsked): to(MUTED, by=steps.mute),
    (LISTENING, Disconnected): to(OFFLINE, by=steps.disconnect),
    (LISTENING, DeadlinePassed): to(LISTENING, WAITING, by=steps.chime_or_give_up),
    # The utterance is over and nothing sounds: the reply is awaited, or after it the turn's end.
    (THINKING, ReplyStarted): to(PLAYING, by=steps.play_reply),
    (THINKING, TurnEnded): to(WAITING, by=steps.end_turn),
    (THINKING, ListenAsked): to(LISTENING, by=steps.start_invited),
    (THINKING, WakeHeard): to(LISTENING, by=steps.start_over),
    (THINKING, ButtonPressed): to(WAITING, by=steps.cancel),
    (THINKING, ButtonHeld): to(LISTENING, by=steps.start_over_held),
    (THINKING, Muted): to(MUTED, by=steps.mute),
    (THINKING, MuteAsked): to(MUTED, by=steps.mute),
    (THINKING, Disconnected): to(OFFLINE, by=steps.disconnect),
    (THINKING, DeadlinePassed): to(WAITING, by=steps.give_up),
    # The reply sounds.
    (PLAYING, ReplyStarted): to(PLAYING, by=steps.play_reply),
    (PLAYING, ReplyProgressed): to(PLAYING, by=steps.note_progress),
    (PLAYING, ReplyPlayed): to(THINKING, WAITING, LISTENING, by=steps.finish_reply),
    (PLAYING, FlushAsked): to(THINKING, WAITING, LISTENING, by=steps.flush),
    (PLAYING, TurnEnded): to(PLAYING, by=steps.let_it_finish),
    (PLAYING, ListenAsked): to(PLAYING, by=steps.listen_later),
    (PLAYING, VoiceStarted): to(PLAYING, HUSHED, by=interruption.perhaps_pause),
    (PLAYING, VoiceLasted): to(PLAYING, INTERRUPTED, by=interruption.interrupt),
    (PLAYING, WakeHeard): to(LISTENING, by=steps.start_over),
    (PLAYING, ButtonPressed): to(WAITING, by=steps.cancel),
    (PLAYING, ButtonHeld): to(LISTENING, by=steps.start_over_held),
    (PLAYING, Muted): to(MUTED, by=steps.mute),
    (PLAYING, MuteAsked): to(MUTED, by=steps.mute),
    (PLAYING, Disconnected): to(OFFLINE, by=steps.disconnect),
    (PLAYING, DeadlinePassed): to(WAITING, by=steps.give_up),
    # A voice has begun to speak into the reply, which is silent until it is known whether that was a cough.
    (HUSHED, VoiceLasted): to(PLAYING, INTERRUPTED, by=interruption.interrupt),
    (HUSHED, VoiceStopped): to(PLAYING, by=interruption.go_on),
    (HUSHED, ReplyStarted): to(HUSHED, by=steps.play_on),
    (HUSHED, ReplyProgressed): to(HUSHED, by=steps.report_progress),
    (HUSHED, ReplyPlayed): to(THINKING, WAITING, LISTENING, by=steps.finish_reply),
    (HUSHED, FlushAsked): to(THINKING, WAITING, LISTENING, by=steps.flush),
    (HUSHED, TurnEnded): to(HUSHED, by=steps.let_it_finish),
    (HUSHED, ListenAsked): to(HUSHED, by=steps.listen_later),
    (HUSHED, WakeHeard): to(LISTENING, by=steps.start_over),
    (HUSHED, ButtonPressed): to(WAITING, by=steps.cancel),
    (HUSHED, ButtonHeld): to(LISTENING, by=steps.start_over_held),
    (HUSHED, Muted): to(MUTED, by=steps.mute),
    (HUSHED, MuteAsked): to(MUTED, by=steps.mute),
    (HUSHED, Disconnected): to(OFFLINE, by=steps.disconnect),
    (HUSHED, DeadlinePassed): to(PLAYING, by=interruption.go_on),
    # The voice lasts, and is streamed: the server finds out whether it has words for us.
    (INTERRUPTED, ReplyStarted): to(INTERRUPTED, by=steps.play_on),
    (INTERRUPTED, ReplyProgressed): to(INTERRUPTED, by=steps.report_progress),
    (INTERRUPTED, ReplyPlayed): to(THINKING, WAITING, LISTENING, by=interruption.outlast),
    (INTERRUPTED, FlushAsked): to(LISTENING, by=interruption.give_floor),
    (INTERRUPTED, TurnEnded): to(INTERRUPTED, PLAYING, by=interruption.take_floor_back),
    (INTERRUPTED, ListenAsked): to(INTERRUPTED, by=steps.listen_later),
    (INTERRUPTED, WakeHeard): to(LISTENING, by=steps.start_over),
    (INTERRUPTED, ButtonPressed): to(WAITING, by=steps.cancel),
    (INTERRUPTED, ButtonHeld): to(LISTENING, by=steps.start_over_held),
    (INTERRUPTED, Muted): to(MUTED, by=steps.mute),
    (INTERRUPTED, MuteAsked): to(MUTED, by=steps.mute),
    (INTERRUPTED, Disconnected): to(OFFLINE, by=steps.disconnect),
    (INTERRUPTED, DeadlinePassed): to(PLAYING, by=interruption.doubt),
}


class SatelliteMachine(TableMachine[State, Event, Command]):
    """The life of one satellite. `now` is monotonic, in seconds, and never goes back."""

    def __init__(self, settings: MachineSettings | None = None) -> None:
        self._course = Course(settings or MachineSettings())
        super().__init__(TRANSITIONS, self._course)

    @property
    def turn(self) -> int | None:
        """The number of the turn that is going on."""
        return self._course.turn

    @property
    def playing(self) -> bool:
        """Whether a reply sounds, or pauses."""
        return self._course.playing

    @property
    def muted_there(self) -> bool:
        """Whether it was muted in the room: only there can that be lifted."""
        return self._course.muted_there

    def next_deadline(self) -> float | None:
        return self._course.deadline

    def advance(self, now: float) -> None:
        """Tells the time. Nothing happens before `next_deadline`."""
        if self._course.deadline is not None and now >= self._course.deadline:
            self.receive(DeadlinePassed(), now)
