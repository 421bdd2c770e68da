"""The doors of a server's web port, as its settings have them: where it listens, and who is let in."""

import asyncio
import datetime as dt
import logging
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import click

from roomtone.link.background import alongside
from roomtone.link.discovery import own_addresses
from roomtone.link.listening import listen
from roomtone_server.add_on.supervisor import Supervisor
from roomtone_server.household import EVERYWHERE
from roomtone_server.mind import Mind
from roomtone_server.ports.control import Verb
from roomtone_server.ports.web.api.endpoint import AnyEndpoint
from roomtone_server.ports.web.auth.administrators import Administrators
from roomtone_server.ports.web.auth.certificate import OwnersCertificate, own_context
from roomtone_server.ports.web.auth.coming_in import ComingIn
from roomtone_server.ports.web.auth.doors import HouseDoors
from roomtone_server.ports.web.auth.keys import Keys
from roomtone_server.ports.web.auth.letting_in import LettingIn
from roomtone_server.ports.web.auth.links import Links, entry
from roomtone_server.ports.web.auth.passwords import Passwords
from roomtone_server.ports.web.auth.present import Present
from roomtone_server.ports.web.auth.verbs import WebVerbs
from roomtone_server.ports.web.auth.visit import INGRESS_PORT, Entrance
from roomtone_server.settings import ServerSettings, WebSettings
from roomtone_server.store.web import SqliteKeyStore, SqlitePasswordStore

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebDoors:
    doors: HouseDoors
    ingress: Sequence[socket.socket]  # where Home Assistant asks, in an add-on
    secure: Sequence[tuple[socket.socket, ssl.SSLContext]]
    endpoints: Sequence[AnyEndpoint]
    verbs: dict[str, Verb]


async def open_web_doors(
    stack: AsyncExitStack, settings: ServerSettings, mind: Mind, state: Path, port: int | None
) -> WebDoors:
    """`port` is the one for plain HTTP, None where the settings want none: then HTTPS is not served either. Tells how
    to come in while nobody can. Raises PortUnusable, LinkError, StoreError."""
    web = settings.web
    ingress = [await _listening(stack, "", INGRESS_PORT)] if Supervisor.of_this_add_on() else []
    secure: list[tuple[socket.socket, ssl.SSLContext]] = []
    if port is not None and web.https_port is not None:
        context = await _context(stack, web, state)
        secure.append((await _listening(stack, web.host, web.https_port), context))
    https_port = _port(secure[0][0]) if secure else None
    entrance = Entrance(
        proxies=web.proxies,
        names=web.names,
        https_port=https_port,
        ingress_port=_port(ingress[0]) if ingress else None,
    )
    present = Present()
    keys = await Keys.open(SqliteKeyStore(mind.database), present.turn_out)
    passwords = await Passwords.open(SqlitePasswordStore(mind.database))
    administrators = Administrators(mind.home)
    links, doors = Links(), HouseDoors(entrance, keys, administrators, present)
    here, others = page_addresses(web, port, https_port, in_container=bool(ingress))
    addresses = [*here, *others]
    if not (passwords.is_set or ingress):
        _welcome(links, addresses)
    return WebDoors(
        doors,
        ingress,
        secure,
        [
            *ComingIn(settings.name, keys, passwords, links, https_port=https_port).endpoints(),
            *LettingIn(others, keys, links).endpoints(),
        ],
        WebVerbs(addresses, keys, links).by_name(),
    )


def page_addresses(
    web: WebSettings, port: int | None, https_port: int | None, *, in_container: bool
) -> tuple[list[str], list[str]]:
    """Where the page is for this machine, and where for others, as far as the server knows: in a container of its own
    it does not know the addresses of the machine."""
    scheme, at = ("https", f":{https_port}") if https_port is not None else ("http", f":{port}")
    others = [f"https://{name}" if web.proxies else f"{scheme}://{name}{at}" for name in web.names]
    if port is None:
        return [], others
    is_everywhere = web.host in EVERYWHERE
    if not is_everywhere and _is_loopback(web.host):
        return [f"http://{web.host}:{port}"], others
    if not in_container:
        address = own_addresses()[0] if is_everywhere else web.host
        others.append(f"{scheme}://{f'[{address}]' if ':' in address else address}{at}")
    return [f"http://localhost:{port}"] if is_everywhere else [], others


def _welcome(links: Links, addresses: Sequence[str]) -> None:
    """To a person at a terminal, the link itself. What is read by others, as a service's log is, tells no secret."""
    if not sys.stdout.isatty():
        _LOGGER.info("nobody has set a password for the page yet: `roomtone web link` prints a link for that")
        return
    secret = links.make("owner", time.monotonic())
    click.echo("Nobody has set a password for the page yet. This link does, once and within an hour:")
    for address in addresses:
        click.echo(f"  {entry(address, secret)}")


async def _listening(stack: AsyncExitStack, host: str, port: int) -> socket.socket:
    return stack.enter_context(await listen(host or None, port))


async def _context(stack: AsyncExitStack, web: WebSettings, state: Path) -> ssl.SSLContext:
    if web.certificate is not None and web.key is not None:
        owners = await asyncio.to_thread(OwnersCertificate, web.certificate, web.key)
        await stack.enter_async_context(alongside(owners.look_after()))
        return owners.context
    host = socket.gethostname()
    names = {"localhost", host, f"{host}.local", *web.names}
    addresses = {"127.0.0.1", "::1", *own_addresses()}
    return await asyncio.to_thread(own_context, state, names, addresses, dt.datetime.now(dt.UTC))


def _port(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
