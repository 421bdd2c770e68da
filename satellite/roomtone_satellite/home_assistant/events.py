"""What enters the machine of a satellite that Home Assistant drives, and what leaves it, beside what it has in common
with the machine of one that our server drives. No PCM, no clock.

Where those have a turn's number, here it is that of a stream of audio, each `audio-start` the next: Home Assistant
knows no turns.
"""

from dataclasses import dataclass

from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    DeadlinePassed,
    FinishReply,
    FlushReply,
    Muted,
    PlayChime,
    PlayReply,
    ReplyPlayed,
    ReplyProgressed,
    Unmuted,
    WakeHeard,
)

# --- events: what has happened ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Driven:
    """`run-satellite`: somebody drives us from now on."""


@dataclass(frozen=True, slots=True)
class Paused:
    """`pause-satellite`: muted by its switch there, or removed; nothing may stream."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """It goes on without having said so."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The connection is over."""


@dataclass(frozen=True, slots=True)
class WakeAwaited:
    """`detect`: a run listens for the wake word now."""


@dataclass(frozen=True, slots=True)
class WakeDetected:
    """`detection`: it has heard the wake word in what we stream."""


@dataclass(frozen=True, slots=True)
class ListeningBegan:
    """`transcribe`: what we stream is recognised."""


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """`voice-stopped`: it has heard enough."""


@dataclass(frozen=True, slots=True)
class Transcribed:
    """`transcript`: likewise, and understood it; a reply may follow."""


@dataclass(frozen=True, slots=True)
class ReplyPromised:
    """`synthesize`: a reply does follow."""


@dataclass(frozen=True, slots=True)
class AudioStarted:
    """A reply, or an announcement: nothing tells them apart but what came before."""

    turn: int


@dataclass(frozen=True, slots=True)
class AudioEnded:
    turn: int


@dataclass(frozen=True, slots=True)
class RunFailed:
    """`error`: the run is over."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class TimerFinished:
    id: str


@dataclass(frozen=True, slots=True)
class TimerCancelled:
    id: str


@dataclass(frozen=True, slots=True)
class RunOverdue:
    """Made by the machine itself: what was asked of Home Assistant has not come."""


Event = (
    Driven
    | Paused
    | Resumed
    | Abandoned
    | Muted
    | Unmuted
    | ButtonPressed
    | ButtonHeld
    | ButtonReleased
    | WakeHeard
    | WakeAwaited
    | WakeDetected
    | ListeningBegan
    | UtteranceEnded
    | Transcribed
    | ReplyPromised
    | AudioStarted
    | AudioEnded
    | ReplyProgressed
    | ReplyPlayed
    | RunFailed
    | TimerFinished
    | TimerCancelled
    | DeadlinePassed
    | RunOverdue
)


# --- commands: what is to be done, in order --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartRun:
    """Ask for a run from speech to reply, and stream the microphone's audio from `first_sample` on; None: from the next
    frame on."""

    wake_word: str | None = None  # None: nothing is said of one
    first_sample: int | None = None


@dataclass(frozen=True, slots=True)
class StartWakeRun:
    """Ask for runs that begin with the wake word, each after the other, and stream all the while."""


@dataclass(frozen=True, slots=True)
class EndRun:
    """Ask for one that fails at once, in the place of whatever runs."""


@dataclass(frozen=True, slots=True)
class StopStreaming:
    ends_utterance: bool  # say so: what was streamed is to be answered


@dataclass(frozen=True, slots=True)
class SayPlayed:
    """What came is over, whether or not all of it has sounded."""


Command = (
    StartRun
    | StartWakeRun
    | EndRun
    | StopStreaming
    | SayPlayed
    | PlayReply
    | FinishReply
    | FlushReply
    | PlayChime
    | Alert
)
