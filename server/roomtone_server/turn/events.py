"""What enters the turn machine and what leaves it: frozen dataclasses, no PCM, no clock.

Sample positions count from the start of the satellite's microphone, at 16 kHz. Every event that answers a command, and
every command, carries the turn it belongs to; results of work also carry the revision that asked for them. A turn's
number is odd when the satellite began it and even when the server did.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

Outcome = Literal[
    "answered", "not-understood", "nothing-said", "interrupted", "cancelled", "failed", "lost", "elsewhere"
]
Stage = Literal["hearing", "answering"]
Sound = Literal["timer", "error", "done"]


class Completeness(Enum):
    """What the grammar says of a text as a beginning; and the recogniser, of a command's sound."""

    COMPLETE = "complete"  # a command, and nothing that follows can change it
    EXTENDABLE = "extendable"  # a command that may go on
    UNFINISHED = "unfinished"  # a command, by the words; but it sounds as if more followed
    OPEN = "open"  # not yet a command
    UNKNOWN = "unknown"  # nothing that it knows: free speech


FINISHED: Final = frozenset({Completeness.COMPLETE, Completeness.EXTENDABLE})  # a command that may end there


# --- events: what has happened ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WakeHeard:
    """An utterance begins: a wake word, a button, or the answer to an `Invite` (then with that turn's number)."""

    turn: int
    sample: int  # where the wake word was detected; where audio begins, when there was none
    word: bool  # whether a wake word was heard: its rest may still be sounding
    held: bool = False  # a button is held: no silence ends the utterance, `UtteranceEnded` does
    unasked: bool = False  # a voice alone began it: what is not understood was meant for others


@dataclass(frozen=True, slots=True)
class InterruptionHeard:
    """A voice, and no wake word, while a reply sounds. Whether it is meant for us is to be found out."""

    turn: int  # that it may become
    interrupts: int  # the turn of the reply
    sample: int  # where the voice began
    paused: bool  # the reply has paused for it; one that sounds on is only ended by what ends it at once


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    turn: int
    sample: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The last sample of speech, known a little later."""

    turn: int
    sample: int


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """The speaker says so, by letting go of a button."""

    turn: int


@dataclass(frozen=True, slots=True)
class AudioReached:
    """The microphone's audio has been heard up to here."""

    turn: int
    sample: int
    level_db: float  # of the newest of it, in dBFS


@dataclass(frozen=True, slots=True)
class PartialReady:
    turn: int
    key: str  # normalised: equal keys are the same command; empty when nothing was heard
    completeness: Completeness


@dataclass(frozen=True, slots=True)
class PreviewReady:
    """The transcript of what was said before a `Prepare`: as FinalReady, if nothing more is said."""

    turn: int
    revision: int
    text: str  # empty: nothing was understood
    key: str
    completeness: Completeness
    spoken: bool


@dataclass(frozen=True, slots=True)
class FinalReady:
    turn: int
    revision: int
    text: str  # empty: nothing was understood
    spoken: bool = True  # False: nobody said anything, a cough or a door was heard


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The first audio of the reply is on its way."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """All of the reply is on its way; `remaining_s` of it has still to sound. Zero when nothing is said."""

    turn: int
    revision: int
    remaining_s: float
    understood: bool
    expects_answer: bool


@dataclass(frozen=True, slots=True)
class PlaybackReached:
    """The reply has sounded up to here; not yet its end."""

    turn: int
    samples: int  # at the reply's own rate


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """The satellite's speaker has played the reply to its end."""

    turn: int


@dataclass(frozen=True, slots=True)
class WorkFailed:
    turn: int
    stage: Stage
    text: str  # what to tell the owner


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The satellite gives the turn up: its button, its mute."""

    turn: int


@dataclass(frozen=True, slots=True)
class Outbid:
    """Another satellite has heard the turn's wake word better, and answers."""

    turn: int


@dataclass(frozen=True, slots=True)
class AnnouncementDue:
    """Something to say that nobody asked for just now: a timer. Waits for the turn that is going on."""

    text: str
    sound: Sound
    expects_answer: bool = False
    language: str = ""  # of the text; empty: the house's


@dataclass(frozen=True, slots=True)
class ListeningAsked:
    """Somebody elsewhere wants the satellite to listen, without a wake word; not while a turn is going on."""

    talking: bool = False  # what is said is meant for people: its end takes more silence


@dataclass(frozen=True, slots=True)
class SatelliteLost:
    pass


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """Made by `advance`: what was waited for did not come."""


Event = (
    WakeHeard
    | InterruptionHeard
    | SpeechStarted
    | SpeechEnded
    | UtteranceEnded
    | AudioReached
    | PartialReady
    | PreviewReady
    | FinalReady
    | ReplyStarted
    | ReplyFinished
    | PlaybackReached
    | PlaybackEnded
    | WorkFailed
    | CancelRequested
    | Outbid
    | AnnouncementDue
    | ListeningAsked
    | SatelliteLost
    | DeadlinePassed
)


# --- commands: what is to be done ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartHearing:
    """Open the recogniser; feed it, and the voice detector, the turn's audio."""

    turn: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Transcribe what was said so far, report it as PreviewReady, and get the answer to it ready; without effects."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True)
class Discard:
    """What was prepared as this revision is of no use."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True)
class FinishHearing:
    """The endpoint: the satellite may stop streaming. Unless the transcript is known already, settle it, and report it
    as FinalReady of this revision."""

    turn: int
    revision: int
    sample: int  # where the decision fell
    silence_ms: int  # how much of it was silence
    known: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Ask the agent, unless this revision was prepared; speak what it says, report ReplyStarted and ReplyFinished.
    Effects are allowed from here on."""

    turn: int
    revision: int
    text: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Chime, then speak; report as for Answer."""

    turn: int
    revision: int
    text: str
    sound: Sound
    expects_answer: bool = False
    language: str = ""  # as it was due


@dataclass(frozen=True, slots=True)
class HoldReply:
    """The satellite has paused: send no more of the reply."""

    turn: int


@dataclass(frozen=True, slots=True)
class ResumeReply:
    """The reply goes on where it was held; the satellite knows, by the end of what interrupted it."""

    turn: int


@dataclass(frozen=True, slots=True)
class Invite:
    """Ask the satellite to stream without a wake word; it begins with WakeHeard of this turn."""

    turn: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Abandon:
    """Cancel all work of the turn; the satellite's speaker falls silent."""

    turn: int


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The last command of a turn."""

    turn: int
    outcome: Outcome
    text: str = ""


ReplyCommand = Answer | Announce | HoldReply | ResumeReply | Invite | Abandon
Command = StartHearing | Prepare | Discard | FinishHearing | EndTurn | ReplyCommand
