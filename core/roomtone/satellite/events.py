"""What enters the satellite's machine and what leaves it: frozen dataclasses, no PCM, no clock.

Sample positions count from the start of the microphone, at 16 kHz. A turn's number is odd when the satellite began it
and even when the server did.
"""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal[
    "answered", "not-understood", "nothing-said", "interrupted", "cancelled", "failed", "lost", "elsewhere"
]
Sound = Literal["awake", "invited", "done", "error", "timer"]


# --- events: what has happened ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """The server welcomed us."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    pass


@dataclass(frozen=True, slots=True)
class Muted:
    """In the room: its button, its settings."""


@dataclass(frozen=True, slots=True)
class Unmuted:
    """In the room, which lifts every mute."""


@dataclass(frozen=True, slots=True)
class MuteAsked:
    """From afar."""


@dataclass(frozen=True, slots=True)
class UnmuteAsked:
    """From afar, which lifts no mute of the room's own."""


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Begins an utterance without a wake word, or gives up the turn that is going on."""


@dataclass(frozen=True, slots=True)
class ButtonHeld:
    """Begins an utterance that lasts until the button is released, whatever goes on."""


@dataclass(frozen=True, slots=True)
class ButtonReleased:
    pass


@dataclass(frozen=True, slots=True)
class WakeHeard:
    name: str
    phrase: str
    score: float
    sample: int  # the end of the frame in which it was detected
    word_dbfs: float | None = None  # how loud the word was, and the room without it
    room_dbfs: float | None = None


@dataclass(frozen=True, slots=True)
class VoiceHeard:
    """Somebody speaks, where that alone begins an utterance."""

    sample: int  # where the voice began


@dataclass(frozen=True, slots=True)
class TurnGranted:
    """The server knows of no satellite that has heard the wake word better; for so many seconds one may yet come."""

    turn: int
    settles_s: float


@dataclass(frozen=True, slots=True)
class VoiceStarted:
    """Somebody, or something, begins to sound like speech while a reply plays."""

    sample: int


@dataclass(frozen=True, slots=True)
class VoiceLasted:
    """It goes on for longer than a cough."""

    sample: int  # where it began


@dataclass(frozen=True, slots=True)
class VoiceStopped:
    """It did not last."""


@dataclass(frozen=True, slots=True)
class EndpointFound:
    """The server has heard enough of the utterance."""

    turn: int


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """Audio of the turn's reply is about to come."""

    turn: int


@dataclass(frozen=True, slots=True)
class ReplyProgressed:
    """Reported by the speaker while the reply sounds."""

    turn: int
    samples: int  # of the reply, at its own rate


@dataclass(frozen=True, slots=True)
class ReplyPlayed:
    """The last sample of the reply has sounded."""

    turn: int
    samples: int


@dataclass(frozen=True, slots=True)
class FlushAsked:
    turn: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    turn: int
    outcome: Outcome
    text: str = ""  # for a failed turn, what went wrong


@dataclass(frozen=True, slots=True)
class ListenAsked:
    """The server invites an utterance without a wake word; it ends the turn itself when nothing is said."""

    turn: int


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """Made by the machine itself, when it is told the time."""


Event = (
    Connected
    | Disconnected
    | Muted
    | Unmuted
    | MuteAsked
    | UnmuteAsked
    | ButtonPressed
    | ButtonHeld
    | ButtonReleased
    | WakeHeard
    | VoiceHeard
    | TurnGranted
    | VoiceStarted
    | VoiceLasted
    | VoiceStopped
    | EndpointFound
    | ReplyStarted
    | ReplyProgressed
    | ReplyPlayed
    | FlushAsked
    | TurnEnded
    | ListenAsked
    | DeadlinePassed
)


# --- commands: what is to be done, in order --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartStreaming:
    """Announce the turn, then send the microphone's audio from `first_sample` on; None: from the next frame on."""

    turn: int
    wake: WakeHeard | None  # None: a button, a voice, or the server's invitation
    first_sample: int | None
    held: bool = False
    unasked: bool = False  # by a voice, which may speak to others


@dataclass(frozen=True, slots=True)
class StartInterrupting:
    """Announce a voice that speaks into the reply of another turn, then send the microphone's audio."""

    turn: int
    interrupts: int
    sample: int  # where the voice began
    first_sample: int  # of the audio to send
    paused: bool  # whether the reply is


@dataclass(frozen=True, slots=True)
class StopStreaming:
    turn: int


@dataclass(frozen=True, slots=True)
class ReleaseTurn:
    """Tell the server that the utterance is over."""

    turn: int


@dataclass(frozen=True, slots=True)
class CancelTurn:
    """Tell the server that the turn is given up."""

    turn: int


@dataclass(frozen=True, slots=True)
class PlayReply:
    """Let the audio that comes for this turn sound."""

    turn: int


@dataclass(frozen=True, slots=True)
class FinishReply:
    """No more audio comes for this turn; what there is may sound to its end."""

    turn: int


@dataclass(frozen=True, slots=True)
class PauseReply:
    """Fall silent now, keep what is left of the reply, and tell the server how much of it has sounded."""

    turn: int


@dataclass(frozen=True, slots=True)
class ResumeReply:
    """Play on, from the sample that would have come next."""

    turn: int


@dataclass(frozen=True, slots=True)
class FlushReply:
    """Fall silent now, forget what is left of the reply, and tell the server how much of it has sounded."""

    turn: int


@dataclass(frozen=True, slots=True)
class ReportPlayed:
    turn: int
    samples: int
    done: bool


@dataclass(frozen=True, slots=True)
class PlayChime:
    sound: Sound


@dataclass(frozen=True, slots=True)
class Alert:
    """Something went wrong that the person in the room should know: a chime, and the owner's event command."""

    text: str


Command = (
    StartStreaming
    | StartInterrupting
    | StopStreaming
    | ReleaseTurn
    | CancelTurn
    | PlayReply
    | FinishReply
    | PauseReply
    | ResumeReply
    | FlushReply
    | ReportPlayed
    | PlayChime
    | Alert
)
