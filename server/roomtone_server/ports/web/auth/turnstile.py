"""Where tries are counted as requests come in, and those that are one too many are told to wait."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from math import ceil
from typing import Final

from aiohttp import web

from roomtone_server.ports.web.auth.limits import Tries
from roomtone_server.ports.web.auth.visit import VISIT
from roomtone_server.ports.web.problems import Problem

# Of an endpoint that has a turnstile.
TRIED: Final[Mapping[int, str]] = {
    429: "There were too many tries: `wait_s`, and the header Retry-After, say when there may be one more."
}


class Turnstile:
    def __init__(self, tries: Tries, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tries = tries
        self._monotonic = monotonic

    def enter(self, request: web.Request) -> str:
        """From which address somebody comes, for `give_back`. Raises Problem for a try too many."""
        address = request[VISIT].address
        if wait_s := ceil(self._tries.take(address, self._monotonic())):
            status, detail = HTTPStatus.TOO_MANY_REQUESTS, f"too many tries: wait {wait_s} s"
            raise Problem(status, "Too many tries", detail, headers={"Retry-After": str(wait_s)}, wait_s=wait_s)
        return address

    def give_back(self, address: str) -> None:
        """The try was right: see `Tries.give_back`."""
        self._tries.give_back(address)
