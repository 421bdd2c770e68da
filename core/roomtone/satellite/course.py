"""What the satellite's machine remembers between events, in which states it can be, and what its owner sets."""

from dataclasses import dataclass, field
from enum import Enum

from roomtone.satellite.events import (
    CancelTurn,
    Command,
    Event,
    FlushReply,
    ListenAsked,
    ReplyStarted,
    StopStreaming,
    TurnEnded,
)


class State(Enum):
    OFFLINE = "offline"
    MUTED = "muted"
    WAITING = "waiting"
    LISTENING = "listening"
    THINKING = "thinking"
    PLAYING = "playing"
    HUSHED = "hushed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class MachineSettings:
    # 500 ms: a wake word is detected up to 0.45 s after its end, and a command may follow it at once.
    preroll_samples: int = 8_000
    granted_within_s: float = 0.15  # a chime that waits longer for the server's word would come too late to be of use
    utterance_within_s: float = 60.0  # the server ends an utterance; this only guards against one that does not
    answer_within_s: float = 40.0  # more than the server allows itself, so that its own word comes first
    playback_stalls_after_s: float = 10.0  # a reply that neither grows nor ends
    voice_pauses: bool = False  # a voice pauses the reply that it speaks into
    voice_lasts_within_s: float = 1.0  # a voice that neither lasts nor stops: the microphone has failed
    decided_within_s: float = 5.0  # more than the server allows itself, so that its own word comes first


@dataclass(slots=True)
class Course:
    """What the machine remembers between events. Only steps change it."""

    settings: MachineSettings
    state: State = State.OFFLINE
    commands: list[Command] = field(default_factory=list)
    deadline: float | None = None
    turn: int | None = None
    connected: bool = False
    muted_there: bool = False  # in the room, and not from afar alone
    streaming: bool = False
    chime_waits: bool = False  # until it is known that no other satellite takes the turn
    held: bool = False  # the turn's utterance lasts until the button is released
    unasked: bool = False  # a voice alone has begun the turn
    playing: bool = False
    paused: bool = False  # it plays, and is silent for now
    interrupting: int | None = None  # the turn that streams while the reply of `turn` plays
    vain: int = 0  # pauses of the reply, for nothing
    answered: bool = False  # some of the turn's reply has come
    ended: bool = False  # the server is done with the turn; only its reply still sounds
    invited: int | None = None  # the turn to listen for, once the reply has sounded
    last_own_turn: int = -1
    last_server_turn: int = 0

    def is_stale(self, event: Event) -> bool:
        """Whether the event speaks of a turn that is not, or not any more, the one going on."""
        turn = getattr(event, "turn", None)
        if turn is None or (turn == self.turn and not isinstance(event, ListenAsked)):
            return False
        if turn == self.interrupting:
            return not isinstance(event, TurnEnded)
        begins_a_turn = isinstance(event, ListenAsked) or (isinstance(event, ReplyStarted) and self.turn is None)
        return not (begins_a_turn and turn % 2 == 0 and turn > self.last_server_turn)

    def do(self, *commands: Command) -> None:
        self.commands.extend(commands)

    def begin(self, turn: int | None = None) -> int:
        """Opens the server's turn of this number, or the satellite's next one."""
        assert self.turn is None, "a turn begins while another goes on"
        if turn is None:
            turn = self.last_own_turn = self.last_own_turn + 2
        else:
            self.last_server_turn = turn
        self.turn = turn
        return turn

    def stop_streaming(self) -> None:
        if self.streaming:
            turn = self.turn if self.interrupting is None else self.interrupting
            assert turn is not None
            self.streaming = self.chime_waits = False
            self.interrupting = None
            self.do(StopStreaming(turn))

    def stop_playing(self) -> None:
        if self.playing:
            assert self.turn is not None
            self.playing = self.paused = False
            self.do(FlushReply(self.turn))

    def end(self, *, tell_server: bool) -> None:
        """Closes the turn, if one goes on, with everything that still runs for it."""
        going_on = (self.interrupting, self.turn, self.invited)
        self.stop_streaming()
        self.stop_playing()
        if tell_server:
            self.do(*(CancelTurn(turn) for turn in going_on if turn is not None))
        self.turn = self.deadline = self.invited = None
        self.held = self.unasked = self.answered = self.ended = False
        self.vain = 0
