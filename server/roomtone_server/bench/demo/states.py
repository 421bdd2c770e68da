"""What a turn has changed in the virtual home, for people."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roomtone_server.bench.home import HomeNow
from roomtone_server.home.base import Entity


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
