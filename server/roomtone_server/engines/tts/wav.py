"""Sound that a server sends, WAV or raw: its header is read as the bytes come, and none of it is believed. No I/O.

A server that streams does not know how long its WAV will be, and writes 0 or the largest number there is: then the
sound ends where the stream does. A length that can be true is held to: what comes behind is not sound, and a stream
that ends before it was cut off.
"""

import struct
from typing import Final

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.errors import EngineError
from roomtone_server.engines.tts.chunks import Chunks

MAX_HEADER_BYTES: Final = 64 * 1024  # guards memory: what a server may put before its first sample
MAX_CHANNELS: Final = 8
RATES_HZ: Final = range(4_000, 192_001)
# Lengths from here on say that nobody knows; a true one is half a day of sound.
_UNKNOWN_BYTES: Final = 0x7FFF_0000

_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE  # whose own format stands 24 bytes into its chunk
_CHUNK_HEAD: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
_SUBFORMAT_AT: Final = 24


class Sound:
    """One reply, bytes in any pieces in, chunks of speech out. What begins as WAV is WAV, whatever was asked for."""

    def __init__(self, source: str, rate_hz: int, raw_hz: int | None) -> None:
        """`source` stands in errors; `rate_hz` comes out; `raw_hz` is that of raw mono int16, None where only WAV will
        do."""
        self._source = source
        self._rate_hz = rate_hz
        self._raw_hz = raw_hz
        self._header = bytearray()
        self._chunks: Chunks | None = None  # once the header was read
        self._left: int | None = None  # bytes of sound to come; None: who knows

    def feed(self, data: bytes) -> list[bytes]:
        """The chunks that are whole now. Raises EngineError for what is no sound that it could take."""
        if self._chunks is None:
            self._header += data
            if not self._read_header():
                return []
            data = bytes(self._header)
            self._header.clear()
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        assert self._chunks is not None
        return self._chunks.feed(data)

    def finish(self) -> list[bytes]:
        """The rest. Raises EngineError when there should be more."""
        if self._chunks is None and not self._header:
            raise EngineError(f"{self._source} sent no sound")
        if self._chunks is None or self._left:
            raise EngineError(f"{self._source} broke its sound off half-way: see its log")
        return self._chunks.finish()

    def _read_header(self) -> bool:
        """Whether it is all there; then nothing but sound is left in `_header`."""
        if len(self._header) < 4:
            return False
        if self._header.startswith(b"RIFF"):
            return self._read_wav_header()
        if self._raw_hz is None:
            raise EngineError(f"{self._source} sent something that is no WAV")
        self._chunks = Chunks(self._rate_hz, self._raw_hz)
        return True

    def _read_wav_header(self) -> bool:
        chunks, at = None, 12  # behind RIFF, a length, WAVE
        while len(self._header) >= at + _CHUNK_HEAD.size:
            kind, size = _CHUNK_HEAD.unpack_from(self._header, at)
            begin = at + _CHUNK_HEAD.size
            if kind == b"data":
                if chunks is None:
                    raise EngineError(f"{self._source} sent a WAV that says nothing of its format")
                self._chunks = chunks
                self._left = size if 0 < size < _UNKNOWN_BYTES else None
                del self._header[:begin]
                return True
            at = begin + size + size % 2
            if at > MAX_HEADER_BYTES:
                raise EngineError(f"{self._source} sent a WAV with a header of more than {MAX_HEADER_BYTES} bytes")
            if kind == b"fmt " and len(self._header) >= at:
                chunks = self._chunks_of(bytes(self._header[begin:at]))
        return False

    def _chunks_of(self, described: bytes) -> Chunks:
        if len(described) < _FORMAT.size:
            raise EngineError(f"{self._source} sent a WAV that describes its format in too few bytes")
        encoding, channels, rate_hz, _, _, bits = _FORMAT.unpack_from(described)
        if encoding == _EXTENSIBLE and len(described) > _SUBFORMAT_AT + 1:
            encoding = int.from_bytes(described[_SUBFORMAT_AT : _SUBFORMAT_AT + 2], "little")
        if encoding != _PCM or bits != 8 * SAMPLE_BYTES:
            raise EngineError(f"{self._source} sent a WAV of format {encoding}, {bits} bits: it must be 16-bit PCM")
        if not 0 < channels <= MAX_CHANNELS or rate_hz not in RATES_HZ:
            raise EngineError(f"{self._source} sent a WAV of {channels} channels at {rate_hz} Hz, which cannot be")
        return Chunks(self._rate_hz, rate_hz, channels)
