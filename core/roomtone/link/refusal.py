"""Peers of plain Wyoming that may not come in: each is told why."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from wyoming.error import Error

from roomtone.errors import LinkError
from roomtone.link.allow import AllowList
from roomtone.link.connection import Link

_FAREWELL_S: Final = 1.0  # for the peer to read why, before its connection is cut


def admitting(allow: AllowList, handler: Callable[[Link], Awaitable[None]]) -> Callable[[Link], Awaitable[None]]:
    """The handler, for peers that may come in; the others are refused."""

    async def attend(link: Link) -> None:
        if allow.admits(link.host):
            await handler(link)
        else:
            await refuse(link, f"{link.host} is not allowed here: {allow.remedy(link.host)}", "not-allowed")

    return attend


async def refuse(link: Link, why: str, code: str) -> None:
    """Tells a peer why it is turned away, and lets it read that; its handler then returns."""
    with suppress(LinkError, TimeoutError):
        link.send(Error(why, code).event())
        async with asyncio.timeout(_FAREWELL_S):
            while True:  # to close upon what is unread would reset the connection, and take the reason back
                await link.receive()
