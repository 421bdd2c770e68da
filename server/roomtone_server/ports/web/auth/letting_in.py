"""The owner's endpoints about others: browsers that are in, invitations, programs' tokens."""

import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.requests import NoParameters
from roomtone_server.ports.web.auth.keys import SESSIONS, KeyKind, Keys, told_of_token
from roomtone_server.ports.web.auth.links import VALID_S, Links, entry
from roomtone_server.ports.web.auth.shapes import (
    AddToken,
    ById,
    Device,
    Devices,
    Invitation,
    NewToken,
    Token,
    Tokens,
)
from roomtone_server.ports.web.problems import Problem
from roomtone_server.ports.web.route import who_asks
from roomtone_server.store.base import StoredKey

_GONE: Final[Mapping[int, str]] = {404: "There is none of that id."}


class LettingIn:
    """`addresses` are those of the page for other devices. `now` is the wall's clock, `monotonic` that of links."""

    def __init__(
        self,
        addresses: Sequence[str],
        keys: Keys,
        links: Links,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._addresses = addresses
        self._keys = keys
        self._links = links
        self._now = now
        self._monotonic = monotonic

    def endpoints(self) -> Sequence[AnyEndpoint]:
        invite, add = "A one-time link that lets a device of the family in", "A token for a program, told this once"
        sessions, end, tokens, revoke = (
            "The browsers that are in",
            "End a session",
            "Programs' tokens",
            "Revoke a token",
        )
        full = {400: "There are too many, or the body is not JSON."}
        return any_of(
            Endpoint("POST", "/api/invitations", "admin", invite, self._invite, answer=Invitation),
            Endpoint("GET", "/api/sessions", "admin", sessions, self._sessions, answer=Devices),
            Endpoint("DELETE", "/api/sessions/{id}", "admin", end, self._end_session, parameters=ById, refusals=_GONE),
            Endpoint("GET", "/api/tokens", "admin", tokens, self._tokens, answer=Tokens),
            Endpoint(
                "POST", "/api/tokens", "admin", add, self._add_token, body=AddToken, answer=NewToken, refusals=full
            ),
            Endpoint("DELETE", "/api/tokens/{id}", "admin", revoke, self._revoke, parameters=ById, refusals=_GONE),
        )

    async def _invite(self, _call: Call) -> Invitation:
        link = self._links.make("family", self._monotonic())
        return Invitation(link=link, urls=[entry(each, link) for each in self._addresses], expires_s=VALID_S)

    async def _sessions(self, call: Call) -> Devices:
        yours = who_asks(call.request).id
        return Devices(sessions=[_device(key, yours) for key in self._keys.list(*SESSIONS)])

    async def _end_session(self, call: Call[ById]) -> None:
        await self._remove(call.parameters.id, SESSIONS)

    async def _tokens(self, _call: Call) -> Tokens:
        return Tokens(tokens=[Token.model_validate(told_of_token(key)) for key in self._keys.list("token")])

    async def _add_token(self, call: Call[NoParameters, AddToken]) -> NewToken:
        key, token = await self._keys.add_token(call.body.name, frozenset(call.body.scopes), self._now())
        return NewToken.model_validate(told_of_token(key) | {"token": token})

    async def _revoke(self, call: Call[ById]) -> None:
        await self._remove(call.parameters.id, ("token",))

    async def _remove(self, key_id: str, kinds: Sequence[KeyKind]) -> None:
        if key_id not in {key.id for key in self._keys.list(*kinds)}:
            raise Problem(HTTPStatus.NOT_FOUND, "Not Found", "there is none of that id")
        await self._keys.remove(key_id)


def _device(key: StoredKey, yours: str) -> Device:
    seen_at = key.made_at if key.seen_at is None else key.seen_at
    return Device(
        id=key.id,
        kind=key.kind,
        name=key.name,
        address=key.address,
        made_at=key.made_at,
        seen_at=seen_at,
        is_yours=key.id == yours,
    )
