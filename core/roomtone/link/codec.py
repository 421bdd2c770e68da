r"""Wyoming 1.10 framing without I/O: bytes in, events out, and nothing that a peer sends can grow memory.

    frame = header line, data, payload
    header line = one JSON object in UTF-8, then "\n": type, and perhaps data, data_length, payload_length, version
    data = data_length bytes: one JSON object, whose keys win over those of the header's data
    payload = payload_length bytes, as they are

A declared length is checked before anything is stored for it, and nesting before anything recurses over it.
"""

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn

from wyoming.event import Event

from roomtone.errors import FrameError

WYOMING_VERSION: Final = "1.10.0"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may make us hold. The defaults are far above any frame of ours: an audio chunk takes 800 bytes."""

    header_bytes: int = 8 * 1024  # guards the buffer against a line that never ends
    data_bytes: int = 64 * 1024  # guards memory, and the loop against parsing for longer than a few ms
    payload_bytes: int = 64 * 1024  # guards memory; two seconds of our audio
    json_depth: int = 32  # guards the stack of whoever walks over the values


LIMITS: Final = Limits()


class Decoder:
    """Takes bytes in any pieces and gives the events that they hold.

    Holds at most one unfinished frame and what was fed since `next_event` last returned None. Whoever reads from a peer
    therefore feeds one read at a time and takes all its events. After a FrameError each call raises it again: behind a
    broken frame there is no next one.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._at = 0  # where in the buffer the next frame begins; what lies before it was given out
        self._header: _Header | None = None  # of the frame whose rest is still to come
        self._known: _Header | None = None  # the last one; those of audio are all alike
        self._dropped = 0  # bytes of the stream that the buffer no longer holds
        self._error: FrameError | None = None

    @property
    def undecoded_bytes(self) -> int:
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the stream; cheap, parses nothing."""
        self._buffer += data

    def next_event(self) -> Event | None:
        """The next whole event, or None when more bytes are needed. Raises FrameError."""
        if self._error is not None:
            raise self._error
        try:
            event = self._next_event()
        except _Malformed as problem:
            self._fail(str(problem))
        if event is None:
            del self._buffer[: self._at]
            self._dropped += self._at
            self._at = 0
        return event

    def end(self) -> None:
        """The stream is over. Raises FrameError when it ended inside a frame, or was broken before."""
        if self._error is not None:
            raise self._error
        if self.undecoded_bytes:
            part = "header line" if self._header is None else "data or payload"
            self._fail(f"{part}: the stream ends {self.undecoded_bytes} bytes after the frame's begin")

    def _next_event(self) -> Event | None:
        buffer, at = self._buffer, self._at
        header = self._header
        if header is None:
            newline = self._find_newline()
            if newline < 0:
                return None
            header = self._header = self._header_of(buffer[at:newline])
        data_at = at + len(header.line) + 1
        payload_at = data_at + header.data_bytes
        end = payload_at + header.payload_bytes
        if len(buffer) < end:
            return None
        data = _object("data", buffer[data_at:payload_at], self._limits) if header.data_bytes else {}
        payload = bytes(buffer[payload_at:end]) if header.payload_bytes else None
        self._at = end
        self._header = None
        return Event(header.type, header.data | data, payload)

    def _header_of(self, line: bytearray) -> "_Header":
        if self._known is not None and line == self._known.line:
            return self._known
        header = _header(line, self._limits)
        self._known = None if header.data else header  # what an event holds is its own
        return header

    def _find_newline(self) -> int:
        most = self._limits.header_bytes
        stop = self._at + most
        newline = self._buffer.find(b"\n", self._at, stop)
        if newline < 0 and len(self._buffer) >= stop:
            raise _Malformed(f"header line: more than {most} bytes")
        return newline

    def _fail(self, problem: str) -> NoReturn:
        self._error = FrameError(f"frame at byte {self._dropped + self._at}: {problem}")
        self._buffer.clear()
        self._at = 0
        raise self._error from None


def encode(event: Event, limits: Limits = LIMITS) -> bytes:
    """The frame of an event whose data has string keys and JSON values. Raises FrameError for one that a Decoder with
    the same limits would refuse."""
    if not event.type or not isinstance(event.type, str):
        raise FrameError("cannot encode an event: its type must be a string that is not empty")
    data = payload = b""
    if event.data:
        data = _dump("data", event.data)
        _check_length("data", len(data), limits.data_bytes)
        _check_depth("data", data, limits)
    if event.payload:
        payload = event.payload
        _check_length("payload", len(payload), limits.payload_bytes)
    line = _header_line(event.type, len(data), len(payload))
    _check_length("header line", len(line), limits.header_bytes)
    return b"".join((line, data, payload))


@lru_cache(maxsize=64)
def _header_line(kind: str, data_bytes: int, payload_bytes: int) -> bytes:
    """Cached, since those of audio are all alike."""
    header: dict[str, Any] = {"type": kind, "version": WYOMING_VERSION}
    if data_bytes:
        header["data_length"] = data_bytes
    if payload_bytes:
        header["payload_length"] = payload_bytes
    return _dump("header line", header) + b"\n"


class _Malformed(ValueError):
    """The part and what is wrong with it; the decoder adds where."""


class _Header(NamedTuple):
    line: bytearray
    type: str
    data: dict[str, Any]
    data_bytes: int
    payload_bytes: int


def _header(line: bytearray, limits: Limits) -> _Header:
    fields = _object("header line", line, limits)
    kind = fields.get("type")
    if not isinstance(kind, str) or not kind:
        raise _Malformed("header line: type must be a string that is not empty")
    data = fields.get("data", {})
    if not isinstance(data, dict):
        raise _Malformed("header line: data must be an object")
    return _Header(
        line,
        kind,
        data,
        _declared(fields, "data_length", limits.data_bytes),
        _declared(fields, "payload_length", limits.payload_bytes),
    )


def _declared(fields: dict[str, Any], key: str, most: int) -> int:
    length = fields.get(key)
    if length is None:
        return 0
    if type(length) is not int or not 0 <= length <= most:  # bool is a subclass of int
        raise _Malformed(f"header line: {key} must be an integer from 0 to {most}")
    return length


def _object(part: str, raw: bytearray, limits: Limits) -> dict[str, Any]:
    _check_nesting(part, raw, limits)
    try:
        text = raw.decode()
        value, end = _LENIENT.raw_decode(text)
    except ValueError:
        return _strict_object(part, raw)
    # Each member has a colon of its own: as many members as colons, and no key stood twice. Nearly all frames are so.
    if type(value) is dict and raw.count(b":") == len(value) and end == len(text) and b"\\" not in raw:
        return value
    return _strict_object(part, raw)


def _strict_object(part: str, raw: bytearray) -> dict[str, Any]:
    """The slow way, which finds out what is wrong, if anything is."""
    try:
        value = _STRICT.decode(raw.decode())
        if b"\\u" in raw:  # an escape may be half of a surrogate pair, which no UTF-8 can carry on
            _ENCODER.encode(value).encode()
    except UnicodeError:
        raise _Malformed(f"{part}: not UTF-8") from None
    except json.JSONDecodeError as problem:
        raise _Malformed(f"{part}: not JSON: {problem.msg} at character {problem.pos}") from None
    except _Malformed as problem:  # from the hooks below
        raise _Malformed(f"{part}: {problem}") from None
    except ValueError:  # Python's own limit on the digits of an integer
        raise _Malformed(f"{part}: a number with too many digits") from None
    if not isinstance(value, dict):
        raise _Malformed(f"{part}: must be a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Malformed("a key stands twice in one object")
    return members


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Malformed("a number beyond what a double can hold")
    return value


def _constant(text: str) -> NoReturn:
    raise _Malformed(f"{text} is not JSON")


_LENIENT: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_constant)
_STRICT: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_constant)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

# A string, ended or not. Possessive, and it always matches once begun: linear on any input.
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET: Final = bytes(set(range(256)) - set(b"[]{}"))


def _check_nesting(part: str, raw: bytes | bytearray, limits: Limits) -> None:
    """Never too late, also for what is no JSON: whatever the parser would recurse over is counted."""
    most = limits.json_depth
    if raw.count(b"{") + raw.count(b"[") <= most:
        return
    brackets = _STRING.sub(b"", raw).translate(_SQUARE, delete=_NO_BRACKET)
    for _ in range(most):  # each round takes the innermost pairs away
        brackets = brackets.replace(b"[]", b"")
    if b"[" in brackets:
        raise _Malformed(f"{part}: nested deeper than {most}, or not closed")


def _check_depth(part: str, raw: bytes, limits: Limits) -> None:
    try:
        _check_nesting(part, raw, limits)
    except _Malformed as problem:
        raise FrameError(f"cannot encode an event: {problem}") from None


def _check_length(part: str, length: int, most: int) -> None:
    if length > most:
        raise FrameError(f"cannot encode an event: {part}: {length} bytes, at most {most}")


def _dump(part: str, value: dict[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(value).encode()
    except (TypeError, ValueError, RecursionError) as problem:
        raise FrameError(f"cannot encode an event: {part}: {problem}") from None
