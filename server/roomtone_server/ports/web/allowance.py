"""How much somebody may send or try: as much as time brings, and some at once."""


class Allowance:
    """Pure; `now` is monotonic, in seconds."""

    def __init__(self, every_s: float, at_once: float) -> None:
        """One more every so many seconds; what nobody spends is saved, up to `at_once`."""
        self._every_s = every_s
        self._at_once = at_once
        self._left = at_once
        self._asked = 0.0

    def wait_s(self, amount: float, now: float) -> float:
        """How long until that much is left; 0 when it is."""
        self._left = min(self._at_once, self._left + (now - self._asked) / self._every_s)
        self._asked = now
        return max(0.0, (amount - self._left) * self._every_s)

    def spend(self, amount: float, now: float) -> bool:
        """Whether that much is left; if it is, it is spent."""
        if self.wait_s(amount, now):
            return False
        self._left -= amount
        return True

    def give_back(self, amount: float) -> None:
        self._left += amount
