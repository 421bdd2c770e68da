"""Any server that speaks OpenAI's chat completions: llama.cpp, vLLM, LM Studio, Groq, OpenAI.

By httpx alone: a fifth of the time and a third of the memory that importing the `openai` package costs, with the same
client that other engines use; and the protocol that these servers have in common is two pages.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from http import HTTPStatus
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import BaseModel, Field

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone_server.engines.api_key import ApiKeySettings
from roomtone_server.engines.base import ChatPiece, ChatRequest, LanguageModel
from roomtone_server.engines.llm.chat_completions import Chunk, Reply, body, words_in, words_of
from roomtone_server.engines.llm.model_server import ModelServer, ModelServerSettings, address, texts
from roomtone_server.engines.llm.server_events import ServerEvents

if TYPE_CHECKING:
    import httpx


class OpenAISettings(ModelServerSettings, ApiKeySettings):
    base_url: str = Field(pattern=r"^https?://[^/]", description="with its /v1")
    model: str = Field(default="", description="empty: the one that the server has loaded")
    temperature: float | None = Field(default=None, ge=0, le=2, description="none: the server's own")
    max_tokens: int | None = Field(default=None, ge=1, description="how long an answer may be; none: the server's own")
    extra: dict[str, Any] = Field(default_factory=dict, description="whatever else the server takes in a request")


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model]


class OpenAI:
    """A model of an OpenAI-compatible server behind the LanguageModel Protocol."""

    def __init__(self, settings: OpenAISettings) -> None:
        self._settings = settings
        self._server = ModelServer(
            f"the model server at {address(settings.base_url)}",
            "start it there, or set `base_url`",
            settings,
        )
        self._client: httpx.AsyncClient | None = None
        self._key = ""

    async def start(self) -> None:
        if self._client is None:
            self._client = await asyncio.to_thread(self._make_client)  # a quarter of a second: it imports httpx

    async def models(self) -> list[str]:
        with self._server.explaining():
            response = await self._server.in_time(self._started().get("models"), "silence_s")
        if response.status_code != HTTPStatus.OK:
            raise self._refusal(response)
        try:
            return sorted(model.id for model in _Models.model_validate_json(response.content).data)
        except ValueError as problem:
            raise self._server.nonsense() from problem

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        reply = Reply()
        async with contextlib.aclosing(self._server.patiently(self._chunks(request))) as chunks:
            async for chunk in chunks:
                if chunk.error:
                    raise self._server.refusal(None, words_of(chunk.error), [self._key, *texts(request)])
                for piece in reply.take(chunk):
                    yield piece
        if not reply.is_whole:
            raise self._server.broke_off()
        for piece in reply.end():
            yield piece

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _make_client(self) -> "httpx.AsyncClient":
        import httpx

        from roomtone_server.engines.llm import http_client

        headers = {"Content-Type": "application/json"}
        self._key = self._settings.key()
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        with self._server.explaining():
            return httpx.AsyncClient(
                base_url=self._settings.base_url, **http_client.options(self._settings.connect_s, **headers)
            )

    def _started(self) -> "httpx.AsyncClient":
        if self._client is None:
            raise EngineError("the model server was asked before the engine was started, or after it was closed")
        return self._client

    async def _chunks(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """The chunks of the answer that hold anything. Reads to the end of the response: a connection on which nothing
        is left unread serves the next turn too."""
        asked = self._started().stream("POST", "chat/completions", content=body(request, self._options()))
        with self._server.explaining():
            async with asked as response:
                if response.status_code != HTTPStatus.OK:
                    await response.aread()
                    raise self._refusal(response, request)
                async with contextlib.aclosing(self._read(response)) as chunks:
                    async for chunk in chunks:
                        if chunk.holds_anything():
                            yield chunk

    async def _read(self, response: "httpx.Response") -> AsyncGenerator[Chunk, None]:
        events = ServerEvents()
        chunks = 0
        async with contextlib.aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as received:
            async for some in received:
                for data in events.feed(some):
                    chunks += 1
                    yield self._chunk(data)
        if not chunks:  # a page for a browser, say
            raise self._server.nonsense()

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        options = {
            "model": settings.model or None,
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "stream_options": {"include_usage": True},
        }
        return {key: value for key, value in (options | settings.extra).items() if value is not None}

    def _chunk(self, data: str) -> Chunk:
        try:
            return Chunk.of(data)
        except ValueError as problem:
            raise self._server.nonsense() from problem

    def _refusal(self, response: "httpx.Response", request: ChatRequest | None = None) -> EngineError:
        """The error for a response that was read, and is none."""
        status, model = response.status_code, self._settings.model
        words = words_in(response.content)
        if status == HTTPStatus.NOT_FOUND and model and model in words:
            return EngineError(
                f"{self._server.name} has no model {model!r}: set `model` to one that it lists (/models)"
            )
        if status < HTTPStatus.BAD_REQUEST or (status == HTTPStatus.NOT_FOUND and not words):
            return self._server.nonsense()
        unsaid = [self._key, *texts(request)]
        return self._server.refusal(status, words, unsaid, retry_after_s=response.headers.get("Retry-After", ""))


def _make(settings: OpenAISettings, _surroundings: Surroundings) -> LanguageModel:
    return OpenAI(settings)


def _missing() -> str | None:
    return None if find_spec("httpx") else remedy("openai")


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec("openai", OpenAISettings, _make, _missing, auto=False)
