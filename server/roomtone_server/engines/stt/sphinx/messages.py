"""What the engine and its worker processes say to each other through pipes: a JSON head, and audio behind it.

8 bytes   the lengths of head and body, big-endian
head      a JSON object with `id`, the utterance, where there is one

to the recogniser                               from the recogniser
{"do": "learn", "file": where the automaton is kept, "vocabulary", "wake_phrases"}
                                                {"is": "learned", "unsayable": words it cannot pronounce}
{"do": "hear", "id", "wake_phrase"}
{"do": "audio", "id"} + int16 samples           {"is": "partial", "id", "text", "finished": whether it sounds so,
                                                 "samples"}
{"do": "transcribe", "id", "ahead": whether     {"is": "transcript", "id", "sounds": whether anything was loud enough
 more words may come}                            for speech, "text", "finished", "claim" or null: that it is a
                                                 sentence}
{"do": "close", "id"}

to the verifier: "hear", "audio", "close" too   from the verifier
                                                {"is": "ready"}
{"do": "verify", "id", "asked", "claim" or null}
                                                {"is": "verified", "asked", "doubt" or null, "spoken"}

                                                {"is": "failed", "text"}: then either ends
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import EngineError

# A length beyond these is no message of ours: the pipe is broken.
MAX_HEAD_BYTES: Final = 8 * 1024 * 1024  # a vocabulary of some ten thousand names
MAX_BODY_BYTES: Final = 1024 * 1024  # half a minute of audio

MAX_UTTERANCE_BYTES: Final = 30 * RATE_HZ * SAMPLE_BYTES  # what comes behind is not heard

_LENGTHS: Final = struct.Struct("!II")


@dataclass(frozen=True, slots=True)
class Message:
    head: dict[str, Any]
    body: bytes = b""

    def encode(self) -> bytes:
        head = json.dumps(self.head, separators=(",", ":")).encode()
        if len(head) > MAX_HEAD_BYTES or len(self.body) > MAX_BODY_BYTES:
            raise EngineError(f"a message of {len(head)} + {len(self.body)} bytes is too long for the recogniser")
        return _LENGTHS.pack(len(head), len(self.body)) + head + self.body


@dataclass(slots=True)
class Messages:
    """Bytes in, messages out. Raises EngineError for bytes that are none."""

    _unread: bytearray = field(default_factory=bytearray)

    def receive(self, data: bytes) -> Iterator[Message]:
        self._unread += data
        while len(self._unread) >= _LENGTHS.size:
            head_bytes, body_bytes = _LENGTHS.unpack_from(self._unread)
            if head_bytes > MAX_HEAD_BYTES or body_bytes > MAX_BODY_BYTES:
                raise EngineError("the recogniser's pipe carries something that is no message")
            body_at = _LENGTHS.size + head_bytes
            end = body_at + body_bytes
            if len(self._unread) < end:
                return
            head = json.loads(self._unread[_LENGTHS.size : body_at])
            body = bytes(self._unread[body_at:end])
            del self._unread[:end]
            yield Message(head, body)
