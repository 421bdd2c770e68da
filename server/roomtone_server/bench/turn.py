"""One turn as the server's trace tells it, event by event."""

from collections.abc import Mapping
from typing import Any, Final

COMPLETED: Final = frozenset({"answered"})
NOT_UNDERSTOOD: Final = frozenset({"not-understood", "nothing-said"})


class Turn:
    """The first turn that a wake word began, as far as it has come. Times are CLOCK_MONOTONIC in ns."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._events: dict[str, list[Mapping[str, Any]]] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        """Takes the next event of the trace; those of other turns change nothing."""
        if self.number is None and event["what"] == "wake":
            self.number = event["turn"]
        if event["turn"] == self.number:
            self._events.setdefault(event["what"], []).append(event)

    def at_ns(self, what: str) -> int | None:
        """When the first event of a kind happened; None when none has."""
        events = self._events.get(what)
        return int(events[0]["at_ns"]) if events else None

    def sample(self, what: str) -> int | None:
        """Where in the microphone's stream the last event of a kind stood."""
        found = self._data(what)
        return int(found[-1]["sample"]) if found else None

    @property
    def wake_name(self) -> str:
        return self._text("wake", "name")

    @property
    def partials(self) -> list[str]:
        return [data["text"] for data in self._data("partial")]

    @property
    def transcript(self) -> str:
        return self._text("transcript", "text")

    @property
    def intent(self) -> dict[str, Any] | None:
        found = self._data("intent")
        return {"name": found[0]["name"], "slots": found[0]["slots"]} if found else None

    @property
    def actions(self) -> list[dict[str, Any]]:
        return [{key: data[key] for key in ("entity", "service", "data")} for data in self._data("action")]

    @property
    def reply(self) -> str:
        return "".join(data["text"] for data in self._data("reply"))

    @property
    def silence_ms(self) -> int | None:
        """How much silence the endpoint waited for; None before it."""
        found = self._data("endpoint")
        return int(found[-1]["silence_ms"]) if found else None

    @property
    def outcome(self) -> str:
        """Empty until the turn has ended."""
        return self._text("ended", "outcome")

    @property
    def why_ended(self) -> str:
        return self._text("ended", "text")

    def _data(self, what: str) -> list[Mapping[str, Any]]:
        return [event["data"] for event in self._events.get(what, ())]

    def _text(self, what: str, key: str) -> str:
        found = self._data(what)
        return str(found[-1].get(key, "")) if found else ""
