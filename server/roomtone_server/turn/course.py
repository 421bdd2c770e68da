"""What a turn machine remembers between events, in which states it can be, and what its owner sets."""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

from roomtone_server.turn.endpoint import Endpointer, EndpointSettings, Pauses
from roomtone_server.turn.events import AnnouncementDue, Command, ReplyFinished
from roomtone_server.turn.speculation import Speculation

# Announcements that wait for a long turn to end; of more than these the oldest are dropped.
MAX_WAITING_ANNOUNCEMENTS: Final = 16

# People who talk to each other hesitate longer than in a command, and tell stories; but a satellite ends by itself what
# lasts a minute.
TALK: Final = EndpointSettings(free_ms=1_000, ceiling_ms=45_000)

# After which replies the satellite listens on: those that ask something, all that were spoken, none.
FollowUp = Literal["when-asked", "always", "never"]


class State(Enum):
    WAITING = "waiting"
    INVITED = "invited"
    LISTENING = "listening"
    FINISHING = "finishing"
    ANSWERING = "answering"
    SPEAKING = "speaking"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class TurnSettings:
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    follow_up: FollowUp = "when-asked"
    follow_up_s: float = 5.0  # how long the satellite listens on
    audio_stalls_after_s: float = 5.0  # a satellite that streams falls silent: the turn ends
    final_within_s: float = 10.0
    answer_within_s: float = 30.0
    playback_grace_s: float = 5.0  # beyond the reply's own length
    backchannels: frozenset[str] = frozenset()  # keys of what a listener says without wishing to speak: "mm-hm"
    undecided_ms: int = 1_500  # of an interruption's audio: without words by then, it was none
    undecided_voice_ms: int = 3_000  # as long as somebody speaks on, since words are understood when they end
    decided_within_s: float = 4.0
    talk: EndpointSettings = TALK  # where people talk to each other


@dataclass(slots=True)
class Held:
    """A reply that waits, or sounds on, until it is known whether it was interrupted."""

    turn: int
    revision: int
    paused: bool
    finished: ReplyFinished | None
    announcing: AnnouncementDue | None


class Course:
    """What the machine remembers between events. Only steps change it."""

    def __init__(self, settings: TurnSettings) -> None:
        self.settings = settings
        self.state = State.WAITING
        self.commands: list[Command] = []
        self.deadline: float | None = None
        self.turn = 0
        self.revision = 0
        self._last_revision = 0
        self.pauses = Pauses()
        self.endpointer = Endpointer(settings.endpoint, 0, self.pauses, after_wake_word=False)
        self.speculation = Speculation()
        self.reached = 0  # the microphone's last sample
        self.finished: ReplyFinished | None = None
        self.announcing: AnnouncementDue | None = None
        self.unasked = False  # begun by a voice alone, or a reply that asked nothing: it may be meant for others
        self.talking = False  # the turn is meant for people
        self.held: Held | None = None  # while it is interrupted; `turn` is the interruption's then
        self.announcements: deque[AnnouncementDue] = deque(maxlen=MAX_WAITING_ANNOUNCEMENTS)
        self.last_of_satellite = -1  # odd
        self._last_of_server = 0  # even

    def begin(self, turn: int) -> None:
        self.turn = turn
        if turn % 2:
            self.last_of_satellite = turn
        self.finished = None
        self.announcing = None
        self.unasked = self.talking = False

    def begin_own(self) -> None:
        self._last_of_server += 2
        self.begin(self._last_of_server)

    def is_next(self, turn: int) -> bool:
        """Whether the satellite may begin a turn of this number."""
        return turn % 2 == 1 and turn > self.last_of_satellite

    @property
    def speaking(self) -> tuple[int, int]:
        """The turn that a reply is of, and its revision."""
        return (self.turn, self.revision) if self.held is None else (self.held.turn, self.held.revision)

    def unspoken(self) -> list[AnnouncementDue]:
        announcing = self.held.announcing if self.held else self.announcing
        return [*([announcing] if announcing else []), *self.announcements]

    def revise(self) -> int:
        """The number of a new piece of work; results of older ones become stale."""
        self._last_revision += 1
        self.revision = self._last_revision
        return self.revision
