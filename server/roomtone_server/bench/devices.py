"""A satellite's devices in a bench: WAV files in their place, and what their timelines tell."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.answer import Answer, read_answers
from roomtone_server.bench.programs import Program, until
from roomtone_server.bench.sound import Samples, write_wav

BEGINS_S: Final = 30.0  # after its satellite has connected
NO_CHIMES: Final = dict.fromkeys(("awake", "invited", "done", "error", "timer"), False)  # the satellite's `chimes`

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Began:
    """Where in the microphone's stream a recording began to sound, and when, on CLOCK_MONOTONIC."""

    stream_sample: int
    began_ns: int

    def at_ns(self, sample: int) -> int:
        """When a sample of the recording sounds."""
        return self.began_ns + sample * _NS // RATE_HZ


class WavDevices:
    """A microphone that hears a recording once its satellite is connected, and a speaker that keeps what it plays."""

    def __init__(self, sound: Samples, folder: Path) -> None:
        self._microphone, self._speaker = folder / "microphone.wav", folder / "speaker.wav"
        self._microphone_timeline, self._speaker_timeline = folder / "microphone.jsonl", folder / "speaker.jsonl"
        write_wav(self._microphone, sound)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The satellite's."""
        return {
            "microphone": {
                "device": "wav",
                "file": str(self._microphone),
                "timeline": str(self._microphone_timeline),
                "wait_for_server": True,
            },
            "speaker": {"device": "wav", "file": str(self._speaker), "timeline": str(self._speaker_timeline)},
        }

    async def begins(self, programs: Sequence[Program]) -> Began:
        """Waits until the recording sounds. Raises RoomtoneError, with the programs' last words, when it does not."""

        async def begun() -> Began | None:
            return self.began()

        return await until("the microphone begins", begun, BEGINS_S, programs)

    def began(self) -> Began | None:
        """None before the recording sounds."""
        if not self._microphone_timeline.exists():
            return None
        told = json.loads(self._microphone_timeline.read_text(encoding="utf-8"))
        return Began(told["sample"], told["at_ns"])

    def answers(self) -> dict[int, Answer]:
        """What was played so far of each turn's reply, by the turn's number."""
        return read_answers(self._speaker, self._speaker_timeline)
