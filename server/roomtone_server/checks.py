"""What `roomtone doctor` checks of the server, with its default settings."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from typing import Final

from roomtone.doctor import Check, Finding
from roomtone.errors import RoomtoneError, ServerNotRunning
from roomtone.link.security import make_certificate
from roomtone_server.ports.control import call, control_path
from roomtone_server.settings import NATIVE_PORT, WEB_PORT, ServerSettings


def _server() -> Iterator[Finding]:
    """The running server, or whether one could be started."""
    try:
        status = next(iter(call(control_path(), "status", patience_s=5)))
    except ServerNotRunning:
        yield Finding("server", "note", "not running", "roomtone server")
        yield from _ports()
    except RoomtoneError as problem:
        yield Finding("server", "broken", str(problem), "stop it and start it again; its log may say why")
    else:
        engines = ", ".join(f"{kind} {engine['name']}" for kind, engine in status["engines"].items())
        satellites = ", ".join(status["satellites"]) or "no satellite"
        yield Finding("server", "works", f"{status['status']}; {engines}; connected: {satellites}")


def _ports() -> Iterator[Finding]:
    for what, port in (("satellites", NATIVE_PORT), ("web", WEB_PORT)):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("", port))
            except OSError as problem:
                remedy = "stop the program that listens there, or choose another port in server.yaml"
                yield Finding(f"port {port}", "broken", f"for {what}: {problem.strerror}", remedy)
            else:
                yield Finding(f"port {port}", "works", f"free, for {what}")


def _certificate() -> Iterator[Finding]:
    from roomtone_server.mind import surroundings

    try:
        identity = make_certificate(surroundings(ServerSettings()).state)
    except RoomtoneError as problem:
        yield Finding("certificate", "broken", str(problem))
    else:
        yield Finding("certificate", "works", f"its fingerprint begins with {identity.fingerprint[:8].hex()}")


def _mind() -> Iterator[Finding]:
    """The home and the agent, with one question put to them."""
    try:
        understood, entities = asyncio.run(_ask())
    except RoomtoneError as problem:
        yield Finding("home", "broken", str(problem))
        return
    yield Finding("home", "works", f"{entities} entities")
    if understood:
        yield Finding("agent", "works", "understands a question about the time")
    else:
        yield Finding("agent", "broken", "does not understand a question about the time", "reinstall roomtone[server]")


async def _ask() -> tuple[bool, int]:
    from roomtone import engines
    from roomtone_server.agent.base import Request
    from roomtone_server.mind import open_mind, surroundings

    settings = ServerSettings()
    async with open_mind(settings, engines.choose("home", settings.home), surroundings(settings)) as mind:
        prepared = await mind.agent.prepare(Request("what time is it", settings.language))
        return prepared.intent is not None, len(mind.home.entities())


CHECKS: Final[Sequence[Check]] = (_server, _certificate, _mind)
