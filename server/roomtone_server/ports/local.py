"""What the local command line may ask of a running server, verb by verb; `ports.control` carries it."""

import time
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any, Final

from roomtone.errors import UsageError
from roomtone.link.pairing import WINDOW_S, PairingCode, PairingWindow
from roomtone_server.agent.base import Request, ask
from roomtone_server.ports.control import Answer, Verb
from roomtone_server.runtime.house import EVERYWHERE, House
from roomtone_server.runtime.session import Satellite
from roomtone_server.store.base import SatelliteStore

MAX_QUESTION_CHARACTERS: Final = 1000


class LocalVerbs:
    """The verbs of one server; each is an asynchronous generator of answers."""

    def __init__(
        self,
        house: House,
        satellites: SatelliteStore,
        window: PairingWindow,
        fingerprint: bytes,
    ) -> None:
        self._house = house
        self._satellites = satellites
        self._window = window
        self._fingerprint = fingerprint

    def by_name(self) -> dict[str, Verb]:
        return {
            "pair": self.pair,
            "satellites": self.satellites,
            "revoke": self.revoke,
            "ask": self.ask,
            "announce": self.announce,
            "watch": self.watch,
        }

    async def pair(self, _arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Opens the pairing window: `code`, and for how long it is good."""
        secret = self._window.open(time.monotonic())
        yield {"code": str(PairingCode(self._fingerprint[:16], secret)), "expires_s": WINDOW_S}

    async def satellites(self, _arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Each satellite that is paired, and each of another make that is connected: `id`, `name`, `area`, whether it
        is `connected`, `seen_at`."""
        present = {satellite.id: satellite for satellite in self._house.satellites}
        for each in await self._satellites.list():
            connected = present.pop(each.id, None) is not None
            yield {"id": each.id, "name": each.name, "area": each.area, "connected": connected, "seen_at": each.seen_at}
        for other in present.values():
            yield {"id": other.id, "name": other.name, "area": other.area, "connected": True, "seen_at": None}

    async def revoke(self, arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Takes a satellite's token back, by `satellite`: its id, or its name where only one is called so."""
        wanted = _text(arguments, "satellite")
        found = [each for each in await self._satellites.list() if wanted in (each.id, each.name)]
        if len(found) != 1:
            raise UsageError(
                f"{len(found)} satellites are called {wanted!r}; `roomtone pair --list` shows names and ids"
                if found
                else f"no satellite is called {wanted!r}; `roomtone pair --list` shows names and ids"
            )
        await self._satellites.remove(found[0].id)
        self._house.dismiss(found[0].id)
        yield {"revoked": found[0].id, "name": found[0].name}

    async def ask(self, arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """One text turn: `text`; `area` if it is spoken somewhere, `language` if it is not the house's."""
        area = _text(arguments, "area") if arguments.get("area") else None
        language = _text(arguments, "language") if arguments.get("language") else self._house.parts.language
        request = Request(_text(arguments, "text"), language, area=area, conversation="local")
        yield asdict(await ask(self._house.parts.agent, request))

    async def announce(self, arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Says `text`, in `language` if it is not the house's, everywhere or in a `room`: the area, name or id of
        satellites. `satellites` are the names of those that say it now."""
        text, room = _text(arguments, "text"), _text(arguments, "room") if arguments.get("room") else None
        language = _text(arguments, "language") if arguments.get("language") else ""
        there = [each for each in self._house.present() if room is None or _is_at(each.satellite, room)]
        if room is not None and not there:
            raise UsageError(f"no satellite that is connected is called {room!r}, or stands there")
        for satellite_id in [each.satellite.id for each in there] if room is not None else [EVERYWHERE]:
            self._house.announce(satellite_id, text, "done", language=language)
        yield {"satellites": [each.satellite.name for each in there if not each.remote.is_muted]}

    async def watch(self, _arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """`{"watching": true}`, then every event of every turn from that moment on, until the client goes."""
        with self._house.parts.trace.watch() as events:
            yield {"watching": True}
            while True:
                yield (await events.get()).to_dict()


def _is_at(satellite: Satellite, room: str) -> bool:
    """Whether people mean this satellite when they name that room."""
    known = (satellite.id, satellite.name, satellite.area or "")
    return room.casefold() in {each.casefold() for each in known}


def _text(arguments: dict[str, Any], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_QUESTION_CHARACTERS:
        raise UsageError(f"{key} must be a text of 1 to {MAX_QUESTION_CHARACTERS} characters")
    return value
