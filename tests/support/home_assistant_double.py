"""A server that speaks as Home Assistant documents it, over a virtual home; and what may go wrong with one."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from roomtone.errors import HomeError
from roomtone_server.bench.programs import until
from roomtone_server.home.base import ServiceCall
from roomtone_server.home.virtual import VirtualHome

TOKEN = "eyJ0-a-token-that-nobody-may-see"
SOON_S = 20.0

# Of the intents that a double handles: the service, by the entity's domain where it is not the same for all.
_ON = {"cover": "open_cover", "lock": "lock"}
_OFF = {"cover": "close_cover", "lock": "unlock"}

_SUBSCRIPTIONS = {"subscribe_events": "registry", "subscribe_entities": "states", "todo/item/subscribe": "items"}


@dataclass
class Faults:
    refuses_token: bool = False
    deaf_to: set[str] = field(default_factory=set)  # kinds of requests that are never answered
    drops_at: set[str] = field(default_factory=set)  # the connection breaks when one of these comes
    answers: dict[str, Any] = field(default_factory=dict)  # raw texts to send instead, by kind
    knows_no_intent: bool = False
    stumbles: int = 0  # the HTTP status of every answer


class Double:
    """One Home Assistant. `asked` are the requests, in their order."""

    def __init__(self, home: VirtualHome) -> None:
        self.home = home
        self.faults = Faults()
        self.asked: list[dict[str, Any]] = []
        self.handled: list[dict[str, Any]] = []  # bodies of POST /api/intent/handle
        self.logins = 0
        self.port = 0
        self.certificate: ssl.SSLContext | None = None
        self.exposed = {entity.id for entity in home.entities()}
        self.decides_exposure = False  # nothing is exposed until its assistant looks
        self.names: dict[str, str] = {}  # other names than the home's, by entity id
        self.aliases: dict[str, list[str | None]] = {}
        self.floors: list[dict[str, Any]] = []
        self.users: list[dict[str, Any]] = []
        self.replies: dict[str, dict[str, Any]] = {}  # of its conversation agent, by text
        self.foreseen: dict[str, dict[str, Any]] = {}  # what its agent would do, by text
        self._sockets: set[web.WebSocketResponse] = set()
        self._subscribers: list[tuple[web.WebSocketResponse, int, str, set[str]]] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"url": self.url, "token": TOKEN, **more}

    async def start(self) -> None:
        """Again, too, at the same address."""
        app = web.Application()
        app.add_routes([web.get("/api/websocket", self._socket), web.post("/api/intent/handle", self._handle)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True, ssl_context=self.certificate)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self.drop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def drop(self) -> None:
        """Breaks every connection."""
        for socket in list(self._sockets):
            await socket.close()

    async def has(self, condition: Callable[[], object]) -> None:
        """Returns when it is so."""

        async def holds() -> bool | None:
            return bool(condition()) or None

        await until("it is so", holds, SOON_S, [])

    # What its owner does

    async def rename(self, entity_id: str, name: str) -> None:
        self.names[entity_id] = name
        await self._tell("registry", {"event_type": "entity_registry_updated", "data": {"entity_id": entity_id}})
        await self._tell_state(entity_id)

    async def alias(self, entity_id: str, *aliases: str) -> None:
        self.aliases[entity_id] = [None, *aliases]
        await self._tell("registry", {"event_type": "entity_registry_updated", "data": {"entity_id": entity_id}})

    async def act(self, call: ServiceCall) -> None:
        """Somebody else calls a service."""
        await self.home.call(call)
        await self._tell_state(call.entity)

    # What it says

    async def _tell(self, kind: str, event: dict[str, Any], entity_id: str = "") -> None:
        for socket, number, wanted, ids in list(self._subscribers):
            if wanted == kind and (not ids or entity_id in ids) and not socket.closed:
                await socket.send_json({"id": number, "type": "event", "event": event})

    async def _tell_state(self, entity_id: str) -> None:
        told = self._compressed(entity_id)
        await self._tell("states", {"c": {entity_id: {"+": {"s": told["s"], "a": told["a"]}}}}, entity_id)
        if entity_id.startswith("todo."):
            await self._tell("items", {"items": self._items(entity_id)}, entity_id)

    def _entity(self, entity_id: str) -> Any:
        return next(entity for entity in self.home.entities() if entity.id == entity_id)

    def _compressed(self, entity_id: str) -> dict[str, Any]:
        entity = self._entity(entity_id)
        attributes = {name: value for name, value in entity.attributes.items() if name != "items"}
        attributes |= {"friendly_name": self.names.get(entity_id, entity.name)}
        attributes |= {"device_class": entity.device_class} if entity.device_class else {}
        return {"s": entity.state, "a": attributes, "c": "01", "lc": 1.0}

    def _items(self, entity_id: str) -> list[dict[str, str]]:
        return [{"uid": each["summary"], **each} for each in self._entity(entity_id).attributes["items"]]

    # The websocket

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await socket.send_json({"type": "auth_required", "ha_version": "2026.11.0"})
            if await self._let_in(socket):
                await self._serve(socket)
        finally:
            self._sockets.discard(socket)
            self._subscribers = [each for each in self._subscribers if each[0] is not socket]
        return socket

    async def _let_in(self, socket: web.WebSocketResponse) -> bool:
        said = await socket.receive_json()
        self.logins += 1
        if self.faults.refuses_token or said != {"type": "auth", "access_token": TOKEN}:
            await socket.send_json({"type": "auth_invalid", "message": "Invalid access token or password"})
            await socket.close()
            return False
        await socket.send_json({"type": "auth_ok", "ha_version": "2026.11.0"})
        return True

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            asked = json.loads(message.data)
            self.asked.append(asked)
            kind = asked["type"]
            if kind in self.faults.drops_at:
                await socket.close()
                break
            if kind in self.faults.answers:
                await socket.send_str(self.faults.answers[kind])
            elif kind not in self.faults.deaf_to:
                await self._answer(socket, asked)

    async def _answer(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        number = asked["id"]
        if asked["type"] == "ping":
            await socket.send_json({"id": number, "type": "pong"})
            return
        try:
            result = await self._result(socket, asked)
        except HomeError as problem:
            error = {"code": "home_assistant_error", "message": str(problem)}
            await socket.send_json({"id": number, "type": "result", "success": False, "error": error})
            return
        await socket.send_json({"id": number, "type": "result", "success": True, "result": result})
        if asked["type"] == "subscribe_entities":
            known = [each for each in asked["entity_ids"] if each in {entity.id for entity in self.home.entities()}]
            told = {entity_id: self._compressed(entity_id) for entity_id in known}
            await socket.send_json({"id": number, "type": "event", "event": {"a": told}})
        if asked["type"] == "todo/item/subscribe":
            event = {"items": self._items(asked["entity_id"])}
            await socket.send_json({"id": number, "type": "event", "event": event})

    async def _result(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> Any:
        kind = asked["type"]
        if kind in _SUBSCRIPTIONS:
            ids = set(asked.get("entity_ids", [])) | ({asked["entity_id"]} if "entity_id" in asked else set())
            self._subscribers.append((socket, asked["id"], _SUBSCRIPTIONS[kind], ids))
            return None
        answers = {
            "call_service": self._call,
            "config/area_registry/list": self._areas,
            "config/auth/list": self._users,
            "config/device_registry/list": self._devices,
            "config/entity_registry/get_entries": self._entries,
            "config/floor_registry/list": self._floors,
            "conversation/agent/homeassistant/debug": self._foresee,
            "conversation/prepare": self._prepare,
            "conversation/process": self._converse,
            "homeassistant/expose_entity/list": self._list_exposed,
            "unsubscribe_events": self._unsubscribe,
        }
        if kind not in answers:
            raise HomeError(f"Unknown command {kind}.")
        return await answers[kind](asked)

    async def _call(self, asked: dict[str, Any]) -> None:
        entity_id = asked["target"]["entity_id"]
        await self.act(ServiceCall(f"{asked['domain']}.{asked['service']}", entity_id, asked.get("service_data", {})))

    async def _areas(self, _asked: dict[str, Any]) -> Any:
        return [
            {"area_id": _id(area.name), "name": area.name, "aliases": list(area.aliases), "floor_id": None}
            for area in self.home.areas()
        ]

    async def _users(self, _asked: dict[str, Any]) -> Any:
        return self.users

    async def _devices(self, _asked: dict[str, Any]) -> Any:
        return [{"id": f"device of {each.id}", "area_id": _id(each.area)} for each in self.home.entities()]

    async def _entries(self, asked: dict[str, Any]) -> Any:
        return {entity_id: self._row(entity_id) for entity_id in asked["entity_ids"]}

    async def _floors(self, _asked: dict[str, Any]) -> Any:
        return self.floors

    async def _foresee(self, asked: dict[str, Any]) -> Any:
        return {"results": [self.foreseen.get(text) for text in asked["sentences"]]}

    async def _prepare(self, _asked: dict[str, Any]) -> None:
        self.decides_exposure = False

    async def _converse(self, asked: dict[str, Any]) -> Any:
        return _conversed(self.replies.get(asked["text"], {}))

    async def _list_exposed(self, _asked: dict[str, Any]) -> Any:
        exposed = [] if self.decides_exposure else self.exposed
        return {"exposed_entities": {each: {"conversation": True} for each in exposed}}

    async def _unsubscribe(self, asked: dict[str, Any]) -> None:
        self._subscribers = [each for each in self._subscribers if each[1] != asked["subscription"]]

    def _row(self, entity_id: str) -> dict[str, Any]:
        entity = self._entity(entity_id)
        aliases = self.aliases.get(entity_id, [None, *entity.aliases])
        of_device = len(entity_id) % 2 == 0  # every other entity is where its device is
        return {
            "entity_id": entity_id,
            "aliases": aliases,
            "area_id": None if of_device else _id(entity.area),
            "device_id": f"device of {entity_id}",
        }

    # What goes over HTTP

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.handled.append(body)
        if self.faults.refuses_token or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        if self.faults.stumbles:
            return web.Response(status=self.faults.stumbles)
        calls = _calls(body["name"], body["data"])
        if self.faults.knows_no_intent or calls is None:
            return web.Response(status=500, text="500 Internal Server Error")
        try:
            await self.act(calls)
        except HomeError as problem:
            speech = {"plain": {"speech": str(problem), "extra_data": None}}
            return web.json_response({"speech": speech, "response_type": "error", "data": {"code": "failed_to_handle"}})
        return web.json_response({"speech": {}, "response_type": "action_done", "data": {"success": [], "failed": []}})


def _id(area: str | None) -> str | None:
    return None if area is None else area.lower().replace(" ", "_")


def _conversed(said: dict[str, Any]) -> dict[str, Any]:
    speech = said.get("speech", "Sorry, I couldn't understand that")
    kind = "action_done" if said else "error"
    data = {} if said else {"code": "no_intent_match"}
    response = {"speech": {"plain": {"speech": speech}}, "response_type": kind, "data": data}
    return {
        "response": response,
        "conversation_id": said.get("conversation_id", "01CONVERSATION"),
        "continue_conversation": said.get("continue_conversation", False),
    }


def _calls(intent: str, data: dict[str, Any]) -> ServiceCall | None:
    entity = data["name"]
    domain = entity.partition(".")[0]
    match intent:
        case "HassTurnOn":
            return ServiceCall(f"{domain}.{_ON.get(domain, 'turn_on')}", entity)
        case "HassTurnOff":
            return ServiceCall(f"{domain}.{_OFF.get(domain, 'turn_off')}", entity)
        case "HassLightSet":
            names = {"brightness": "brightness_pct", "color": "color_name", "temperature": "color_temp_kelvin"}
            return ServiceCall("light.turn_on", entity, {names[key]: data[key] for key in names if key in data})
        case "HassListAddItem":
            return ServiceCall("todo.add_item", entity, {"item": data["item"].capitalize()})
        case "HassClimateSetTemperature":
            return ServiceCall("climate.set_temperature", entity, {"temperature": data["temperature"]})
        case _:
            return None


@contextlib.asynccontextmanager
async def serving(home: VirtualHome) -> AsyncIterator[Double]:
    """A double over a home that is started; on loopback, in the caller's own event loop."""
    double = Double(home)
    await double.start()
    try:
        yield double
    finally:
        await double.stop()
        await asyncio.sleep(0)  # the last of its connections end
