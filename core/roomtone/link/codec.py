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
from typing import Any, Final, NoReturn

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
        self._searched = 0  # no newline in the buffer before here
        self._header: _Header | None = None  # of the frame whose rest is still to come
        self._frame_at = 0  # position in the stream of the frame that the buffer begins with
        self._error: FrameError | None = None

    @property
    def undecoded_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the stream; cheap, parses nothing."""
        self._buffer += data

    def next_event(self) -> Event | None:
        """The next whole event, or None when more bytes are needed. Raises FrameError."""
        if self._error is not None:
            raise self._error
        try:
            return self._next_event()
        except _Malformed as problem:
            self._fail(str(problem))

    def end(self) -> None:
        """The stream is over. Raises FrameError when it ended inside a frame, or was broken before."""
        if self._error is not None:
            raise self._error
        if self._buffer or self._header is not None:
            part = "header line" if self._header is None else "data or payload"
            self._fail(f"{part}: the stream ends after {len(self._buffer)} bytes of it")

    def _next_event(self) -> Event | None:
        header = self._header
        if header is None:
            header = self._take_header()
            if header is None:
                return None
            self._header = header
        buffer, data_bytes = self._buffer, header.data_bytes
        end = data_bytes + header.payload_bytes
        if len(buffer) < end:
            return None
        data = header.data
        if data_bytes:
            late = _object("data", buffer[:data_bytes], self._limits)
            data = {**data, **late} if data else late
        payload = bytes(buffer[data_bytes:end]) if header.payload_bytes else None
        del buffer[:end]
        self._header = None
        self._frame_at += header.line_bytes + end
        return Event(header.type, data, payload)

    def _take_header(self) -> "_Header | None":
        buffer, most = self._buffer, self._limits.header_bytes
        newline = buffer.find(b"\n", self._searched, most)
        if newline < 0:
            self._searched = min(len(buffer), most)
            if self._searched == most:
                raise _Malformed(f"header line: more than {most} bytes")
            return None
        header = _header(buffer[:newline], self._limits)
        del buffer[: newline + 1]
        self._searched = 0
        return header

    def _fail(self, problem: str) -> NoReturn:
        self._buffer.clear()
        self._error = FrameError(f"frame at byte {self._frame_at}: {problem}")
        raise self._error from None


def encode(event: Event, limits: Limits = LIMITS) -> bytes:
    """The frame of an event whose data has string keys and JSON values. Raises FrameError for one that a Decoder with
    the same limits would refuse."""
    header: dict[str, Any] = {"type": event.type, "version": WYOMING_VERSION}
    data = payload = b""
    if event.data:
        data = _dump("data", event.data)
        _check_length("data", len(data), limits.data_bytes)
        _check_depth("data", data, limits)
        header["data_length"] = len(data)
    if event.payload:
        payload = event.payload
        _check_length("payload", len(payload), limits.payload_bytes)
        header["payload_length"] = len(payload)
    line = _dump("header line", header)
    _check_length("header line", len(line) + 1, limits.header_bytes)
    if not event.type or not isinstance(event.type, str):
        raise FrameError("cannot encode an event: its type must be a string that is not empty")
    return b"".join((line, b"\n", data, payload))


class _Malformed(Exception):
    """The part and what is wrong with it; the decoder adds where."""


@dataclass(slots=True)
class _Header:
    type: str
    data: dict[str, Any]
    data_bytes: int
    payload_bytes: int
    line_bytes: int


def _header(line: bytearray, limits: Limits) -> _Header:
    fields = _object("header line", line, limits)
    kind = fields.get("type")
    if not isinstance(kind, str) or not kind:
        raise _Malformed("header line: type must be a string that is not empty")
    data = fields.get("data", {})
    if not isinstance(data, dict):
        raise _Malformed("header line: data must be an object")
    return _Header(
        kind,
        data,
        _declared(fields, "data_length", limits.data_bytes),
        _declared(fields, "payload_length", limits.payload_bytes),
        len(line) + 1,
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
        value = _JSON.decode(text)
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


_JSON: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_constant)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

# A string, ended or not, or a bracket. Possessive, and a string always matches once begun: linear on any input.
_STRING_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[\[{]|[\]}]', re.DOTALL)


def _check_nesting(part: str, raw: bytes | bytearray, limits: Limits) -> None:
    most = limits.json_depth
    if raw.count(b"{") + raw.count(b"[") <= most:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(raw):
        first = raw[match.start()]
        if first in b"[{":
            depth += 1
            if depth > most:
                raise _Malformed(f"{part}: nested deeper than {most}")
        elif first in b"]}":
            depth -= 1


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
