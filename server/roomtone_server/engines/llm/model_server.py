"""What engines share that talk to a model server over HTTP: how long they wait, and the words for what goes wrong."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import Field

from roomtone.engines import EngineSettings
from roomtone.errors import EngineError
from roomtone.logs import escaped
from roomtone_server.engines.base import ChatRequest, Tool

_SHOWN_CHARACTERS: Final = 200
_UNAUTHORISED: Final = (401, 403)
_TOO_MANY_REQUESTS: Final = 429
_FAULTS: Final = 500  # and above
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/]*@|^[^/]*@")

T = TypeVar("T")


class ModelServerSettings(EngineSettings):
    connect_s: float = Field(default=3.0, gt=0, le=60, description="how long the server may take to be reached")
    first_token_s: float = Field(
        default=20.0, gt=0, le=600, description="how long it may take to begin an answer, loading the model included"
    )
    silence_s: float = Field(default=10.0, gt=0, le=600, description="how long it may pause within an answer")


@dataclass(frozen=True, slots=True)
class ModelServer:
    """One model server, as errors speak of it."""

    name: str  # with its address: "Ollama at http://127.0.0.1:11434"
    remedy: str  # what to do when it is not there
    settings: ModelServerSettings
    key_place: str = "`api_key`"  # where the key is set

    async def in_time(self, answer: Awaitable[T], limit: str) -> T:
        """The answer. Raises EngineError when it takes longer than the setting of that name says."""
        limit_s: float = getattr(self.settings, limit)
        try:
            async with asyncio.timeout(limit_s):
                return await answer
        except TimeoutError as problem:
            raise EngineError(
                f"{self.name} was silent for {limit_s:g} s: see what keeps it busy, or raise `{limit}`"
            ) from problem

    async def patiently(
        self, events: AsyncGenerator[T, None], first: str = "first_token_s", then: str = "silence_s"
    ) -> AsyncGenerator[T, None]:
        """The same events, none of them None. Raises EngineError when one takes longer than these settings say; then,
        and when it is closed, what it reads from is closed at once."""
        limit = first
        async with contextlib.aclosing(events):
            while (event := await self.in_time(anext(events, None), limit)) is not None:
                yield event
                limit = then

    @contextlib.contextmanager
    def explaining(self) -> Iterator[None]:
        """Raises as EngineError what httpx raises within it."""
        import httpx

        try:
            yield
        except httpx.ConnectTimeout as problem:
            limit_s = self.settings.connect_s
            raise EngineError(f"{self.name} was not reached within {limit_s:g} s: {self.remedy}") from problem
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as problem:
            raise EngineError(f"{self.name} cannot be reached ({_shown(str(problem))}): {self.remedy}") from problem
        except httpx.HTTPError as problem:
            raise self.broke_off() from problem

    def broke_off(self) -> EngineError:
        return EngineError(f"{self.name} broke its answer off half-way: ask again, and look into its log")

    def nonsense(self) -> EngineError:
        return EngineError(f"{self.name} sent what is no answer of such a server: {self.remedy}")

    def refusal(self, status: int | None, words: str, unsaid: Iterable[str], *, retry_after_s: str = "") -> EngineError:
        """The error for an HTTP status, or for an error within an answer (None). What the server says of it is left out
        where it quotes any of the `unsaid`: keys, and what somebody said."""
        code = f" ({status})" if status else ""
        if status in _UNAUTHORISED:
            return EngineError(f"{self.name} refuses the key{code}: set the right one as {self.key_place}")
        if status == _TOO_MANY_REQUESTS:
            when = f"in {retry_after_s} s" if retry_after_s.isdecimal() else "later"
            return EngineError(f"{self.name} takes no more requests for now{code}: ask it again {when}")
        quotes = any(secret and secret in words for secret in unsaid)
        said = f", and says: {_shown(words)}" if words and not quotes else ""
        if status is None or status >= _FAULTS:
            return EngineError(f"{self.name} failed{code}{said or '; its log knows more'}")
        return EngineError(f"{self.name} refuses the request{code}{said or ': check `model` and the options'}")


def address(url: str) -> str:
    """A URL to show: without the name, the password or the key that may stand in it."""
    return _CREDENTIALS.sub("", url).partition("?")[0]


def schema(tool: Tool) -> dict[str, Any]:
    """A tool as model servers want it, its keys sorted all the way down: the same tool is the same bytes."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    ordered: dict[str, Any] = json.loads(json.dumps({"type": "function", "function": function}, sort_keys=True))
    return ordered


def texts(request: ChatRequest | None) -> Iterator[str]:
    """What somebody said."""
    yield from (message.text for message in (request.messages if request else ()))


def _shown(words: str) -> str:
    text = escaped(" ".join(words.split()))
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
