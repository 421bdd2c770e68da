"""Ollama, by its official client: models that run at home."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from pydantic import Field, ValidationError

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone.utf8 import encodable
from roomtone_server.engines.base import (
    ChatEnd,
    ChatMessage,
    ChatPiece,
    ChatRequest,
    LanguageModel,
    ThinkingDelta,
    Tool,
    ToolCall,
)
from roomtone_server.engines.llm.model_server import ModelServer, ModelServerSettings, address, schema, texts
from roomtone_server.engines.llm.thinking import Thoughts

if TYPE_CHECKING:
    import ollama

KEY_VARIABLE: Final = "OLLAMA_API_KEY"  # the client looks for it

# Of a tool's argument the API carries these; what else its schema says is told to the model in the description.
_CARRIED: Final = frozenset({"type", "items", "description", "enum"})


class OllamaSettings(ModelServerSettings):
    model: str = Field(default="qwen3:4b", min_length=1, description="as `ollama list` names it")
    host: str = Field(default="http://127.0.0.1:11434", min_length=1)
    keep_alive: float | str = Field(
        default="1h", description="how long the model stays in memory after an answer; -1: for ever"
    )
    num_ctx: int = Field(default=8192, ge=512, description="tokens of context; Ollama forgets what is beyond them")
    think: bool | Literal["low", "medium", "high"] = Field(
        default=False, description="whether the model may think before it answers: nobody hears it, and it takes time"
    )
    pull_silence_s: float = Field(
        default=600, gt=0, description="how long a pull may say nothing: checking a large model on a slow disk, it does"
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Ollama's own: temperature, top_p, seed ...")


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a model is fetched: one of its parts after the other; 0 bytes where nothing is being fetched."""

    status: str
    done_bytes: int = 0
    total_bytes: int = 0


class Ollama:
    """A model of an Ollama server behind the LanguageModel Protocol."""

    def __init__(self, settings: OllamaSettings) -> None:
        self._settings = settings
        self._server = ModelServer(
            f"Ollama at {address(settings.host)}",
            "start it there (`ollama serve`), or set `host`",
            settings,
            key_place=f"{KEY_VARIABLE} in the environment",
        )
        self._client: ollama.AsyncClient | None = None

    async def start(self) -> None:
        if self._client is None:
            self._client = await asyncio.to_thread(self._make_client)  # half a second the first time: it imports httpx

    async def models(self) -> list[str]:
        with self._explaining():
            found = await self._server.in_time(self._started().list(), "silence_s")
        return sorted(each.model for each in found.models if each.model)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        reply = _Reply()
        async with contextlib.aclosing(self._server.patiently(self._parts(request))) as parts:
            async for part in parts:
                for piece in reply.take(part):
                    yield piece
        if not reply.is_whole:
            raise self._server.broke_off()

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Lets Ollama fetch a model; ends when it can be used. Closing the generator stops it, and what was fetched
        remains for the next time. Raises EngineError."""
        limit = "pull_silence_s"
        async with contextlib.aclosing(self._server.patiently(self._pulled(model), limit, limit)) as progress:
            status = ""
            async for each in progress:
                status = each.status
                yield each
        if status != "success":
            raise self._server.broke_off()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]  # all else of the client is typed

    def _make_client(self) -> "ollama.AsyncClient":
        import ollama

        from roomtone_server.engines.llm import http_client

        try:
            with self._server.explaining():
                return ollama.AsyncClient(self._settings.host, **http_client.options(self._settings.connect_s))
        except ValueError as problem:
            raise EngineError(f"`host`: {address(self._settings.host)} is no address of a server") from problem

    def _started(self) -> "ollama.AsyncClient":
        if self._client is None:
            raise EngineError("Ollama was asked before it was started, or after it was closed")
        return self._client

    async def _parts(self, request: ChatRequest) -> AsyncGenerator["ollama.ChatResponse", None]:
        """The parts of the answer that hold anything."""
        with self._explaining(request):
            async with contextlib.aclosing(await self._ask(request)) as parts:
                async for part in parts:
                    if part.done or part.message.content or part.message.thinking or part.message.tool_calls:
                        yield part

    async def _ask(self, request: ChatRequest) -> AsyncGenerator["ollama.ChatResponse", None]:
        try:
            answer = await self._started().chat(
                self._settings.model,
                [_message(each) for each in _with_system(request)],
                tools=[_tool(each) for each in request.tools],
                stream=True,
                think=self._settings.think,
                options=self._options(request),
                keep_alive=self._settings.keep_alive,
            )
        except ValidationError as problem:  # nothing is sent before the answer is read
            first = problem.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise EngineError(f"Ollama takes no such tool or message ({where}: {first['msg']}): change it") from problem
        return cast("AsyncGenerator[ollama.ChatResponse, None]", answer)

    async def _pulled(self, model: str) -> AsyncGenerator[PullProgress, None]:
        client = self._started()
        with self._explaining():
            answer = await client.pull(model, stream=True)
            async with contextlib.aclosing(cast("AsyncGenerator[ollama.ProgressResponse, None]", answer)) as parts:
                async for part in parts:
                    yield PullProgress(part.status or "", part.completed or 0, part.total or 0)

    def _options(self, request: ChatRequest) -> dict[str, Any]:
        asked = {"temperature": request.temperature, "num_predict": request.max_tokens}
        given = {key: value for key, value in asked.items() if value is not None}
        return {"num_ctx": self._settings.num_ctx, **self._settings.options, **given}

    @contextlib.contextmanager
    def _explaining(self, request: ChatRequest | None = None) -> Iterator[None]:
        """Raises as EngineError what the client raises within it."""
        import ollama

        try:
            with self._server.explaining():
                yield
        except ollama.ResponseError as problem:
            raise self._refusal(problem.status_code, str(problem.error), request) from problem
        except ConnectionError as problem:
            raise EngineError(f"{self._server.name} cannot be reached: {self._server.remedy}") from problem
        except (ValueError, TypeError, AttributeError, RecursionError) as problem:  # no JSON, or not Ollama's
            raise self._server.nonsense() from problem

    def _refusal(self, status: int, words: str, request: ChatRequest | None) -> EngineError:
        model = self._settings.model
        if status == HTTPStatus.NOT_FOUND and words.startswith("model"):
            return EngineError(f"{self._server.name} has no model {model!r}: `ollama pull {model}` gets it")
        if status == HTTPStatus.NOT_FOUND:
            return self._server.nonsense()
        page = words.startswith("<")  # of a proxy
        unsaid = [os.environ.get(KEY_VARIABLE, ""), *texts(request)]
        return self._server.refusal(status if status > 0 else None, "" if page else words, unsaid)


class _Reply:
    """One answer, as its parts come."""

    def __init__(self) -> None:
        self.is_whole = False
        self._thoughts = Thoughts()
        self._calls = 0

    def take(self, part: "ollama.ChatResponse") -> Iterator[ChatPiece]:
        if part.message.thinking:
            yield ThinkingDelta(part.message.thinking)
        yield from self._thoughts.split(part.message.content or "")
        for call in part.message.tool_calls or ():
            self._calls += 1
            arguments = json.dumps(call.function.arguments, ensure_ascii=False)
            yield ToolCall(f"call_{self._calls}", call.function.name, arguments)
        if part.done:
            self.is_whole = True
            yield from self._thoughts.rest()
            why: Literal["stop", "calls", "length"] = "calls" if self._calls else "stop"
            yield ChatEnd(
                "length" if part.done_reason == "length" else why, part.prompt_eval_count or 0, part.eval_count or 0
            )


def _with_system(request: ChatRequest) -> Iterator[ChatMessage]:
    if request.system:
        yield ChatMessage("system", request.system)
    yield from request.messages


def _message(message: ChatMessage) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": message.role, "content": encodable(message.text)}
    if message.calls:
        plain["tool_calls"] = [
            {"function": {"name": call.name, "arguments": _arguments(call.arguments)}} for call in message.calls
        ]
    if message.answers is not None:
        plain["tool_name"] = message.answers.name
    return plain


def _arguments(text: str) -> dict[str, Any]:
    """As a mapping, which the API insists on; a broken call has none, and its result says that it was broken."""
    with contextlib.suppress(ValueError):
        arguments = json.loads(encodable(text))
        if isinstance(arguments, dict):
            return arguments
    return {}


def _tool(tool: Tool) -> dict[str, Any]:
    whole = schema(tool)
    parameters = whole["function"]["parameters"]
    properties: Mapping[str, Any] = parameters.get("properties", {})
    parameters["properties"] = {name: _told(each) for name, each in properties.items()}
    return whole


def _told(argument: object) -> dict[str, Any]:
    if not isinstance(argument, Mapping):  # `true` is a schema too
        return {}
    carried = {key: value for key, value in argument.items() if key in _CARRIED}
    rest = {key: value for key, value in argument.items() if key not in _CARRIED}
    if rest:
        told = json.dumps(rest, sort_keys=True, ensure_ascii=False)
        carried["description"] = f"{argument.get('description', '')} {told}".strip()
    return carried


def _make(settings: OllamaSettings, _surroundings: Surroundings) -> LanguageModel:
    return Ollama(settings)


def _missing() -> str | None:
    return None if find_spec("ollama") else remedy("ollama")


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec("ollama", OllamaSettings, _make, _missing, rank=20)
