"""From one sample rate to another, and from many channels to one: int16 in, int16 out.

Equal rates pass through, and need neither numpy nor soxr.
"""

from typing import Any

from roomtone.ears.formats import FRAME_BYTES, SAMPLE_BYTES
from roomtone.errors import EngineMissing


class Resampler:
    """A stream of mono int16 at one rate, made into another rate as it comes."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Raises EngineMissing when the rates differ and soxr is not installed."""
        self._stream = _soxr_stream(from_hz, to_hz) if from_hz != to_hz else None

    def process(self, pcm: bytes) -> bytes:
        """Whole samples in, whole samples out; the filter holds up to 22 ms back."""
        if self._stream is None:
            return pcm
        return _convert(self._stream, pcm, last=False)

    def finish(self) -> bytes:
        """What the filter still held; nothing may be processed after it."""
        if self._stream is None:
            return b""
        return _convert(self._stream, b"", last=True)


class Framer:
    """Cuts a stream of mono int16 at 16 kHz into frames of 20 ms."""

    def __init__(self) -> None:
        self._rest = b""

    def process(self, pcm: bytes) -> list[bytes]:
        """The frames that are whole now, each of FRAME_BYTES; what is over waits for the next call."""
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        return [audio[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)]


def to_mono(pcm: bytes, channels: int) -> bytes:
    """The mean of interleaved int16 channels."""
    if channels == 1:
        return pcm
    import numpy as np

    frames = np.frombuffer(pcm, dtype=np.int16).reshape(-1, channels)
    return bytes(frames.mean(axis=1).astype(np.int16).tobytes())


def resampled_samples(samples: int, from_hz: int, to_hz: int) -> int:
    """How many samples at the other rate last as long."""
    return samples * to_hz // from_hz


def _soxr_stream(from_hz: int, to_hz: int) -> Any:  # noqa: ANN401 - soxr has no types
    try:
        import soxr
    except ImportError:
        raise EngineMissing(
            f"audio at {from_hz} Hz cannot be made into {to_hz} Hz: pip install 'roomtone[satellite]' brings soxr"
        ) from None
    # LQ holds at most 22 ms back, MQ and HQ 40 (measured, 20 ms at a time); speech needs no better.
    return soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="LQ")


def _convert(stream: Any, pcm: bytes, *, last: bool) -> bytes:  # noqa: ANN401 - soxr has no types
    import numpy as np

    assert len(pcm) % SAMPLE_BYTES == 0, "half a sample"
    converted: bytes = stream.resample_chunk(np.frombuffer(pcm, dtype=np.int16), last=last).tobytes()
    return converted
