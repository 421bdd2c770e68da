"""Server-sent events, as far as model servers use them: https://html.spec.whatwg.org/multipage/server-sent-events.html.

Pure. Bytes go in as the network cuts them, data comes out, event by event. How long a line may be is seen to where the
bytes come in: see `http_client`.
"""

from collections.abc import Iterator


class ServerEvents:
    """The `data` of the events of one response. What else an event may have is passed over, and so are comments."""

    def __init__(self) -> None:
        self._open_line = bytearray()
        self._data: list[str] = []

    def feed(self, received: bytes) -> Iterator[str]:
        """The data of each event that is complete now."""
        rest, *begun = received.split(b"\n")
        self._open_line += rest
        for next_line in begun:
            line, self._open_line = self._open_line, bytearray(next_line)
            yield from self._take(line.rstrip(b"\r").decode(errors="replace"))

    def _take(self, line: str) -> Iterator[str]:
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        elif not line and self._data:
            yield "\n".join(self._data)
            self._data.clear()
