"""What a turn has changed in the virtual home, for people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roomtone.engines import Surroundings
from roomtone.errors import UsageError
from roomtone.paths import cache_dir
from roomtone_server.home.base import Entity
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings


@dataclass(frozen=True, slots=True)
class HomeNow:
    areas: Sequence[str]
    entities: Mapping[str, Entity]

    def area(self, wanted: str | None) -> str | None:
        """The wanted area as the home spells it; None takes the kitchen, else the first. Raises UsageError."""
        if wanted is None:
            return next((name for name in self.areas if name == "Kitchen"), next(iter(self.areas), None))
        for name in self.areas:
            if name.casefold() == wanted.casefold():
                return name
        raise UsageError(f"--area: the home has no area {wanted!r}; it has: {', '.join(self.areas) or 'none'}")


async def read_home(file: Path | None, state: Path) -> HomeNow:
    """The home in its file (None: the example), as the server with this state has left it. Raises HomeError."""
    home = VirtualHome(VirtualHomeSettings(file=file), Surroundings(state, cache_dir()))
    try:
        await home.start()
        return HomeNow([area.name for area in home.areas()], {entity.id: entity for entity in home.entities()})
    finally:
        await home.close()


def changes(before: HomeNow, after: HomeNow, acted_upon: Iterable[str]) -> list[str]:
    """A line for each entity that was acted upon or has changed: `Kitchen Light (light.kitchen): off → on`."""
    changed = (each for each, entity in after.entities.items() if before.entities.get(each) != entity)
    touched = dict.fromkeys([*acted_upon, *changed])
    return [_change(before.entities[each], after.entities[each]) for each in touched if each in after.entities]


def _change(before: Entity, after: Entity) -> str:
    words = [after.state if before.state == after.state else f"{before.state} → {after.state}"]
    words += _changed_attributes(before.attributes, after.attributes)
    return f"{after.name} ({after.id}): {', '.join(words)}"


def _changed_attributes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, value in after.items():
        if before.get(name) != value:
            yield f"{name} {value}"
