"""Audio from a client, whichever its format, made into that of the house."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field
from wyoming.event import Event

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.ears.resample import Resampler, to_mono
from roomtone_server.ports.services.exchange import Refused, understood

MAX_CHANNELS: Final = 8


class _Chunk(BaseModel):
    """Of 16-bit samples; other widths are none that a microphone needs."""

    rate: Annotated[int, Field(ge=8000, le=96_000)]
    width: Literal[2]
    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)]
    timestamp: int | None = None


class Intake:
    """The audio of one request."""

    def __init__(self) -> None:
        self._rate_hz = RATE_HZ
        self._resampler = Resampler(RATE_HZ, RATE_HZ)
        self.began_at_ms: int | None = None  # by the client's own count, if it has one

    def take(self, event: Event) -> bytes:
        """The chunk's audio at 16 kHz, mono, int16. Raises Refused for what is none."""
        chunk = understood(event, _Chunk)
        pcm = event.payload or b""
        if len(pcm) % (SAMPLE_BYTES * chunk.channels):
            raise Refused("an audio-chunk ends in the middle of a sample", "malformed")
        if self.began_at_ms is None:
            self.began_at_ms = chunk.timestamp or 0
        if chunk.rate != self._rate_hz:
            self._rate_hz, self._resampler = chunk.rate, Resampler(chunk.rate, RATE_HZ)
        return self._resampler.process(to_mono(pcm, chunk.channels))
