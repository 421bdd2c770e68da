"""The house's one ear for wake words that several satellites hear: tells conversations what the arbiter decides."""

import asyncio
from typing import Protocol

from roomtone_server.runtime.session import Woken
from roomtone_server.turn.arbiter import Arbiter, Claim


class Contestant(Protocol):
    def give_way(self, turn_id: int) -> None:
        """Another satellite has heard the turn's wake word better."""


class Contest:
    """Knows who is there to hear a wake word, and whose turns are going on. One event loop."""

    def __init__(self) -> None:
        self._arbiter = Arbiter()
        self._present: dict[str, Contestant] = {}

    def enter(self, satellite: str, contestant: Contestant) -> None:
        """One that enters under the same id takes the place of the one before."""
        self._present[satellite] = contestant

    def leave(self, satellite: str, contestant: Contestant) -> None:
        if self._present.get(satellite) is contestant:
            del self._present[satellite]

    def claim(self, satellite: str, woken: Woken) -> float:
        """The turn has begun; how many seconds the satellite's chime waits. One that does not say how well it has heard
        the word is compared with none."""
        if woken.snr_db is None:
            return 0.0
        claim = Claim(satellite, woken.turn, woken.word, woken.sample, woken.snr_db, woken.score)
        return self._arbiter.claim(claim, _now(), alone=len(self._present) == 1)

    def heard(self, satellite: str, turn_id: int, sample: int, level_db: float) -> None:
        """The turn's audio, one frame after the other."""
        yielding = self._arbiter.heard(satellite, turn_id, sample, level_db, _now())
        if yielding is not None:
            self._present[yielding.satellite].give_way(yielding.turn)

    def settle(self, satellite: str, turn_id: int) -> None:
        """The endpoint was found."""
        self._arbiter.settle(satellite, turn_id)

    def withdraw(self, satellite: str, turn_id: int) -> None:
        """The turn has ended."""
        self._arbiter.withdraw(satellite, turn_id)


def _now() -> float:
    return asyncio.get_running_loop().time()
