"""What voices share that are asked for over HTTP: one client, how long it waits, and the words for what goes wrong.

An engine says what its kind of service wants to be asked, as a `Dialect`; all else is here. Neither keys nor texts
stand in errors or logs: of what a service says when it refuses, only its error code is repeated.
"""

import asyncio
import contextlib
import importlib.util
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, TypeAdapter, ValidationError
from pydantic_core import to_json

from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone_server.engines.base import SpeechRequest, Voice
from roomtone_server.engines.tts.services import Patience, ServiceSettings
from roomtone_server.engines.tts.texts import is_sayable, plain
from roomtone_server.engines.tts.wav import Sound

if TYPE_CHECKING:
    import httpx

MAX_LISTING_BYTES: Final = 64 * 2**20  # guards memory; the speakers of XTTS, the longest listing known, are 20 MB
MAX_REFUSAL_BYTES: Final = 4096  # of what a service says when it refuses; its code stands at the begin
KEEP_ALIVE_S: Final = 300.0  # between two replies, so that the second one finds the connection made

_SOUND: Final = re.compile(
    r"audio/(x-|vnd\.)?(pn-)?(wav|wave|pcm|l16|raw)\b|(application|binary)/octet-stream", re.IGNORECASE
)
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,40}")
_CODES: Final = [re.compile(rf'"{key}"\s*:\s*"([a-z]+(?:_[a-z]+)*)"') for key in ("code", "status", "type")]
_REFUSED_KEY: Final = "refuses the key: set the right one"
_REFUSED_REQUEST: Final = "takes no such request: look at the model, the voice and the language in its settings"
_REFUSALS: Final[Mapping[int, str]] = {
    400: _REFUSED_REQUEST,
    401: _REFUSED_KEY,
    402: "wants to be paid first",
    403: _REFUSED_KEY,
    404: "knows no such address, model or voice: look at its settings",
    422: _REFUSED_REQUEST,
    429: "takes no more requests for now",
}

T = TypeVar("T")

ServiceUrl = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. Of the two bodies at most one is given."""

    method: str
    path: str  # behind the service's URL
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None


class Dialect(Protocol):
    """What is particular to one kind of service."""

    async def speech(self, service: "Service", request: SpeechRequest) -> Call:
        """What brings the sound of a text that can be said. Raises EngineError: see `voice_for`."""

    async def voices(self, service: "Service") -> list[Voice]:
        """As `TextToSpeech.voices`."""


class Service:
    """A speech service as it is asked over HTTP, from `open` to `close`."""

    def __init__(self, name: str, url: str, settings: ServiceSettings, headers: Mapping[str, SecretStr]) -> None:
        self.name = name
        self._where = f"{name} at {urlsplit(url).netloc.rpartition('@')[2]}"
        self._url = url.rstrip("/")
        self._settings = settings
        self._headers = headers
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
            raise EngineError(f"{self.name} was asked to speak before it was started, or after it was closed")
        return self._client

    def _new_client(self) -> "httpx.AsyncClient":
        import httpx

        headers = {name: value.get_secret_value() for name, value in self._headers.items()}
        return httpx.AsyncClient(
            # What comes packed may unpack to anything, and sound hardly shrinks.
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(None, connect=self._settings.connect_s),
            limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
        )

    async def sound(self, call: Call, rate_hz: int, raw_hz: int | None) -> AsyncGenerator[bytes, None]:
        """Chunks of speech as they come: see `Sound`. Raises EngineError."""
        sound = Sound(self._where, rate_hz, raw_hz)
        async with contextlib.aclosing(self._bytes(call, of_sound=True)) as pieces:
            async for data in pieces:
                for chunk in sound.feed(data):
                    yield chunk
        for chunk in sound.finish():
            yield chunk

    async def listing(self, path: str, kind: type[T]) -> T:
        """What the service tells of itself, as a type that pydantic knows. Raises EngineError, and `NotTold` for a path
        that it does not know."""
        told = await self.told(path)
        try:
            return TypeAdapter(kind).validate_json(told)
        except ValidationError as problem:
            raise self.misplaced(path) from problem

    async def told(self, path: str) -> bytearray:
        """As `listing`, in the service's own words."""
        told = bytearray()
        async with contextlib.aclosing(self._bytes(Call("GET", path), of_sound=False)) as pieces:
            async for data in pieces:
                told += data
                if len(told) > MAX_LISTING_BYTES:
                    raise EngineError(f"{self._where} tells more than {MAX_LISTING_BYTES} bytes at {path}")
        return told

    def misplaced(self, path: str) -> EngineError:
        """For a service that tells something else."""
        return EngineError(f"{self._where} answers {path} as no such server does: is that its address?")

    async def _bytes(self, call: Call, *, of_sound: bool) -> AsyncGenerator[bytes, None]:
        """The body of a good answer, as it comes. Raises EngineError."""
        client = self.check_open()
        patience = Patience(self._where, self._settings)
        with self._explained(client):
            request = _request(client, self._url, call)
            async with patience.wait():
                response = await client.send(request, stream=True)
            async with contextlib.aclosing(response):
                async with patience.wait():
                    await self._check(response, of_sound=of_sound)
                pieces = response.aiter_raw()
                while data := await _next(pieces, patience):
                    yield data
                    patience.came()

    @contextlib.contextmanager
    def _explained(self, client: "httpx.AsyncClient") -> Iterator[None]:
        """Raises as EngineError what httpx raises within."""
        import httpx

        try:
            yield
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as problem:
            if self._client is not client:
                raise EngineError(f"{self.name} was closed while it spoke") from problem
            if isinstance(problem, httpx.ConnectTimeout):
                limit_s = self._settings.connect_s
                raise EngineError(f"{self._where} cannot be reached within {limit_s:g} s: does it run?") from problem
            if isinstance(problem, httpx.ConnectError):
                raise EngineError(f"{self._where} cannot be reached ({problem}): does it run?") from problem
            if isinstance(problem, httpx.InvalidURL | httpx.UnsupportedProtocol):
                raise EngineError(
                    f"{self._where}: no such URL can be asked for: is it wrong, or a text too long?"
                ) from problem
            raise EngineError(f"{self._where} broke its answer off half-way: see its log") from problem

    async def _check(self, response: "httpx.Response", *, of_sound: bool) -> None:
        """Raises EngineError for anything but a good answer."""
        status = response.status_code
        if status != 200:
            beginning = await _beginning(response)
            found = (pattern.search(beginning) for pattern in _CODES)
            said = next((f", {code[1]}" for code in found if code), "")
            if not of_sound and status == 404:
                raise NotTold(f"{self._where} does not tell of itself ({status}{said})")
            raise EngineError(f"{self._where} {_refusal(status)} ({status}{said})")
        kind = response.headers.get("content-type", "")
        if of_sound and kind and not _SOUND.match(kind):
            media = _MEDIA_TYPE.match(kind)
            raise EngineError(f"{self._where} sent {media[0] if media else 'something'} instead of WAV or raw PCM")


class NotTold(EngineError):
    """The service has no such listing."""


class StreamedVoice:
    """A speech service behind the TextToSpeech Protocol."""

    def __init__(self, service: Service, dialect: Dialect, rate_hz: int, raw_hz: int | None) -> None:
        """`raw_hz`: the rate of raw PCM, where the service may send that; what says that it is WAV is taken too."""
        self._service = service
        self._dialect = dialect
        self._rate_hz = rate_hz
        self._raw_hz = raw_hz

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    async def start(self) -> None:
        await self._service.open()

    async def voices(self) -> list[Voice]:
        return sorted(await self._dialect.voices(self._service), key=lambda voice: voice.name)

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        self._service.check_open()
        if not is_sayable(request.text):
            return
        call = await self._dialect.speech(self._service, replace(request, text=plain(request.text)))
        async with contextlib.aclosing(self._service.sound(call, self._rate_hz, self._raw_hz)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def close(self) -> None:
        await self._service.close()


def missing() -> str | None:
    """What to do to have what these engines need; None when it is installed."""
    return None if importlib.util.find_spec("httpx") and importlib.util.find_spec("soxr") else remedy("http")


def _request(client: "httpx.AsyncClient", url: str, call: Call) -> "httpx.Request":
    """The speaker of XTTS that goes along as JSON is half a megabyte: pydantic encodes it in 6 ms, json in 30."""
    url, query = url + call.path, call.query or None
    if call.json is not None:
        headers = {"Content-Type": "application/json"}
        return client.build_request(call.method, url, params=query, content=to_json(call.json), headers=headers)
    return client.build_request(call.method, url, params=query, data=call.form)


async def _next(pieces: AsyncIterator[bytes], patience: Patience) -> bytes:
    """Empty at the end."""
    async with patience.wait():
        return await anext(pieces, b"")


def _refusal(status: int) -> str:
    if status in _REFUSALS:
        return _REFUSALS[status]
    if 300 <= status < 400:
        return "has moved: put its new address into the settings"
    return "failed: see its log" if status >= 500 else "gave no answer"


async def _beginning(response: "httpx.Response") -> str:
    said = bytearray()
    async for data in response.aiter_raw():
        said += data
        if len(said) >= MAX_REFUSAL_BYTES:
            break
    return bytes(said[:MAX_REFUSAL_BYTES]).decode(errors="replace")
