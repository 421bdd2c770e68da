"""Gathers what the trace tells, turn by turn, until each has ended."""

from typing import Final

from roomtone_server.telemetry.trace import TraceEvent

# A satellite has one turn at a time, and there are not so many of them: more are turns whose end was lost.
MAX_OPEN_TURNS: Final = 256
# A turn of 15 s with a partial for each frame has some 800 events; one that babbles on would fill the memory.
MAX_EVENTS_OF_A_TURN: Final = 2_000


class OpenTurns:
    """Holds each turn's events until it ends."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], list[TraceEvent]] = {}

    def take(self, event: TraceEvent) -> list[TraceEvent] | None:
        """All events of the turn that this one ends; None while none does."""
        turn = event.satellite, event.turn
        if event.what == "wake" or turn not in self._open:
            if event.what in {"sounded", "played", "kept"}:
                return None  # a reply that was broken off is reported when its turn is over, as is that it is kept
            self._open.pop(turn, None)  # of an earlier connection, which ended without a word
            self._open[turn] = []
            if len(self._open) > MAX_OPEN_TURNS:
                del self._open[next(iter(self._open))]
        events = self._open[turn]
        if len(events) < MAX_EVENTS_OF_A_TURN or event.what == "ended":
            events.append(event)
        return self._open.pop(turn) if event.what == "ended" else None
