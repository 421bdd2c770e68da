"""The satellite's machine under any order of events."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.satellite_turns import WAKE

from roomtone.satellite.course import MachineSettings, State
from roomtone.satellite.events import (
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    CancelTurn,
    Command,
    Connected,
    Disconnected,
    EndpointFound,
    Event,
    FinishReply,
    FlushAsked,
    FlushReply,
    ListenAsked,
    MuteAsked,
    Muted,
    PauseReply,
    PlayReply,
    ReleaseTurn,
    ReplyPlayed,
    ReplyProgressed,
    ReplyStarted,
    ReportPlayed,
    ResumeReply,
    StartInterrupting,
    StartStreaming,
    StopStreaming,
    TurnEnded,
    TurnGranted,
    UnmuteAsked,
    Unmuted,
    VoiceLasted,
    VoiceStarted,
    VoiceStopped,
)
from roomtone.satellite.machine import SatelliteMachine


class AnyOrder(RuleBasedStateMachine):
    """Events in any order, sensible or not; the commands are obeyed in a world that checks them."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = SatelliteMachine(MachineSettings(voice_pauses=True))
        self.now = 0.0
        self.streaming: int | None = None
        self.playing: int | None = None
        self.paused = False
        self.own_turns: list[int] = []
        self.connected = False
        self.muted_there = self.muted_from_afar = False

    def happens(self, event: Event) -> None:
        self.machine.receive(event, self.now)
        self.obey()

    def obey(self) -> None:
        for command in self.machine.commands():
            match command:
                case StartStreaming(turn=turn, wake=wake, first_sample=first, held=held):
                    assert self.streaming is None
                    assert not self.muted_there
                    assert not self.muted_from_afar
                    assert not (held and wake)
                    assert (wake is None) == (first is None)
                    self.streaming = turn
                    if turn % 2:
                        self.own_turns.append(turn)
                case StartInterrupting(turn=turn, interrupts=interrupts, paused=paused):
                    assert self.streaming is None
                    assert (interrupts, paused) == (self.playing, self.paused)
                    self.streaming = turn
                    self.own_turns.append(turn)
                case StopStreaming(turn=turn):
                    assert self.streaming == turn
                    self.streaming = None
                case CancelTurn() | ReleaseTurn():
                    assert self.connected
                case _:
                    self.sound(command)

    def sound(self, command: Command) -> None:
        match command:
            case PauseReply(turn=turn) | ResumeReply(turn=turn):
                assert self.playing == turn
                assert self.paused != isinstance(command, PauseReply)
                self.paused = not self.paused
            case PlayReply(turn=turn):
                assert self.playing in (None, turn)
                self.playing = turn
            case FlushReply(turn=turn) | ReportPlayed(turn=turn, done=True):
                assert self.playing == turn
                self.playing, self.paused = None, False
            case FinishReply(turn=turn) | ReportPlayed(turn=turn):
                assert self.playing == turn

    @precondition(lambda self: not self.connected)
    @rule()
    def connect(self):
        self.connected = True
        self.happens(Connected())

    @precondition(lambda self: self.connected)
    @rule()
    def disconnect(self):
        self.connected = False
        self.happens(Disconnected())

    @rule(event=st.sampled_from([Muted(), Unmuted(), ButtonPressed(), ButtonHeld(), ButtonReleased(), WAKE]))
    def person(self, event):
        if isinstance(event, Muted | Unmuted):
            self.muted_there = isinstance(event, Muted)
            self.muted_from_afar = self.muted_from_afar and self.muted_there
        self.happens(event)

    @rule(event=st.sampled_from([MuteAsked(), UnmuteAsked()]))
    def somebody_elsewhere(self, event):
        self.muted_from_afar = isinstance(event, MuteAsked)
        self.happens(event)

    @precondition(lambda self: self.connected)
    @rule(settles_s=st.sampled_from([0.0, 0.2]), turn=st.integers(min_value=0, max_value=12), current=st.booleans())
    def server_grants_turn(self, settles_s, turn, current):
        granted = self.machine.turn if current and self.machine.turn is not None else turn
        self.happens(TurnGranted(granted, settles_s))

    @precondition(lambda self: self.connected)
    @rule(
        kind=st.sampled_from([EndpointFound, ReplyStarted, FlushAsked, ListenAsked]),
        turn=st.integers(min_value=0, max_value=12),
        current=st.booleans(),
    )
    def server(self, kind, turn, current):
        self.happens(kind(self.machine.turn if current and self.machine.turn is not None else turn))

    @precondition(lambda self: self.connected)
    @rule(outcome=st.sampled_from(["answered", "nothing-said", "failed"]))
    def server_ends_turn(self, outcome):
        self.happens(TurnEnded(self.machine.turn or 0, outcome))

    @rule(kind=st.sampled_from([VoiceStarted, VoiceLasted]))
    def voice(self, kind):
        self.happens(kind(40_000))

    @rule()
    def voice_stops(self):
        self.happens(VoiceStopped())

    @precondition(lambda self: self.connected and self.own_turns)
    @rule()
    def server_ends_the_newest_turn(self):
        self.happens(TurnEnded(self.own_turns[-1], "nothing-said"))

    @precondition(lambda self: self.playing is not None)
    @rule(done=st.booleans())
    def speaker(self, done):
        self.happens(ReplyPlayed(self.playing, 100) if done else ReplyProgressed(self.playing, 100))

    @rule(seconds=st.floats(min_value=0.0, max_value=70.0))
    def time_passes(self, seconds):
        self.now += seconds
        self.machine.advance(self.now)
        self.obey()

    @rule()
    def nobody_says_anything_more(self):
        while (deadline := self.machine.next_deadline()) is not None:
            self.now = max(self.now, deadline)
            self.machine.advance(self.now)
            self.obey()
        assert self.machine.turn is None
        assert self.machine.state in {State.WAITING, State.MUTED, State.OFFLINE}

    @invariant()
    def nothing_streams_while_muted_or_offline(self):
        if self.machine.state in {State.MUTED, State.OFFLINE}:
            assert self.streaming is None
            assert self.playing is None
            assert self.machine.turn is None

    @invariant()
    def only_the_room_lifts_the_room_s_mute(self):
        assert self.machine.muted_there == self.muted_there
        assert (self.machine.state is State.MUTED) == (self.muted_there or self.muted_from_afar)

    @invariant()
    def states_mean_what_they_say(self):
        state = self.machine.state
        assert (state in {State.LISTENING, State.INTERRUPTED}) == (self.streaming is not None)
        assert (state in {State.PLAYING, State.HUSHED, State.INTERRUPTED}) == (self.playing is not None)
        assert self.playing in {None, self.machine.turn}
        assert self.streaming in {None, self.machine.turn} or state is State.INTERRUPTED
        assert self.paused == (state is State.HUSHED) or state is State.INTERRUPTED

    @invariant()
    def every_turn_has_a_deadline(self):
        assert (self.machine.turn is None) == (self.machine.next_deadline() is None)

    @invariant()
    def own_turns_are_odd_and_grow(self):
        assert self.own_turns == sorted(set(self.own_turns))
        assert all(turn % 2 for turn in self.own_turns)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=200, stateful_step_count=40, deadline=None, derandomize=True)
