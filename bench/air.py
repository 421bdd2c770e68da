"""The air between a running satellite's speaker and its microphone, by the clock: what the one plays is heard by the
other, in a made-up room, together with whoever speaks there."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ, SAMPLE_BYTES
from roomtone_server.bench.devices import Began
from roomtone_server.bench.sound import Samples
from roomtone_server.engines.tts import espeak
from talker import REPLIES, Room

WAV_HEADER_BYTES = 44
NS = 1_000_000_000
LATE_FRAMES = 5  # after a block has begun to sound, a busy speaker has told of it


class Air:
    """A microphone that reads a pipe, and a speaker that writes a file."""

    def __init__(self, said: Samples, room: Room, folder: Path) -> None:
        self.timeline = folder / "speaker.jsonl"
        self._said = np.pad(said.astype(np.float64), (0, -said.size % FRAME_SAMPLES))
        self._room, self._reply_level = room, level(espeak.synthesise(REPLIES[1]))
        self._pipe, self._speaker = folder / "microphone", folder / "speaker.wav"
        self._played = np.zeros(self._said.size + RATE_HZ)
        self._told = 0  # of the timeline, in bytes
        os.mkfifo(self._pipe)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The satellite's."""
        return {
            "microphone": {"device": "command", "command": f"cat {self._pipe}"},
            "speaker": {
                "device": "wav",
                "file": str(self._speaker),
                "rate_hz": RATE_HZ,
                "timeline": str(self.timeline),
            },
        }

    async def sound(self) -> Began:
        """Until all was said; when it began."""
        loop = asyncio.get_running_loop()
        with await asyncio.to_thread(self._pipe.open, "wb", buffering=0) as microphone:
            began = loop.time()
            for at in range(0, self._said.size, FRAME_SAMPLES):
                await asyncio.sleep(max(0.0, began + (at + FRAME_SAMPLES) / RATE_HZ - loop.time()))
                self._listen(round(began * NS))
                first = max(0, at - LATE_FRAMES * FRAME_SAMPLES)
                played = self._played[first : first + FRAME_SAMPLES] / self._reply_level
                microphone.write(self._room.hear(played, self._said[at : at + FRAME_SAMPLES]))
        return Began(0, round(began * NS))

    def _listen(self, began_ns: int) -> None:
        """Takes what the speaker has told since the last time."""
        if not self.timeline.exists():
            return
        with self.timeline.open("rb") as timeline, self._speaker.open("rb") as wav:
            timeline.seek(self._told)
            lines = timeline.read()
            whole = lines[: lines.rfind(b"\n") + 1]
            self._told += len(whole)
            for block in map(json.loads, whole.splitlines()):
                wav.seek(WAV_HEADER_BYTES + block["sample"] * SAMPLE_BYTES)
                played = np.frombuffer(wav.read(block["samples"] * SAMPLE_BYTES), np.int16)
                at = max(0, round((block["at_ns"] - began_ns) * RATE_HZ / NS))
                room_for = self._played[at : at + played.size]
                room_for[:] = played[: room_for.size]


def level(pcm: bytes) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.frombuffer(pcm, np.int16).astype(np.float64) ** 2)))
