"""What the satellite's speaker played, and when each sample of it sounded: the WAV speaker's file and its timeline."""

import json
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roomtone.ears.level import louder
from roomtone.errors import DeviceError
from roomtone_server.bench.sound import AUDIBLE_DBFS, Samples, write_wav


@dataclass(frozen=True, slots=True)
class Answer:
    """The audio of one turn's reply, without chimes or silences between; `audible_ns` on CLOCK_MONOTONIC."""

    sound: Samples
    rate_hz: int
    audible_ns: tuple[int, int] | None  # its first and last sample above AUDIBLE_DBFS; None for a silent one

    def write(self, path: Path) -> None:
        """Raises DeviceError."""
        try:
            write_wav(path, self.sound, self.rate_hz)
        except OSError as problem:
            raise DeviceError(f"the reply cannot be written to {path}: {problem.strerror}") from problem


def read_answers(file: Path, timeline: Path) -> dict[int, Answer]:
    """The reply to each turn of which anything was played, by the turn's number."""
    blocks: dict[int, list[Mapping[str, Any]]] = {}
    for line in timeline.read_text(encoding="utf-8").splitlines():
        block = json.loads(line)
        if block["turn"] is not None:
            blocks.setdefault(block["turn"], []).append(block)
    with wave.open(str(file), "rb") as played:
        rate_hz = played.getframerate()
        sound = np.frombuffer(played.readframes(played.getnframes()), np.int16)
    return {turn: _answer(of_turn, sound, rate_hz) for turn, of_turn in blocks.items()}


def _answer(blocks: Sequence[Mapping[str, Any]], sound: Samples, rate_hz: int) -> Answer:
    parts = [sound[block["sample"] : block["sample"] + block["samples"]] for block in blocks]
    sounded_ns = [
        block["at_ns"] + np.arange(part.size) * 1e9 / rate_hz for block, part in zip(blocks, parts, strict=True)
    ]
    reply = np.concatenate(parts)
    audible_ns = np.concatenate(sounded_ns)[louder(reply, AUDIBLE_DBFS)]
    return Answer(reply, rate_hz, (int(audible_ns[0]), int(audible_ns[-1])) if audible_ns.size else None)
