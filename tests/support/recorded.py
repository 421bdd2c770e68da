"""Real recordings, cut and joined as a microphone would have heard them."""

import json
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roomtone.ears.base import VoiceActivity
from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone.ears.vad.edges import SILENCE_BELOW

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Command:
    """One line of a manifest."""

    path: Path
    language: str
    text: str
    kind: str
    speech_ms: tuple[int, int]

    def samples(self) -> Samples:
        return read(self.path)


def commands(folder: Path) -> list[Command]:
    """What `commands/manifest.jsonl` lists, in its order."""
    entries = [json.loads(line) for line in (folder / "commands" / "manifest.jsonl").read_text().splitlines()]
    return [
        Command(folder / "commands" / e["file"], e["language"], e["text"], e["kind"], tuple(e["speech_ms"]))
        for e in entries
    ]


def read(path: Path) -> Samples:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE_HZ, 2, 1), path
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def frames(samples: Samples) -> Iterator[bytes]:
    """Whole frames; what is left of the last is filled with zeros."""
    pcm = samples.tobytes()
    for start in range(0, len(pcm), FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


def speech_end(samples: Samples, vad: VoiceActivity) -> int:
    """The sample at which the last speech ends."""
    vad.reset()
    spoken = [n for n, frame in enumerate(frames(samples)) if vad.process(frame) >= SILENCE_BELOW]
    assert spoken, "no speech in it"
    return min(len(samples), (spoken[-1] + 1) * FRAME_SAMPLES)


def splice(wake_word: Samples, command: Command, gap_ms: int) -> Samples:
    """The wake word (which ends where the array ends), a gap, the command and its room. The gap is the room's own
    sound before the command: digital silence is heard nowhere."""
    samples = command.samples()
    start = command.speech_ms[0] * SAMPLES_PER_MS
    room = samples[max(0, start - 100 * SAMPLES_PER_MS) : start]
    gap = np.resize(room, gap_ms * SAMPLES_PER_MS)
    return np.concatenate([wake_word, gap, samples[start:]])
