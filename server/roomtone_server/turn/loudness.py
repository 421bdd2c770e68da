"""How loud the utterance is, and since when it is quiet. Pure.

A voice detector takes a room's echo for the voice, and calls it speech for a tenth or two of a second after the last
word. The echo is already far quieter than the words: where they stand out from the room, the level tells sooner.
"""

from typing import Final

SMOOTHED_FRAMES: Final = 3  # a glottal stop or a click is shorter
# How far between the room and the loudest word the level may be, and still be quiet.
QUIET_SHARE: Final = 0.4
# So far is no echo any more, once it has been quiet for a while, but may be the beginning of a word.
STIRRING_SHARE: Final = 0.25
# With less than this between them, the level tells nothing.
MIN_CONTRAST_DB: Final = 12.0
# What is fainter is quiet, and no room: a canceller takes the room out too, for as long as a chime sounds.
FAINTEST_ROOM_DBFS: Final = -75.0


class Loudness:
    """Takes the level of each frame, in dBFS.

    `quiet_since` is the sample from which on it has been quiet, None when it is not, or nobody can tell; `loud_since`
    the one from which on it has not been; `stirring_since` the one from which on it has stood out of the room at all.
    """

    def __init__(self) -> None:
        self._recent: list[float] = []
        self._floor_db = 0.0
        self._peak_db = -120.0
        self.quiet_since: int | None = None
        self.loud_since: int | None = None
        self.stirring_since: int | None = None

    def frame(self, level_db: float, start: int) -> bool:
        """The next frame, and its first sample; whether it is louder than all before."""
        self._recent = [*self._recent[1 - SMOOTHED_FRAMES :], level_db]
        smoothed_db = sum(self._recent) / len(self._recent)
        rises = smoothed_db > self._peak_db
        self._peak_db = max(self._peak_db, smoothed_db)
        if len(self._recent) == SMOOTHED_FRAMES and min(self._recent) >= FAINTEST_ROOM_DBFS:
            self._floor_db = min(self._floor_db, smoothed_db)
        contrast_db = self._peak_db - self._floor_db
        is_room = level_db >= FAINTEST_ROOM_DBFS
        tells = contrast_db >= MIN_CONTRAST_DB
        is_loud = is_room and (not tells or level_db > self._floor_db + QUIET_SHARE * contrast_db)
        is_stirring = is_room and tells and level_db > self._floor_db + STIRRING_SHARE * contrast_db
        self.quiet_since = _since(self.quiet_since, start, lasts=not is_loud)
        self.loud_since = _since(self.loud_since, start, lasts=is_loud)
        self.stirring_since = _since(self.stirring_since, start, lasts=is_stirring)
        return rises


def _since(before: int | None, start: int, *, lasts: bool) -> int | None:
    """Where what lasts has begun; before, if it was so already."""
    if not lasts:
        return None
    return start if before is None else before
