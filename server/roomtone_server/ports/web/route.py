"""What the web port serves: a list of `Route`s makes the whole of it, and each says who may ask."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from aiohttp import web
from aiohttp.typedefs import Handler

# read: see all that the page shows. speak: talk and be answered. control: change how satellites behave and sound.
# admin: change the server, let others in. metrics: the figures alone.
Scope = Literal["read", "speak", "control", "admin", "metrics"]
Kind = Literal["owner", "family", "token", "ingress"]

EVERY_SCOPE: Final[frozenset[Scope]] = frozenset(get_args(Scope))
FAMILY_SCOPES: Final[frozenset[Scope]] = frozenset({"read", "speak", "control"})


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who was let in."""

    kind: Kind
    scopes: frozenset[Scope]
    id: str  # of the session or the token
    name: str  # for people


WHO: Final = web.RequestKey("who", Who)  # of a request, once the doors know it: see `who_asks`


@dataclass(frozen=True, slots=True)
class Route:
    """One method at one path, as aiohttp writes paths: "/api/turns/{id}". `scope` is what it takes to ask; None: it is
    open to everybody, which only /health may be, and what one needs to come in."""

    method: str
    path: str
    handler: Handler
    scope: Scope | None


def who_asks(request: web.Request) -> Who:
    """Of a request whose Route has a scope: somebody there is."""
    return request[WHO]
