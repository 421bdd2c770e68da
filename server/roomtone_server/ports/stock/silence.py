"""Whether a stock satellite has fallen silent that should not have. Pure; `now` is monotonic, in seconds.

Some are deaf after a reply until they are connected anew. One that only waits for a voice, or for its own wake word, is
silent too: it is told apart by what it said when it began, and at worst connected anew once after a turn.
"""

from typing import Final

from roomtone_server.ports.plain import Sound
from roomtone_server.ports.stock.words import WantsTurn, Word

SILENT_S: Final = 10.0


class SilenceWatch:
    def __init__(self) -> None:
        self._is_remote = False  # its wake words are found here
        self._always = False  # it says that it streams always
        self._owes = False
        self._since = 0.0

    def heard(self, word: Word, now: float) -> None:
        match word:
            case WantsTurn(stage, always):
                self._is_remote, self._always = stage == "wake", always
            case Sound():
                pass
            case _:
                return
        self._owes, self._since = self._always, now

    def turn_ended(self, now: float, *, answers_pings: bool) -> None:
        """Those that answer pings are of a later make, without the fault."""
        if self._is_remote and not answers_pings:
            self._owes = True
        self._since = now

    def next_deadline(self) -> float | None:
        """When it has been silent for too long, unless it is heard before."""
        return self._since + SILENT_S if self._owes else None
