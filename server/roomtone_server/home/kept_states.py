"""What has changed in a virtual home since its file was read: one small JSON file, replaced whole."""

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from roomtone.errors import HomeError
from roomtone_server.home.base import Entity

_LOGGER = logging.getLogger(__name__)

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
    """Writes in `executor`, behind the calls: a Pi's card may take a tenth of a second, and no reply waits for it.
    States that come during a write share the next one."""

    def __init__(self, path: Path, executor: Executor) -> None:
        self._path = path
        self._executor = executor
        self._newest: Kept = {}
        self._writing: asyncio.Future[None] | None = None
        self._problem: BaseException | None = None  # with the last write

    def keep(self, states: Kept) -> None:
        """They will be on the disk in a moment. Raises HomeError when the last ones could not be; these are tried."""
        self._newest = states
        if self._writing is None:
            self._write()
        if self._problem is not None:
            raise HomeError(self._sentence) from self._problem

    async def settled(self) -> None:
        """Returns when there is nothing left to write."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    def _write(self) -> None:
        written = self._newest
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._executor, _replace_file, self._path, written)
        self._writing.add_done_callback(partial(self._note, written))

    def _note(self, written: Kept, writing: asyncio.Future[None]) -> None:
        self._writing, known = None, self._problem
        self._problem = writing.exception()
        if self._problem is not None and known is None:  # a full disk is said once, not with every call
            _LOGGER.warning("%s", self._sentence)
        if self._newest is not written:
            self._write()

    @property
    def _sentence(self) -> str:
        why = self._problem.strerror if isinstance(self._problem, OSError) else self._problem
        return f"the home's states {self._path} cannot be kept: {why}"


def _replace_file(path: Path, states: Kept) -> None:
    """Either the old file is there or the new one, whatever happens meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(states, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
