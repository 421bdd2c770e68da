"""How much a browser may send: as much as time brings, and some at once."""


class Allowance:
    """Pure; `now` is monotonic, in seconds."""

    def __init__(self, per_s: float, at_once: float) -> None:
        self._per_s = per_s
        self._at_once = at_once
        self._left = at_once
        self._asked = 0.0

    def spend(self, amount: float, now: float) -> bool:
        """Whether that much is left; if it is, it is spent."""
        self._left = min(self._at_once, self._left + (now - self._asked) * self._per_s)
        self._asked = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
