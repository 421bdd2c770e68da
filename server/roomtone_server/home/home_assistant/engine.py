"""The `base.Home` that is a Home Assistant."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import HomeError
from roomtone.extras import remedy
from roomtone.link.background import alongside
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.home.base import Area, Entity, Order, ServiceCall, Talker
from roomtone_server.home.home_assistant.api import Api
from roomtone_server.home.home_assistant.follower import Follower
from roomtone_server.home.home_assistant.intents import check, intent_of
from roomtone_server.home.home_assistant.registry import administrators
from roomtone_server.home.home_assistant.settings import HomeAssistantSettings, place_of, trust
from roomtone_server.home.home_assistant.talking import OwnAgent
from roomtone_server.home.home_assistant.view import View
from roomtone_server.home.names import Words

MAX_CONNECTIONS: Final = 16  # so many intents of one command are carried out side by side
KEEP_ALIVE_S: Final = 60.0  # between two commands; Home Assistant itself keeps a connection for 75 s

# What an item is called is looked up by these; they want to know it letter by letter.
_OF_ITEMS: Final = frozenset({"todo.remove_item", "todo.update_item"})


class HomeAssistant:
    """A `base.Home`. While it cannot be reached it is as it was, and nothing is done."""

    def __init__(self, settings: HomeAssistantSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._language = surroundings.language
        self._place = place_of(settings)
        self._view = View()
        self._follower = Follower(settings, self._place, self._view, surroundings.language)
        self._running = AsyncExitStack()
        self._api: Api | None = None  # once started

    async def start(self) -> None:
        """Waits until it was reached, or could not be, or took too long; it is tried again as long as this runs."""
        aiohttp = await asyncio.to_thread(import_module, "aiohttp")
        certificates = await asyncio.to_thread(trust, self._settings)
        connector = aiohttp.TCPConnector(
            ssl=certificates,
            limit=MAX_CONNECTIONS,
            keepalive_timeout=KEEP_ALIVE_S,
            ttl_dns_cache=None,  # to look up homeassistant.local takes long: only when it is lost
        )
        session = await self._running.enter_async_context(aiohttp.ClientSession(connector=connector))
        self._api = Api(self._place, session)
        following = self._follower.run(session, certificates, lost=connector.clear_dns_cache)
        await self._running.enter_async_context(alongside(following))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.connect_s):
                await self._follower.tried.wait()

    def fault(self) -> str | None:
        return self._follower.fault

    def talker(self) -> Talker | None:
        if self._settings.fallback != "home-assistant":
            return None
        return OwnAgent(lambda: self._follower.connection, self._settings.conversation_agent)

    def areas(self) -> Sequence[Area]:
        return self._view.areas

    def entities(self) -> Sequence[Entity]:
        return self._view.entities

    def area_of_device(self, device: str) -> str | None:
        return self._view.registry.name_of_area(self._view.registry.area_of_device.get(device))

    async def changes(self) -> AsyncGenerator[Vocabulary, None]:
        words, told = Words(self._language), None
        while True:
            renamed = self._view.renamed
            vocabulary = words.of(self._view.areas, self._view.entities)
            if vocabulary is not told:
                told = vocabulary
                yield vocabulary
            await renamed.wait()

    def states(self) -> AsyncGenerator[Sequence[Entity], None]:
        return self._view.changed.follow()

    async def call(self, call: ServiceCall, order: Order | None = None) -> None:
        entity = self._view.find(call.entity)
        if entity is None:
            raise HomeError(f"there is no entity {call.entity}")
        intent = intent_of(order, call, self._view.registry.area_id(order.area)) if order else None
        async with self._in_time():
            if intent is not None and await self._handled(intent):
                return
            domain, _, service = call.service.partition(".")
            await self._follower.connection.ask(
                "call_service",
                domain=domain,
                service=service,
                target={"entity_id": call.entity},
                service_data=_spelled(call, entity),
            )

    async def administrators(self) -> frozenset[str]:
        """Raises HomeError also where our own token is none of theirs."""
        async with self._in_time():
            return administrators(await self._follower.connection.ask("config/auth/list"))

    async def _handled(self, intent: Mapping[str, Any]) -> bool:
        """Whether a handler took the intent. False for one that it does not have. Raises HomeError."""
        _ = self._follower.connection  # one that is starting, or was lost, is not asked
        assert self._api is not None
        answer = await self._api.post("intent/handle", intent)
        if answer is None:
            return False
        check(answer)
        return True

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._settings.call_s):
                yield
        except TimeoutError as problem:
            raise HomeError(f"{self._place.name} took longer than {self._settings.call_s:g} s") from problem

    async def close(self) -> None:
        await self._running.aclose()


def _spelled(call: ServiceCall, entity: Entity) -> Mapping[str, Any]:
    """The call's data, with an item of a list called as it is there."""
    item = call.data.get("item")
    if call.service not in _OF_ITEMS or not isinstance(item, str):
        return call.data
    listed = (each["summary"] for each in entity.attributes.get("items", ()))
    return {**call.data, "item": next((each for each in listed if each.casefold() == item.casefold()), item)}


def _missing() -> str | None:
    return None if find_spec("aiohttp") else remedy("server")


ENGINE: Final = EngineSpec(
    name="home-assistant", settings=HomeAssistantSettings, make=HomeAssistant, missing=_missing, auto=False
)
