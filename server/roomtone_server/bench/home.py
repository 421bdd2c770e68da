"""The virtual home that a bench speaks to, as it is at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from roomtone.engines import Surroundings
from roomtone.errors import HomeError, UsageError
from roomtone.paths import cache_dir
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.home.base import Entity
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings


@dataclass(frozen=True, slots=True)
class HomeNow:
    areas: Sequence[str]
    entities: Mapping[str, Entity]
    vocabulary: Vocabulary

    def area(self, wanted: str | None) -> str | None:
        """The wanted area as the home spells it; None takes the kitchen, else the first. Raises UsageError."""
        if wanted is None:
            return next((name for name in self.areas if name == "Kitchen"), next(iter(self.areas), None))
        for name in self.areas:
            if name.casefold() == wanted.casefold():
                return name
        raise UsageError(f"--area: the home has no area {wanted!r}; it has: {', '.join(self.areas) or 'none'}")


async def read_home(file: Path | None, state: Path, language: str = "en") -> HomeNow:
    """The home in its file (None: the example), as the server with this state has left it. Raises UsageError."""
    home = VirtualHome(VirtualHomeSettings(file=file), Surroundings(state, cache_dir(), language))
    try:
        await home.start()
        return HomeNow(
            areas=[area.name for area in home.areas()],
            entities={entity.id: entity for entity in home.entities()},
            vocabulary=await anext(home.changes()),
        )
    except HomeError as problem:
        raise UsageError(f"--home: {problem}") from problem
    finally:
        await home.close()
