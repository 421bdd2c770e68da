"""The last moments of a microphone, so that what was said before it mattered is not lost."""

from collections import deque
from itertools import islice

from roomtone.ears.formats import FRAME_SAMPLES


class FrameRing:
    """The newest frames of a stream, each with its position. Positions count samples since the stream began."""

    def __init__(self, capacity_samples: int) -> None:
        """Keeps at least `capacity_samples`, rounded up to whole frames."""
        self._frames: deque[bytes] = deque(maxlen=max(1, -(-capacity_samples // FRAME_SAMPLES)))
        self.position = 0  # where the next frame begins

    @property
    def oldest(self) -> int:
        """Where the oldest frame that is still held begins."""
        return self.position - len(self._frames) * FRAME_SAMPLES

    def append(self, frame: bytes) -> None:
        """Takes the next 20 ms (int16, mono, exactly FRAME_BYTES); the oldest goes when there is no room."""
        self._frames.append(frame)
        self.position += FRAME_SAMPLES

    def since(self, sample: int) -> list[tuple[int, bytes]]:
        """The frames from the one that holds `sample` on, with their positions; those that are gone are left out."""
        skipped = max(0, (sample - self.oldest) // FRAME_SAMPLES)
        first = self.oldest + skipped * FRAME_SAMPLES
        frames = islice(self._frames, skipped, None)
        return [(first + index * FRAME_SAMPLES, frame) for index, frame in enumerate(frames)]

    def clear(self) -> None:
        """Forgets the audio, not the position."""
        self._frames.clear()
