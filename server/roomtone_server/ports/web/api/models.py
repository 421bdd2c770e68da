"""The models that are known and installed: how they come, and how they go."""

import asyncio
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from roomtone.engines import Chosen
from roomtone.errors import ModelError
from roomtone_server.engines.chains.provider import Chained
from roomtone_server.models.installed import installed, models_root, remove
from roomtone_server.models.manifest import Manifest, read
from roomtone_server.models.manifest import Model as KnownModel
from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, Media, any_of
from roomtone_server.ports.web.api.live import EVENTS_TYPE, event_bytes, streaming
from roomtone_server.ports.web.api.pulls import Pulls
from roomtone_server.ports.web.api.requests import OneModel
from roomtone_server.ports.web.api.shapes import Model, Models
from roomtone_server.ports.web.problems import Problem

# Whose models these are.
_ENGINES: Final[Mapping[str, str]] = {"whisper": "faster-whisper", "piper": "piper", "ollama": "ollama"}

_UNKNOWN: Final = {404: "No such model is known, or none is installed."}


def model_endpoints(models: "KnownModels", pulls: Pulls) -> Sequence[AnyEndpoint]:
    asked = _AskedOfModels(models, pulls)
    return any_of(
        Endpoint("GET", "/api/models", "read", "The models that are known, or installed", asked.list, answer=Models),
        Endpoint(
            "POST",
            "/api/models/{name:.+}/pull",
            "admin",
            "Fetch a model: how it fares, as server-sent events; joins a download that goes on already",
            asked.pull,
            OneModel,
            answer=Media((EVENTS_TYPE,)),
            refusals=_UNKNOWN | {429: "Other models are on their way."},
        ),
        Endpoint(
            "DELETE",
            "/api/models/{name:.+}/pull",
            "admin",
            "Call a download off; it goes on from there the next time",
            asked.call_off,
            OneModel,
            refusals={404: "No such download goes on."},
        ),
        Endpoint(
            "DELETE",
            "/api/models/{name:.+}",
            "admin",
            "Remove an installed model",
            asked.remove,
            OneModel,
            refusals=_UNKNOWN | {409: "It is in use, or on its way."},
        ),
    )


class KnownModels:
    """Those of the package and of one's own manifest, and where the installed ones lie."""

    def __init__(self, manifest: Path | None, cache: Path, engines: Mapping[str, Chosen | Chained]) -> None:
        """`engines` by kind, as they are used."""
        self._own = manifest
        self._read: Manifest | None = None
        self._cache = cache
        self._in_use = {(name, value) for name, settings in _engines(engines.values()) for value in _texts(settings)}

    async def find(self, name: str) -> KnownModel:
        """Raises Problem."""
        manifest = await asyncio.to_thread(self.manifest)
        try:
            return manifest.find(name)
        except ModelError as problem:
            raise Problem(HTTPStatus.NOT_FOUND, "No such model", str(problem)) from problem

    def manifest(self) -> Manifest:
        """As it was when it was first asked for: blocks then. Raises SettingsError for a broken one of one's own."""
        if self._read is None:
            self._read = read(self._own)
        return self._read

    def installed(self) -> dict[str, Path]:
        """Blocks."""
        return installed(self._cache)

    def free_bytes(self) -> int:
        root = models_root(self._cache)
        return shutil.disk_usage(root if root.exists() else self._cache).free

    def is_in_use(self, title: str) -> bool:
        kind, _, name = title.partition("/")
        return bool({(_ENGINES.get(kind), each) for each in (name, title)} & self._in_use)


class _AskedOfModels:
    def __init__(self, models: KnownModels, pulls: Pulls) -> None:
        self._models = models
        self._pulls = pulls

    async def list(self, _call: Call) -> Models:
        return await asyncio.to_thread(self._list)

    def _list(self) -> Models:
        here = self._models.installed()
        known = {model.title: model for model in self._models.manifest().models}
        told = [self._told(model, here) for model in known.values()]
        told += [self._unknown(title) for title in here.keys() - known.keys()]
        return Models(models=sorted(told, key=lambda each: each.name), free_bytes=self._models.free_bytes())

    def _told(self, model: KnownModel, here: Collection[str]) -> Model:
        return Model(
            name=model.title,
            kind=model.kind,
            languages=model.languages,
            licence=model.licence,
            bytes=model.about_bytes or None,
            installed=model.title in here if model.files else None,
            in_use=self._models.is_in_use(model.title),
            pull=self._pulls.now(model.title),
        )

    def _unknown(self, title: str) -> Model:
        """One that somebody put there."""
        return Model(
            name=title,
            kind=title.partition("/")[0],
            languages=(),
            licence="",
            bytes=None,
            installed=True,
            in_use=self._models.is_in_use(title),
            pull=None,
        )

    async def pull(self, call: Call[OneModel]) -> web.StreamResponse:
        model = await self._models.find(call.parameters.name)
        async with aclosing(self._pulls.pull(model)) as told, streaming(call.request) as response:
            async for now in told:
                await response.write(event_bytes("pull", now))
        return response

    async def call_off(self, call: Call[OneModel]) -> None:
        model = await self._models.find(call.parameters.name)
        if not self._pulls.call_off(model.title):
            raise Problem(HTTPStatus.NOT_FOUND, "No such download", f"{model.title} is not on its way")

    async def remove(self, call: Call[OneModel]) -> None:
        name = call.parameters.name
        here = await asyncio.to_thread(self._models.installed)
        titles = [title for title in here if name in (title, title.partition("/")[2])]
        if len(titles) != 1:
            raise Problem(HTTPStatus.NOT_FOUND, "No such model", "no model of that name is installed, or several are")
        if self._models.is_in_use(titles[0]) or self._pulls.now(titles[0]):
            raise Problem(HTTPStatus.CONFLICT, "In use", f"{titles[0]} is in use, or on its way")
        await asyncio.to_thread(remove, here[titles[0]])


def _engines(chosen: Collection[Chosen | Chained]) -> Iterator[tuple[str, Any]]:
    """Each engine's name, and its settings as plain values."""
    for each in chosen:
        members = each.members.values() if isinstance(each, Chained) else [each]
        yield from ((one.name, one.settings.model_dump(mode="json")) for one in members if isinstance(one, Chosen))


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON carries
    """Every text in it, at any depth."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)
