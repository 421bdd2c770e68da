"""What the local command line asks of the web port: `roomtone web`. Whoever reaches the control socket owns the
server, and needs no password."""

import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any, get_args

from roomtone.errors import UsageError
from roomtone_server.ports.control import Answer, Verb
from roomtone_server.ports.web.auth.keys import Keys, told_of_token
from roomtone_server.ports.web.auth.links import VALID_S, Links, Purpose, entry
from roomtone_server.ports.web.route import EVERY_SCOPE, Scope

MAX_NAME_CHARACTERS = 63


class WebVerbs:
    """`addresses` are where the page is, as far as the server knows, and for this machine too."""

    def __init__(self, addresses: Sequence[str], keys: Keys, links: Links) -> None:
        self._addresses = addresses
        self._keys = keys
        self._links = links

    def by_name(self) -> dict[str, Verb]:
        return {
            "web-link": self.link,
            "web-tokens": self.tokens,
            "web-token-add": self.add_token,
            "web-token-revoke": self.revoke_token,
        }

    async def link(self, arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """A one-time link, for `purpose` "owner" or "family": the `link` itself, `urls` with it, `expires_s`."""
        purpose: Purpose | None = next((each for each in get_args(Purpose) if each == arguments.get("purpose")), None)
        if purpose is None:
            raise UsageError("a link is for one of: owner, family")
        secret = self._links.make(purpose, time.monotonic())
        urls = [entry(address, secret) for address in self._addresses]
        yield {"link": secret, "urls": urls, "expires_s": VALID_S}

    async def tokens(self, _arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Each token: `id`, `name`, `scopes`, `made_at`, `used_at`."""
        for key in self._keys.list("token"):
            yield told_of_token(key)

    async def add_token(self, arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """One more, by `name` and `scopes`: as above, and the `token`."""
        name, scopes = arguments.get("name"), arguments.get("scopes")
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_CHARACTERS:
            raise UsageError(f"a token's name has 1 to {MAX_NAME_CHARACTERS} characters")
        key, token = await self._keys.add_token(name.strip(), _scopes(scopes), time.time())
        yield told_of_token(key) | {"token": token}

    async def revoke_token(self, arguments: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """By `token`: its id, or its name where only one is called so."""
        wanted = arguments.get("token")
        found = [key for key in self._keys.list("token") if wanted in (key.id, key.name)]
        if len(found) != 1:
            raise UsageError(
                f"{len(found) or 'no'} tokens are called {str(wanted)[:MAX_NAME_CHARACTERS]!r}; "
                "`roomtone web tokens` shows names and ids"
            )
        await self._keys.remove(found[0].id)
        yield told_of_token(found[0])


def _scopes(told: object) -> frozenset[Scope]:
    scopes = frozenset(scope for scope in EVERY_SCOPE if isinstance(told, list) and scope in told)
    if not scopes or not isinstance(told, list) or len(scopes) != len(told):
        raise UsageError(f"a token's scopes are some of: {', '.join(get_args(Scope))}")
    return scopes
