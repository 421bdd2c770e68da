"""Speech as it is sent: WAV, or Opus in Ogg, faster or slower than it was spoken. Blocks for some 0.1 ms per chunk.

FFmpeg, through PyAV, does what plain WAV does not need; PyAV is the extra `audio`.
"""

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np

from roomtone.ears.formats import SAMPLE_BYTES

if TYPE_CHECKING:
    import av

Format = Literal["wav", "opus"]

MEDIA_TYPES: Final[dict[Format, str]] = {"wav": "audio/wav", "opus": "audio/ogg"}

_OPUS_HZ: Final = 48_000  # which Opus has inside, whatever it is given
_OPUS_BIT_RATE: Final = 32_000  # speech sounds as it was
_PAGE_US: Final = 100_000  # of Ogg: else a second of speech is held back
_UNKNOWN_BYTES: Final = 0xFFFF_FFFF  # what a WAV says of its length while it is being made


class Encoder(Protocol):
    """For one speech: int16, mono, whole samples in, bytes out."""

    def feed(self, pcm: bytes) -> bytes: ...

    def finish(self) -> bytes:
        """The rest; then it takes no more."""


def needs_av(format_: Format, speed: float) -> bool:
    return format_ != "wav" or speed != 1.0


def encoder(format_: Format, rate_hz: int, speed: float) -> Encoder:
    """For audio of that rate."""
    if not needs_av(format_, speed):
        return _Wav(rate_hz)
    return _Stretched(rate_hz, speed) if format_ == "wav" else _Opus(rate_hz, speed)


class _Wav:
    def __init__(self, rate_hz: int) -> None:
        self._header = _wav_header(rate_hz)

    def feed(self, pcm: bytes) -> bytes:
        header, self._header = self._header, b""
        return header + pcm

    def finish(self) -> bytes:
        return self.feed(b"")


def _wav_header(rate_hz: int) -> bytes:
    """Of a stream, whose length is not known."""
    sound = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, rate_hz * SAMPLE_BYTES, SAMPLE_BYTES, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", _UNKNOWN_BYTES, b"WAVE") + sound + struct.pack("<4sI", b"data", _UNKNOWN_BYTES)
    )


class _Stretched:
    """WAV of another speed."""

    def __init__(self, rate_hz: int, speed: float) -> None:
        self._tempo = _Tempo(rate_hz, speed, rate_hz)
        self._wav = _Wav(rate_hz)

    def feed(self, pcm: bytes) -> bytes:
        return self._wav.feed(b"".join(_bytes_of(frame) for frame in self._tempo.feed(pcm)))

    def finish(self) -> bytes:
        return self._wav.feed(b"".join(_bytes_of(frame) for frame in self._tempo.finish()))


class _Opus:
    def __init__(self, rate_hz: int, speed: float) -> None:
        import av

        self._tempo = _Tempo(rate_hz, speed, _OPUS_HZ)
        self._out = _Outlet()
        options = {"page_duration": str(_PAGE_US)}
        self._container = av.open(self._out, "w", format="ogg", container_options=options)
        self._stream = self._container.add_stream("libopus", rate=_OPUS_HZ, layout="mono")
        self._stream.bit_rate = _OPUS_BIT_RATE

    def feed(self, pcm: bytes) -> bytes:
        for frame in self._tempo.feed(pcm):
            self._container.mux(self._stream.encode(frame))
        return self._out.taken()

    def finish(self) -> bytes:
        if not self._tempo.has_sound:
            self.feed(bytes(_OPUS_HZ // 50 * SAMPLE_BYTES))  # a file without any sound is none
        for frame in self._tempo.finish():
            self._container.mux(self._stream.encode(frame))
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._out.taken()


class _Outlet:
    """A file, as far as a muxer that cannot seek wants one."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def taken(self) -> bytes:
        data, self._bytes = bytes(self._bytes), bytearray()
        return data


class _Tempo:
    """Changes speed, not pitch, and the rate."""

    def __init__(self, rate_hz: int, speed: float, out_hz: int) -> None:
        import av.filter

        graph = av.filter.Graph()
        time_base = Fraction(1, rate_hz)
        self._source = graph.add_abuffer(sample_rate=rate_hz, format="s16", layout="mono", time_base=time_base)
        tempo = graph.add("atempo", str(speed))
        form = graph.add("aformat", f"sample_fmts=s16:channel_layouts=mono:sample_rates={out_hz}")
        self._sink = graph.add("abuffersink")
        graph.link_nodes(self._source, tempo, form, self._sink).configure()
        self._graph = graph
        self._rate_hz = rate_hz
        self._samples = 0

    @property
    def has_sound(self) -> bool:
        return self._samples > 0

    def feed(self, pcm: bytes) -> "Iterator[av.AudioFrame]":
        import av

        if pcm:
            frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, np.int16).reshape(1, -1), "s16", "mono")
            frame.sample_rate = self._rate_hz
            frame.pts = self._samples
            self._samples += frame.samples
            self._source.push(frame)
        return self._ready()

    def finish(self) -> "Iterator[av.AudioFrame]":
        if self.has_sound:
            self._source.push(None)
        return self._ready()

    def _ready(self) -> "Iterator[av.AudioFrame]":
        import av

        while True:
            try:
                frame: Any = self._sink.pull()
            except (av.BlockingIOError, av.EOFError):  # it wants more; there is no more
                return
            frame.pts = None  # what comes out counts for itself
            yield frame


def _bytes_of(frame: "av.AudioFrame") -> bytes:
    return frame.to_ndarray().tobytes()
