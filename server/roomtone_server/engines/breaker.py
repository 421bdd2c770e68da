"""A circuit breaker: an engine that has failed is left alone for a while, then tried by one who asks, not by all.

    CLOSED      it works: everybody is admitted
    OPEN        it failed, and rests: nobody is
    HALF_OPEN   it has rested: one is, and what becomes of that one says whether it works again, or rests twice as long

Pure: time is an argument, in seconds of any clock that never goes back.
"""

from enum import Enum
from typing import Final, NewType

FIRST_REST_S: Final = 5.0
LONGEST_REST_S: Final = 300.0

Ticket = NewType("Ticket", int)


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """One engine's. Whoever was admitted says with the ticket how it ended: `succeeded`, `failed` or `abandoned`.

    A ticket from before the last change of mind is stale: ten attempts that one outage ends are one failure, and an
    answer that comes late wakes nobody.
    """

    def __init__(self, first_rest_s: float = FIRST_REST_S, longest_rest_s: float = LONGEST_REST_S) -> None:
        self._first_rest_s = first_rest_s
        self._longest_rest_s = longest_rest_s
        self._rest_s = 0.0  # the last one; 0: it works
        self._rested_at = 0.0
        self._probed = False
        self._valid = Ticket(0)

    def state(self, now: float) -> State:
        if not self._rest_s:
            return State.CLOSED
        return State.OPEN if now < self._rested_at else State.HALF_OPEN

    def remaining_s(self, now: float) -> float:
        """How much longer it rests; 0 when it does not."""
        return max(0.0, self._rested_at - now) if self._rest_s else 0.0

    def admit(self, now: float) -> Ticket | None:
        """A ticket, with which the engine may be asked now; None: it is to be left alone."""
        state = self.state(now)
        if state is State.OPEN or (state is State.HALF_OPEN and self._probed):
            return None
        self._probed = state is State.HALF_OPEN
        return self._valid

    def insist(self) -> Ticket:
        """A ticket although it rests, for whoever has nobody else to ask."""
        return self._valid

    @property
    def changes(self) -> int:
        """How often it has changed its mind."""
        return self._valid

    def succeeded(self, ticket: Ticket) -> None:
        if ticket == self._valid and self._rest_s:
            self._change(rest_s=0.0)

    def failed(self, ticket: Ticket, now: float) -> None:
        if ticket == self._valid:
            longer_s = 2 * self._rest_s or self._first_rest_s
            self._change(rest_s=min(longer_s, self._longest_rest_s))
            self._rested_at = now + self._rest_s

    def abandoned(self, ticket: Ticket) -> None:
        """It was not waited for, so that nothing is known: somebody barged in, say. Another may try."""
        if ticket == self._valid:
            self._probed = False

    def _change(self, *, rest_s: float) -> None:
        self._rest_s = rest_s
        self._probed = False
        self._valid = Ticket(self._valid + 1)
