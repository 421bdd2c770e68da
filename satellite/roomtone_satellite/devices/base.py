"""What a microphone and a speaker promise; one file per kind of device beside this one."""

from collections.abc import AsyncGenerator
from typing import Final, Protocol

# What a speaker takes at a time: short enough to fall silent at once, long enough not to burden a Pi.
BLOCK_MS: Final = 20


# What a microphone may hand over at once while nobody waits for it. Waking up costs more than a frame itself does: the
# models have left the caches. A wake word that is noticed 200 ms later loses nothing, since its audio is sent along.
IDLE_FRAMES: Final = 10


class Microphone(Protocol):
    eager: bool  # each frame as soon as it is over; else up to IDLE_FRAMES of them together. May change at any time

    def frames(self) -> AsyncGenerator[bytes, None]:
        """Opens the device and yields what it hears, 20 ms at a time (int16, mono, 16 kHz, exactly FRAME_BYTES), at the
        pace of the room and without end. Closing the generator frees the device. Raises DeviceError."""


class Speaker(Protocol):
    """Mono int16 at one rate. Not thread-safe; one task writes, any may flush."""

    @property
    def rate_hz(self) -> int:
        """Known once the speaker is open."""

    async def open(self) -> None:
        """Raises DeviceError. An open one is opened anew."""

    async def write(self, pcm: bytes, turn: int | None) -> None:
        """Takes at most BLOCK_MS of audio, whole samples, and returns when there is room for more. `turn` is whose
        reply it is; None for a chime. Raises DeviceError."""

    def pending(self) -> int:
        """How many of the accepted samples have not sounded yet."""

    def place(self) -> int | None:
        """Where the next sample will lie in all that the speaker's card plays since it was opened, the silence between
        sounds included. None: it has no such clock."""

    def flush(self) -> int:
        """Falls silent as soon as it can; how many accepted samples will now never sound."""

    async def close(self) -> None:
        """Idempotent."""
