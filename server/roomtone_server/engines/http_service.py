"""A service on this machine or another as it is asked over HTTP: one client, how long it is waited for, and the words
for what goes wrong. What httpx is needed for is done here, and imported when a service is opened.

Neither keys nor what somebody said stand in errors or logs: of what a service says when it refuses, only its error
code is repeated.
"""

import asyncio
import contextlib
import functools
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, TypeAdapter, ValidationError
from pydantic_core import to_json

from roomtone.errors import EngineError
from roomtone_server.engines.patience import Patience, ServiceSettings

if TYPE_CHECKING:
    import httpx

MAX_TOLD_BYTES: Final = 64 * 2**20  # guards memory; the speakers of XTTS, the longest listing known, are 20 MB
MAX_REFUSAL_BYTES: Final = 4096  # of what a service says when it refuses; its code stands at the begin
KEEP_ALIVE_S: Final = 300.0  # between two turns, so that the second one finds the connection made

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,40}")
_CODES: Final = [re.compile(rf'"{key}"\s*:\s*"([a-z]+(?:_[a-z]+)*)"') for key in ("code", "status", "type")]
_REFUSED_KEY: Final = "refuses the key: set the right one"
_REFUSED_REQUEST: Final = "takes no such request: look at {} in its settings"
_REFUSALS: Final[Mapping[int, str]] = {
    400: _REFUSED_REQUEST,
    401: _REFUSED_KEY,
    402: "wants to be paid first",
    403: _REFUSED_KEY,
    404: "knows no such address, or not what it is asked for: look at {} in its settings",
    422: _REFUSED_REQUEST,
    429: "takes no more requests for now",
}

T = TypeVar("T")

ServiceUrl = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. `json` is its body, or `form`, which may have files: (name, content, media type)."""

    method: str
    path: str  # behind the service's URL
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None
    files: Mapping[str, tuple[str, bytes, str]] | None = None


class Media(NamedTuple):
    """What an answer must be; one that does not say what it is, is taken."""

    pattern: re.Pattern[str]
    title: str  # "sent text/html instead of ..."


class NotFound(EngineError):
    """The service does not know the address, or what it was asked for."""


class HttpService:
    """A service, from `open` to `close`."""

    def __init__(
        self,
        name: str,
        url: str,
        headers: Mapping[str, SecretStr],
        settings: ServiceSettings,
        *,
        patience: tuple[str, str],
        subject: str,
    ) -> None:
        """`patience` names the settings that limit the wait for the first bytes, and for more; `subject` those that a
        service may refuse: "the model"."""
        self.name = name
        self.where = f"{name} at {host(url)}"
        self._url = url.rstrip("/")
        self._headers = headers
        self._settings = settings
        self._limits = patience
        self._subject = subject
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        if self._client is None:
            self._client = await asyncio.to_thread(self._new_client)  # it loads httpx, and the certificates to trust

    async def close(self) -> None:
        """Ends what is under way, which then raises EngineError. Idempotent."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def check_open(self) -> "httpx.AsyncClient":
        """Raises EngineError when it is not."""
        if self._client is None:
            raise EngineError(f"{self.name} was asked before it was started, or after it was closed")
        return self._client

    def _new_client(self) -> "httpx.AsyncClient":
        import httpx

        headers = {name: value.get_secret_value() for name, value in self._headers.items()}
        return httpx.AsyncClient(
            # What comes packed may unpack to anything, and sound hardly shrinks.
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(None, connect=self._settings.connect_s),
            limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
            verify=trust(),
        )

    async def listing(self, path: str, kind: type[T]) -> T:
        """What the service tells of itself: see `answer`."""
        return await self.answer(Call("GET", path), kind)

    async def answer(self, call: Call, kind: type[T]) -> T:
        """The whole answer, JSON, as a type that pydantic knows. Raises EngineError, for one that is not such too."""
        told = await self.told(call)
        try:
            return TypeAdapter(kind).validate_json(told)
        except ValidationError as problem:
            raise self.misplaced(call) from problem

    async def told(self, call: Call) -> bytearray:
        """The whole answer. Raises EngineError, and `NotFound`."""
        told = bytearray()
        async with contextlib.aclosing(self.pieces(call)) as pieces:
            async for data in pieces:
                told += data
                if len(told) > MAX_TOLD_BYTES:
                    raise EngineError(f"{self.where} tells more than {MAX_TOLD_BYTES} bytes at {call.path}")
        return told

    def misplaced(self, call: Call) -> EngineError:
        """For a service that answers something else than was asked for."""
        return EngineError(f"{self.where} answers {call.path} as no such server does: is that its address?")

    async def pieces(self, call: Call, wanted: Media | None = None) -> AsyncGenerator[bytes, None]:
        """The body of a good answer, as it comes. Raises EngineError, and `NotFound`."""
        client = self.check_open()
        patience = Patience(self.where, self._settings, *self._limits)
        with self._explained(client):
            request = _request(client, self._url, call)
            async with patience.wait():
                response = await client.send(request, stream=True)
            pieces = response.aiter_raw()
            try:
                async with patience.wait():
                    await self._check(response, pieces, wanted)
                while data := await _next(pieces, patience):
                    yield data
                    patience.came()
            finally:
                await response.aclose()
                await _unwind(pieces)

    @contextlib.contextmanager
    def _explained(self, client: "httpx.AsyncClient") -> Iterator[None]:
        """Raises as EngineError what httpx raises within."""
        import httpx

        try:
            yield
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as problem:
            if self._client is not client:
                raise EngineError(f"{self.name} was closed meanwhile") from problem
            if isinstance(problem, httpx.ConnectTimeout):
                limit_s = self._settings.connect_s
                raise EngineError(f"{self.where} cannot be reached within {limit_s:g} s: does it run?") from problem
            if isinstance(problem, httpx.ConnectError):
                raise EngineError(f"{self.where} cannot be reached ({problem}): does it run?") from problem
            if isinstance(problem, httpx.InvalidURL | httpx.UnsupportedProtocol):
                raise EngineError(
                    f"{self.where}: no such URL can be asked for: is it wrong, or a text too long?"
                ) from problem
            raise EngineError(f"{self.where} broke its answer off half-way: see its log") from problem

    async def _check(self, response: "httpx.Response", pieces: AsyncIterator[bytes], wanted: Media | None) -> None:
        """Raises EngineError for anything but a good answer."""
        status = response.status_code
        if status != 200:
            beginning = await _beginning(pieces)
            found = (pattern.search(beginning) for pattern in _CODES)
            code = next((code[1] for code in found if code), "")
            raise refusal(self.where, status, self._subject, code)
        kind = response.headers.get("content-type", "")
        if wanted is not None and kind and not wanted.pattern.match(kind):
            media = _MEDIA_TYPE.match(kind)
            raise EngineError(f"{self.where} sent {media[0] if media else 'something'} instead of {wanted.title}")


def host(url: str) -> str:
    """Where a URL leads, to show: without the name or the password that may stand in it."""
    return urlsplit(url).netloc.rpartition("@")[2]


@functools.cache
def trust() -> ssl.SSLContext:
    """The certificates that are trusted, once per process: reading them takes 50 ms. Imports httpx."""
    import httpx

    return httpx.create_ssl_context()


def refusal(where: str, status: int, subject: str, code: str = "") -> EngineError:
    """The error for an HTTP status that is no good answer; `code`: what the service itself calls it."""
    if status in _REFUSALS:
        said = _REFUSALS[status].format(subject)
    elif 300 <= status < 400:
        said = "has moved: put its new address into the settings"
    else:
        said = "failed: see its log" if status >= 500 else "gave no answer"
    error = NotFound if status == 404 else EngineError
    return error(f"{where} {said} ({', '.join(filter(None, (str(status), code)))})")


def _request(client: "httpx.AsyncClient", url: str, call: Call) -> "httpx.Request":
    """The speaker of XTTS that goes along as JSON is half a megabyte: pydantic encodes it in 6 ms, json in 30."""
    url, query = url + call.path, call.query or None
    if call.json is not None:
        headers = {"Content-Type": "application/json"}
        return client.build_request(call.method, url, params=query, content=to_json(call.json), headers=headers)
    return client.build_request(call.method, url, params=query, data=call.form, files=call.files)


async def _next(pieces: AsyncIterator[bytes], patience: Patience) -> bytes:
    """Empty at the end."""
    async with patience.wait():
        return await anext(pieces, b"")


async def _unwind(pieces: AsyncIterator[bytes]) -> None:
    """Ends the generators, one in another, by which httpx reads an answer that was closed: they end at their next read.
    Dropped in the middle, each would end in a task that nobody awaits."""
    import httpx

    with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
        async for _ in pieces:
            pass


async def _beginning(pieces: AsyncIterator[bytes]) -> str:
    said = bytearray()
    async for data in pieces:
        said += data
        if len(said) >= MAX_REFUSAL_BYTES:
            break
    return bytes(said[:MAX_REFUSAL_BYTES]).decode(errors="replace")
