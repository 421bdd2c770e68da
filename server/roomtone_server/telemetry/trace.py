"""What happened in a turn and when: one small event at a time, for whoever watches now and whoever asks later.

Times are CLOCK_MONOTONIC in ns. What happened at the satellite is told when it arrives; as far as the link knows the
satellite's clock, its data has `happened_ns`, `clock_error_ms` and `round_trip_ms` too. Events carry words
(transcripts, replies): they go to watchers on the control socket and to whom the web port lets in; no log sees them.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

What = Literal[
    "wake",  # name, score, sample, snr_db: how far the word stood out of the room
    "interruption",  # interrupts, sample, paused: a voice during the reply of another turn
    "speech-started",  # sample
    "speech-ended",  # sample
    "partial",  # text
    "speculated",  # revision: work was begun on what is not certain yet
    "discarded",  # revision
    "committed",  # revision
    "endpoint",  # sample, silence_ms
    "level",  # speech_dbfs, noise_dbfs: of the utterance; None for what was not there
    "rejected",  # text, doubt: what was heard, and turned down
    "transcript",  # text
    "intent",  # name, slots; absent when nothing matched
    "action",  # entity, service, data
    "reply",  # text: a piece of it, as it is known
    "first-audio",  # of the reply, leaving the server; rate_hz
    "last-audio",
    "sounded",  # samples: so many of the reply's have left the speaker
    "played",  # samples: so many had, in the end
    "interrupted",  # text: what of the reply was heard before it was silenced
    "ended",  # outcome, text
    "kept",  # number: under which the store has it
]

# A watcher that does not read loses the oldest events, not the server's memory.
MAX_UNREAD_EVENTS: Final = 1000


@dataclass(frozen=True, slots=True)
class TraceEvent:
    satellite: str
    turn: int
    at_ns: int
    what: What
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Trace:
    """Hands each event to all who watch at that moment. One event loop."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[TraceEvent]] = set()

    def record(self, event: TraceEvent) -> None:
        for unread in self._watchers:
            if unread.full():
                unread.get_nowait()
            unread.put_nowait(event)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[TraceEvent]]:
        """A queue that gets every event from now on, while the context lasts."""
        unread: asyncio.Queue[TraceEvent] = asyncio.Queue(MAX_UNREAD_EVENTS)
        self._watchers.add(unread)
        try:
            yield unread
        finally:
            self._watchers.discard(unread)
