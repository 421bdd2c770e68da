"""How long to wait before the next try: longer each time, and never the same for two that wait."""

import random
from typing import Final

FIRST_S: Final = 0.5
MOST_S: Final = 30.0


class Backoff:
    """Doubles from FIRST_S to MOST_S. The jitter takes up to half away, so that a house full of satellites does not
    come back in step after a power cut."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._random = source or random.Random()  # noqa: S311 - nobody gains from guessing it
        self._ceiling_s = FIRST_S

    def next_s(self) -> float:
        """The next wait, in seconds: between half of the ceiling and the whole, never below FIRST_S."""
        ceiling_s, self._ceiling_s = self._ceiling_s, min(MOST_S, 2 * self._ceiling_s)
        return max(FIRST_S, ceiling_s * self._random.uniform(0.5, 1.0))

    def reset(self) -> None:
        """The last try went well."""
        self._ceiling_s = FIRST_S
