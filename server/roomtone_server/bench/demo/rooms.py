"""Who speaks to the satellite, and who hears its answer: WAV files with a timeline of their own, or a person."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.answer import Answer
from roomtone_server.bench.demo.stages import Heard
from roomtone_server.bench.devices import WavDevices
from roomtone_server.bench.scene import WAKE_WORD, Scene
from roomtone_server.bench.turn import Turn

WAKE_LATE_S: Final = 3.0  # a detection comes at most half a second after the word; a busy machine needs longer
PERSON_S: Final = 60.0  # for somebody to begin

_NS: Final = 1_000_000_000


class Room(Protocol):
    @property
    def devices(self) -> Mapping[str, Any]:
        """The satellite's settings in it."""

    @property
    def invitation(self) -> str:
        """What is said to whoever watches, once the satellite listens."""

    @property
    def wake_within_s(self) -> float:
        """How long after the satellite has connected the wake word must have been heard."""

    @property
    def not_woken(self) -> str:
        """What to say when it was not."""

    def heard(self, turn: Turn) -> Heard | None:
        """What is known outside the trace by now; None before anything sounded."""

    def answer(self, turn: Turn) -> Answer | None:
        """The reply's audio, when the turn is over and it can be had."""


class RecordedRoom:
    """Plays a scene into the WAV microphone and reads when what sounded from the devices' timelines."""

    def __init__(self, scene: Scene, folder: Path, wake: str = "") -> None:
        self._scene = scene
        self._wake = wake
        self._devices = WavDevices(scene.sound, folder)

    @property
    def devices(self) -> Mapping[str, Any]:
        return self._devices.settings

    @property
    def invitation(self) -> str:
        return "playing the wake word and the command into the satellite's microphone"

    @property
    def wake_within_s(self) -> float:
        return self._scene.wake_end / RATE_HZ + WAKE_LATE_S

    @property
    def not_woken(self) -> str:
        return f"the wake word was not heard in {self._wake}: give a clear recording of one that the satellite knows"

    def heard(self, turn: Turn) -> Heard | None:
        began = self._devices.began()
        if began is None:
            return None
        at_ns, scene = began.at_ns, self._scene
        answer = self.answer(turn) if turn.outcome else None
        return Heard(
            zero_ns=at_ns(0),
            wake_ns=at_ns(scene.wake_begin),
            speech_ns=at_ns(scene.command_begin),
            silence_ns=at_ns(scene.command_end),
            reply_ns=answer.audible_ns if answer else None,
        )

    def answer(self, turn: Turn) -> Answer | None:
        return None if turn.number is None else self._devices.answers().get(turn.number)


class RealRoom:
    """The machine's own microphone and speaker: nothing is known beside the trace, so times are the server's."""

    @property
    def devices(self) -> Mapping[str, Any]:
        return {"microphone": "auto", "speaker": "auto"}

    @property
    def invitation(self) -> str:
        return f'say "{WAKE_WORD}", and then a command: "turn on the kitchen light", or "what time is it"'

    @property
    def wake_within_s(self) -> float:
        return PERSON_S

    @property
    def not_woken(self) -> str:
        return (
            f'no wake word was heard in {PERSON_S:g} s: say "{WAKE_WORD}" near the microphone; '
            "`roomtone doctor` shows the devices"
        )

    def heard(self, turn: Turn) -> Heard | None:
        wake_ns, wake = turn.at_ns("wake"), turn.sample("wake")
        if wake_ns is None or wake is None:
            return None
        detected_ns, detected = wake_ns, wake

        def at_ns(what: str) -> int | None:
            sample = turn.sample(what)
            return None if sample is None else detected_ns + (sample - detected) * _NS // RATE_HZ

        first_ns, played_ns = turn.at_ns("first-audio"), turn.at_ns("played")
        return Heard(
            zero_ns=detected_ns,
            wake_ns=detected_ns,
            speech_ns=at_ns("speech-started"),
            silence_ns=at_ns("speech-ended"),
            reply_ns=(first_ns, played_ns) if first_ns and played_ns else None,
        )

    def answer(self, turn: Turn) -> Answer | None:  # noqa: ARG002 - it went into the air
        return None
