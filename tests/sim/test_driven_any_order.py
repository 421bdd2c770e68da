"""The machine of a satellite that Home Assistant drives, under any order of events."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.driven_satellites import CLEAR, WAKE

from roomtone.satellite.events import (
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    FinishReply,
    FlushReply,
    Muted,
    PlayReply,
    ReplyPlayed,
    ReplyProgressed,
    Unmuted,
)
from roomtone_satellite.home_assistant.course import MachineSettings, State
from roomtone_satellite.home_assistant.events import (
    Abandoned,
    AudioEnded,
    AudioStarted,
    Driven,
    EndRun,
    Event,
    ListeningBegan,
    Paused,
    ReplyPromised,
    Resumed,
    RunFailed,
    SayPlayed,
    StartRun,
    StartWakeRun,
    StopStreaming,
    TimerCancelled,
    TimerFinished,
    Transcribed,
    UtteranceEnded,
    WakeAwaited,
    WakeDetected,
)
from roomtone_satellite.home_assistant.machine import HomeAssistantMachine

SPEECH = [ListeningBegan(), UtteranceEnded(), Transcribed(), ReplyPromised(), WakeAwaited(), WakeDetected()]
FAILURES = [CLEAR, RunFailed("intent-failed", "?"), RunFailed("stt-no-text-recognized", "?")]


class AnyOrder(RuleBasedStateMachine):
    """Events in any order, sensible or not; the commands are obeyed in a world that checks them."""

    @initialize(remote=st.booleans())
    def begin(self, remote):
        self.machine = HomeAssistantMachine(MachineSettings(remote_wake=remote))
        self.remote = remote
        self.now = 0.0
        self.streaming = False
        self.playing: int | None = None
        self.turns = 0
        self.to_answer = 0
        self.connected = self.paused = self.muted = False

    def happens(self, event: Event) -> None:
        self.machine.receive(event, self.now)
        self.obey()

    def obey(self) -> None:
        for command in self.machine.commands():
            match command:
                case StartRun() | StartWakeRun():
                    assert self.connected
                    assert not self.paused
                    assert not self.muted
                    self.streaming = True
                case EndRun():
                    assert self.connected
                    assert not self.paused
                case StopStreaming():
                    assert self.streaming
                    self.streaming = False
                case PlayReply(turn=turn):
                    assert turn == self.turns
                    self.playing = turn
                case FinishReply(turn=turn):
                    assert self.playing == turn
                case FlushReply(turn=turn):
                    assert self.playing == turn
                    self.playing = None
                case SayPlayed():
                    self.to_answer -= 1
                    assert self.to_answer >= 0

    @precondition(lambda self: not self.connected)
    @rule()
    def connect(self):
        self.connected, self.paused = True, False
        self.happens(Driven())

    @precondition(lambda self: self.connected)
    @rule()
    def disconnect(self):
        self.connected = False
        self.happens(Abandoned())

    @precondition(lambda self: self.connected)
    @rule()
    def pause_or_resume(self):
        self.paused = not self.paused
        self.happens(Paused() if self.paused else Resumed())

    @rule()
    def mute_or_unmute(self):
        self.muted = not self.muted
        self.happens(Muted() if self.muted else Unmuted())

    @rule(event=st.sampled_from([ButtonPressed(), ButtonHeld(), ButtonReleased()]))
    def button(self, event):
        self.happens(event)

    @precondition(lambda self: not self.muted and not self.remote)
    @rule()
    def wake_word(self):
        self.happens(WAKE)

    @precondition(lambda self: self.connected)
    @rule(event=st.sampled_from([*SPEECH, *FAILURES]))
    def home_assistant(self, event):
        self.happens(event)

    @rule(event=st.sampled_from([TimerFinished("eggs"), TimerFinished("tea"), TimerCancelled("tea")]))
    def timers(self, event):
        self.happens(event)

    @precondition(lambda self: self.connected)
    @rule()
    def audio_starts(self):
        self.turns += 1
        ignored = self.machine.ignored
        self.to_answer += 1
        self.happens(AudioStarted(self.turns))
        if self.machine.ignored > ignored:
            self.to_answer -= 1  # of a run that is to end: nobody waits for it
        elif self.machine.state is not State.PLAYING:
            assert self.to_answer == 0
        else:
            assert self.to_answer == 1, "whatever sounded before is answered"

    @precondition(lambda self: self.connected and self.turns)
    @rule(turn=st.integers(0, 1))
    def audio_ends(self, turn):
        self.happens(AudioEnded(self.turns - turn))

    @precondition(lambda self: self.playing is not None)
    @rule(done=st.booleans())
    def speaker(self, done):
        turn = self.playing
        if done:
            self.playing = None
        self.happens(ReplyPlayed(turn, 100) if done else ReplyProgressed(turn, 100))

    @rule(seconds=st.floats(min_value=0.0, max_value=70.0))
    def time_passes(self, seconds):
        self.now += seconds
        self.machine.advance(self.now)
        self.obey()

    @rule()
    def deadlines_pass_one_by_one(self):
        enough = self.now + 1_000
        while (deadline := self.machine.next_deadline()) is not None and deadline < enough:
            self.now = max(self.now, deadline)
            self.machine.advance(self.now)
            self.obey()
            later = self.machine.next_deadline()
            assert later is None or later > self.now, "a deadline that has passed is not one that is to come"
        assert self.machine.state in {State.WAITING, State.MUTED, State.OFFLINE, State.PAUSED}

    @invariant()
    def nothing_streams_that_may_not(self):
        if not hasattr(self, "machine"):
            return
        assert self.machine.streaming == self.streaming
        if self.muted or self.paused or not self.connected:
            assert not self.streaming
        assert self.machine.muted == self.muted

    @invariant()
    def states_mean_what_they_say(self):
        if not hasattr(self, "machine"):
            return
        state = self.machine.state
        assert (state is State.PLAYING) == (self.playing is not None)
        assert self.to_answer == (self.playing is not None)
        if state is State.WAITING:
            assert self.remote or not self.streaming
        if state in {State.LISTENING, State.THINKING, State.PLAYING, State.RINGING}:
            assert self.machine.next_deadline() is not None


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)
