"""A satellite from afar: what it tells of itself beside its turns, and what can be asked of it. A port passes both on.

What is asked is asked once and promised by nobody: the satellite tells what became of it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from roomtone.errors import SatelliteUnable

Ability = Literal["announce", "listen", "mute", "volume", "level", "thresholds", "rename", "revoke"]

# A level older than this is of a satellite that has stopped telling.
LEVEL_LASTS_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class WakeWord:
    name: str
    phrase: str  # as it is spoken
    threshold: float | None  # from which score on it is heard; None: not known


@dataclass(frozen=True, slots=True)
class SatelliteState:
    """As the satellite has told last."""

    muted: bool
    muted_there: bool  # by its own button or settings, which alone can lift that
    volume: float  # 0 to 1, as loud as it sounds
    wake_words: tuple[WakeWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What the satellite is to change; None stays as it is."""

    muted: bool | None = None
    volume: float | None = None
    thresholds: Mapping[str, float] | None = None  # by wake word


@dataclass(frozen=True, slots=True)
class LevelWanted:
    """How loud its microphone hears the room, a few times a second, for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renamed:
    """What people call it from now on, and where it stands."""

    name: str
    area: str | None


Wish = Change | LevelWanted | Renamed


class Remote:
    """One that is connected. Its port calls `told`, `able` and `heard`; the house all else. One event loop."""

    def __init__(
        self, can: Collection[Ability] = ("announce", "listen"), wish: Callable[[Wish], None] | None = None
    ) -> None:
        """`wish` passes on what is asked, at once; None: there is nothing that could be."""
        self.can = frozenset(can)
        self.state: SatelliteState | None = None  # None: it tells nothing
        self.on_change: Callable[[], None] = _nobody_minds
        self._wish = wish
        self._level: tuple[float, float] | None = None  # and when

    def told(self, state: SatelliteState, can: Collection[Ability]) -> None:
        """The satellite tells how it is, and what can be set there."""
        self.state, self.can = state, self.can | frozenset(can)
        if state.muted:
            self._level = None
        self.on_change()

    def able(self, can: Collection[Ability]) -> None:
        """What can be asked of it has changed, perhaps."""
        if self.can != (now := frozenset(can)):
            self.can = now
            self.on_change()

    def heard(self, dbfs: float) -> None:
        """The satellite tells how loud it is there."""
        self._level = (dbfs, asyncio.get_running_loop().time())

    @property
    def is_muted(self) -> bool:
        """As far as it tells."""
        return self.state is not None and self.state.muted

    @property
    def level_dbfs(self) -> float | None:
        """How loud it is there now; None: nobody has asked, or it is muted."""
        if self._level is None or asyncio.get_running_loop().time() - self._level[1] > LEVEL_LASTS_S:
            return None
        return self._level[0]

    def mute(self, *, muted: bool) -> None:
        """Closes its ear, or opens it again. Raises SatelliteUnable: also where its own button or settings keep it
        shut, since whoever mutes a microphone in its room is not overruled from afar."""
        self._ask("mute", Change(muted=muted))

    def set_volume(self, volume: float) -> None:
        """0 to 1. Raises SatelliteUnable."""
        self._ask("volume", Change(volume=volume))

    def set_thresholds(self, thresholds: Mapping[str, float]) -> None:
        """By wake word, 0 to 1. Raises SatelliteUnable: also for a word that it does not listen for."""
        known = {word.name for word in self.state.wake_words} if self.state else set()
        if unknown := thresholds.keys() - known:
            raise SatelliteUnable(f"it does not listen for {', '.join(sorted(unknown))}")
        self._ask("thresholds", Change(thresholds=dict(thresholds)))

    def watch_level(self, seconds: float) -> None:
        """From now on `level_dbfs` is told, for so long; of a satellite that cannot, nothing is."""
        if "level" in self.can and self._wish is not None:
            self._wish(LevelWanted(seconds))

    def rename(self, name: str, area: str | None) -> None:
        """Raises SatelliteUnable."""
        self._ask("rename", Renamed(name, area))
        self.on_change()

    def _ask(self, ability: Ability, wish: Wish) -> None:
        if ability not in self.can or self._wish is None:
            raise SatelliteUnable(_WHY_NOT[ability])
        if wish == Change(muted=False) and self.state is not None and self.state.muted_there:
            raise SatelliteUnable(
                "it was muted in its room, by its own button or settings: only there can that be lifted"
            )
        self._wish(wish)


_WHY_NOT: Final[Mapping[Ability, str]] = {
    "mute": "this satellite cannot be muted from here",
    "volume": "this satellite's volume cannot be set from here",
    "thresholds": "this satellite's wake word engine takes no other thresholds while it runs",
    "rename": "this satellite is called what the settings call it",
}


def _nobody_minds() -> None:
    pass
