"""What the machine remembers between events."""

from dataclasses import dataclass, field
from enum import Enum

from roomtone.satellite.events import FlushReply, PlayChime, ReplyPlayed, ReplyProgressed
from roomtone_satellite.home_assistant.events import (
    AudioEnded,
    AudioStarted,
    Command,
    Event,
    ListeningBegan,
    ReplyPromised,
    SayPlayed,
    StartWakeRun,
    Transcribed,
    UtteranceEnded,
    WakeAwaited,
    WakeDetected,
)
from roomtone_satellite.home_assistant.runs import Phase, Runs


class State(Enum):
    OFFLINE = "offline"
    MUTED = "muted"
    PAUSED = "paused"
    WAITING = "waiting"
    LISTENING = "listening"
    THINKING = "thinking"
    PLAYING = "playing"
    RINGING = "ringing"


@dataclass(frozen=True, slots=True)
class MachineSettings:
    remote_wake: bool = False  # Home Assistant listens for the wake word
    preroll_samples: int = 0
    listens_within_s: float = 0.15  # a chime that waits longer to be told so would come too late to be of use
    utterance_within_s: float = 60.0  # Home Assistant ends an utterance; this only guards against one that it does not
    answer_within_s: float = 40.0  # and a reply that neither grows nor ends
    rings_every_s: float = 4.0
    rings_for_s: float = 600.0


@dataclass(slots=True)
class Course:
    """Only steps change it."""

    settings: MachineSettings
    state: State = State.OFFLINE
    commands: list[Command] = field(default_factory=list)
    deadline: float | None = None
    driven: bool = False
    muted: bool = False
    paused: bool = False
    left_over: bool = False  # whoever paused us, and reconnects, may have left something that runs
    chime_waits: bool = False  # until Home Assistant listens
    held: bool = False  # the utterance lasts until the button is released
    woken_at: float | None = None  # when a wake word was last reported
    understood: bool = False  # there was a transcript: what sounds next is the reply to it
    cut_off: bool = False  # pausing has cut an utterance off: a reply to it is nobody's
    turn: int | None = None  # of the audio that sounds
    announced: bool = False  # it is no reply
    all_in: bool = False  # all of it has come
    ringing: set[str] = field(default_factory=set)  # timers
    rings_until: float = 0.0
    runs: Runs = field(init=False)

    def __post_init__(self) -> None:
        self.runs = Runs(self.do, self.settings.remote_wake)

    @property
    def may_stream(self) -> bool:
        return self.driven and not self.paused and not self.muted

    def is_stale(self, event: Event) -> bool:
        """Whether the event speaks of audio that does not sound, or not any more, or of a run that is to end."""
        clearing = self.runs.phase is Phase.CLEARING
        match event:
            case AudioEnded(turn=turn) | ReplyProgressed(turn=turn) | ReplyPlayed(turn=turn):
                return turn != self.turn
            case WakeAwaited() | WakeDetected() | ListeningBegan() | UtteranceEnded():
                return clearing or not self.may_stream
            case Transcribed() | ReplyPromised():
                return clearing and self.may_stream
            case AudioStarted():
                return clearing and self.state is State.LISTENING
        return False

    def do(self, *commands: Command) -> None:
        self.commands.extend(commands)

    def clear_the_way(self, now: float) -> None:
        """What may still run is ended, and wake runs are asked for where they are wanted."""
        if self.may_stream:
            self.runs.ask(StartWakeRun() if self.settings.remote_wake else None, now)

    def stop_playing(self) -> None:
        if self.turn is not None:
            self.do(FlushReply(self.turn), SayPlayed())
            self.turn = None

    def rest(self, now: float) -> State:
        """Nothing is said any more: the state in which that leaves us."""
        self.deadline = None
        self.held = self.chime_waits = self.understood = False
        if self.may_stream:
            self.runs.settle(now)
        return self.ring(now) if self.ringing else self.idle()

    def ring(self, now: float) -> State:
        self.deadline = now + self.settings.rings_every_s
        self.do(PlayChime("timer"))
        return State.RINGING

    def idle(self) -> State:
        if self.muted:
            return State.MUTED
        if not self.driven:
            return State.OFFLINE
        return State.PAUSED if self.paused else State.WAITING

    def unless_it_sounds(self) -> State:
        """Neither ringing nor playing ends for it: only what comes afterwards is another state."""
        if self.state in {State.RINGING, State.PLAYING}:
            return self.state
        self.deadline = None
        return self.idle()
