"""What waits to be written to one peer: bounded, in order, old audio dropped first. Pure."""

from collections import deque
from typing import Final

# Two seconds at 24 kHz, three at 16: audio that is later than this is worth nothing to whoever listens. Without it, a
# peer that reads slowly would hear the past, and fill our memory with it.
MAX_AUDIO_BYTES: Final = 96 * 1024
# Hundreds of events: a peer that leaves that many unread is not slow, it is gone.
MAX_CONTROL_BYTES: Final = 256 * 1024


class Outbox:
    """Frames in the order in which they were put; those of audio may be missing."""

    def __init__(self, max_audio_bytes: int = MAX_AUDIO_BYTES, max_control_bytes: int = MAX_CONTROL_BYTES) -> None:
        self._max_audio_bytes = max_audio_bytes
        self._max_control_bytes = max_control_bytes
        self._audio: deque[tuple[int, bytes]] = deque()  # (its place in the order, frame)
        self._control: deque[tuple[int, bytes]] = deque()
        self._audio_bytes = 0
        self._control_bytes = 0
        self._next_place = 0
        self.dropped = 0  # audio frames, ever

    def put_audio(self, frame: bytes) -> None:
        """Queues an audio frame; drops the oldest ones beyond the limit."""
        self._audio.append((self._place(), frame))
        self._audio_bytes += len(frame)
        while self._audio_bytes > self._max_audio_bytes:
            self._audio_bytes -= len(self._audio.popleft()[1])
            self.dropped += 1

    def put_control(self, frame: bytes) -> bool:
        """Queues any other frame; False, and not queued, when too much waits already."""
        if self._control_bytes + len(frame) > self._max_control_bytes:
            return False
        self._control.append((self._place(), frame))
        self._control_bytes += len(frame)
        return True

    def take(self, most_bytes: int) -> bytes:
        """The next frames as one piece, about `most_bytes` of them; empty when nothing waits."""
        frames: list[bytes] = []
        size = 0
        while size < most_bytes and (frame := self._pop()):
            frames.append(frame)
            size += len(frame)
        return b"".join(frames)

    def _place(self) -> int:
        self._next_place += 1
        return self._next_place

    def _pop(self) -> bytes:
        audio, control = self._audio, self._control
        if audio and not (control and control[0][0] < audio[0][0]):
            frame = audio.popleft()[1]
            self._audio_bytes -= len(frame)
            return frame
        if control:
            frame = control.popleft()[1]
            self._control_bytes -= len(frame)
            return frame
        return b""
