"""The web port of a server, put together of its parts: each gives Routes, and takes of the server what it needs."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from roomtone.link.background import alongside
from roomtone_server.equipment import Equipment
from roomtone_server.health import Health
from roomtone_server.household import NativeDoor
from roomtone_server.mind import Mind
from roomtone_server.ports.control import Verb
from roomtone_server.ports.web.api.described import described
from roomtone_server.ports.web.api.endpoint import AnyEndpoint, routes_of
from roomtone_server.ports.web.auth.doors import SESSION_COOKIE
from roomtone_server.ports.web.early import Early
from roomtone_server.ports.web.page.page import page_routes
from roomtone_server.ports.web.port import serve_web, watching_routes
from roomtone_server.ports.web.route import Route
from roomtone_server.ports.web.voice.port import VoicePort
from roomtone_server.runtime.house import House
from roomtone_server.settings import ServerSettings
from roomtone_server.telemetry.metrics import Metrics
from roomtone_server.wake import lazy_wake_maker
from roomtone_server.web_api import open_api
from roomtone_server.web_doors import open_web_doors


@dataclass(frozen=True, slots=True)
class Furnished:
    """A server that lets satellites in: all that the web port may show or move."""

    settings: ServerSettings
    health: Health
    metrics: Metrics
    equipment: Equipment
    mind: Mind
    house: House
    native: NativeDoor


async def open_web(stack: AsyncExitStack, early: Early | None, server: Furnished) -> dict[str, Verb]:
    """Takes the web port over from `early`, if the settings want one, and serves Home Assistant's ingress, if there is
    one: what the local command line may ask of it. Raises PortUnusable, LinkError, StoreError."""
    port = early.port if early else None
    doors = await open_web_doors(stack, server.settings, server.mind, server.equipment.around.state, port)
    api = await open_api(stack, server)
    sockets = [*(await early.hand_over() if early else ()), *doors.ingress]
    voice = VoicePort(
        server.house, lazy_wake_maker(server.settings.satellites.wake, server.equipment.around), server.settings.name
    )
    routes = [*_routes(server, [*api.endpoints, *doors.endpoints]), *voice.routes()]
    await stack.enter_async_context(serve_web(sockets, routes, doors.doors, secure=doors.secure))
    for telling in (api.happenings.tell(), voice.tell_stages()):  # left first: who listens is let go at once
        await stack.enter_async_context(alongside(telling))
    return doors.verbs


def _routes(server: Furnished, endpoints: Sequence[AnyEndpoint]) -> Sequence[Route]:
    """Everything that is served."""
    return [
        *watching_routes(server.health.report, server.metrics.exposition),
        *page_routes(),
        *routes_of(described(endpoints, session_cookie=SESSION_COOKIE)),
    ]
