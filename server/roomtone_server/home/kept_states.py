"""What has changed in a virtual home since its file was read: one small JSON file, replaced whole."""

import asyncio
import json
import os
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from roomtone.errors import HomeError
from roomtone_server.home.base import Entity

FILE_NAME: Final = "virtual-home.json"

Kept = Mapping[str, Mapping[str, Any]]  # by entity id: its `state`, and the `attributes` that calls have set


def read(path: Path) -> Kept:
    """What was kept; nothing when there is no file yet. Raises HomeError for a file that is not ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            entity_id: {"state": str(kept["state"]), "attributes": dict(kept["attributes"])}
            for entity_id, kept in content.items()
        }
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise HomeError(f"the home's states {path} cannot be read: {problem.strerror}") from problem
    except (ValueError, AttributeError, KeyError, TypeError) as problem:
        raise HomeError(f"the home's states {path} are damaged: delete the file to start afresh") from problem


def restored(entity: Entity, kept: Kept) -> Entity:
    """The entity as it was left; what the home's file says of the rest stands."""
    if (left := kept.get(entity.id)) is None:
        return entity
    return replace(entity, state=left["state"], attributes={**entity.attributes, **left["attributes"]})


def difference(before: Entity, after: Entity) -> Mapping[str, Any]:
    """What must be kept of an entity, given what the home's file says of it."""
    changed = {
        name: value
        for name, value in after.attributes.items()
        if name not in before.attributes or before.attributes[name] != value
    }
    return {"state": after.state, "attributes": changed}


class StateFile:
    """Writes in `executor`; calls that come during a write share the next one."""

    def __init__(self, path: Path, executor: Executor) -> None:
        self._path = path
        self._executor = executor
        self._writing = asyncio.Lock()
        self._newest: Kept = {}
        self._on_disk: Kept = {}

    async def keep(self, states: Kept) -> None:
        """Returns when these states, or newer ones, are on the disk. Raises HomeError when they cannot be."""
        self._newest = states
        async with self._writing:
            if self._on_disk is self._newest:
                return
            writing = self._newest
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, _replace_file, self._path, writing)
            except OSError as problem:
                raise HomeError(f"the home's states {self._path} cannot be kept: {problem.strerror}") from problem
            self._on_disk = writing


def _replace_file(path: Path, states: Kept) -> None:
    """Either the old file is there or the new one, whatever happens meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(states, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
