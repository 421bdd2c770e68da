"""Model servers on loopback that speak the documented protocols, and go wrong where a test asks for it.

A test scripts an answer in the words of engines/base.py, whatever the protocol, with faults where it wants them:

    server.will_answer(TextDelta("It is"), Fault.CUT)
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from roomtone_server.engines.base import ChatEnd, ChatPiece, TextDelta, ThinkingDelta, ToolCall

KEY = "sk-a-key-of-nobody"

# httpx leaves the generators within its own to the event loop, which closes each in a task, the outer before the inner.
GENERATORS = 20


class Fault(Enum):
    SILENCE = auto()  # nothing more comes, and the connection stays
    CUT = auto()  # the connection ends in mid-answer
    END = auto()  # the response ends as HTTP wants it, but before the protocol's own end
    BROKEN_JSON = auto()
    NO_OBJECT = auto()  # JSON, but no object
    ENDLESS_LINE = auto()


@dataclass(frozen=True)
class Failure:
    """An error that the server tells of within the answer."""

    words: str


@dataclass(frozen=True)
class Refusal:
    """An HTTP status in place of an answer, with a body as the protocol words errors, or one that is none of its."""

    status: int
    words: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


Step = ChatPiece | Fault | Failure | asyncio.Event  # an event holds the rest back until it is set


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


class _HungUp(Exception):
    """The other end closed the connection, or this one did on purpose."""


class ModelServer:
    """What both protocols share: HTTP, the script, and what was asked."""

    def __init__(self) -> None:
        self.models = ["tiny", "large"]
        self.listing: bytes | None = None  # what is sent as the list of models, where it is not `models`
        self.key = ""  # whoever does not show it is refused
        self.asked: list[Asked] = []
        self.was_asked = asyncio.Event()
        self.connections = 0  # ever
        self.url = ""
        self._script: deque[tuple[Step, ...] | Refusal] = deque()
        self._writers: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def will_answer(self, *steps: Step) -> None:
        """The next answer but those already scripted."""
        self._script.append(steps)

    def will_refuse(self, status: int, words: str = "", *, body: bytes | None = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._script.append(Refusal(status, words, named, body))

    async def hang_up(self) -> None:
        """Closes every connection, as a server does that is started again."""
        for writer in self._writers:
            writer.close()
        await self.idle()

    async def idle(self) -> None:
        """Returns once no connection is open."""
        async with asyncio.timeout(10):
            await self._idle.wait()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["ModelServer"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    # What a protocol says in its own way.

    def settings(self) -> dict[str, object]:
        """The options of an engine that is to talk to this server."""
        raise NotImplementedError

    def route(self, asked: Asked) -> "list[bytes] | Refusal | None":
        """The whole answer to what is not scripted; None: the script has it."""
        raise NotImplementedError

    def events(self, steps: tuple[Step, ...]) -> Iterator[bytes | Fault | asyncio.Event]:
        """The script as the protocol's bytes."""
        raise NotImplementedError

    def error(self, words: str) -> bytes:
        raise NotImplementedError

    # HTTP/1.1, as much of it as clients use.

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        self._writers.add(writer)
        self._idle.clear()
        try:
            while True:
                asked = await _request(reader)
                self.asked.append(asked)
                self.was_asked.set()
                await self._answer(asked, reader, writer)
        except (_HungUp, asyncio.IncompleteReadError, ConnectionError):
            pass  # how connections end
        except asyncio.CancelledError:
            pass  # the server ends; a cancelled task would make asyncio's streams complain
        finally:
            writer.close()
            self._tasks.discard(asyncio.current_task())
            self._writers.discard(writer)
            if not self._writers:
                self._idle.set()

    async def _answer(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = self._refused(asked) or self.route(asked)
        if answer is None:
            scripted = self._script.popleft()
            answer = scripted if isinstance(scripted, Refusal) else self.events(scripted)
        if isinstance(answer, Refusal):
            await self._refuse(answer, writer)
        else:
            await self._stream(answer, reader, writer)

    async def _refuse(self, refusal: Refusal, writer: asyncio.StreamWriter) -> None:
        body = self.error(refusal.words) if refusal.body is None else refusal.body
        headers = "".join(f"{name}: {value}\r\n" for name, value in refusal.headers.items())
        writer.write(f"HTTP/1.1 {refusal.status} No\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    async def _stream(self, answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % self.content_type)
        for step in answer:
            match step:
                case bytes():
                    await _send(writer, step)
                case asyncio.Event():
                    await _wait(step, reader)
                case Fault.SILENCE:
                    await _wait(asyncio.Event(), reader)
                case Fault.CUT:
                    await writer.drain()
                    raise _HungUp
                case Fault.END:
                    break
                case Fault.ENDLESS_LINE:
                    while True:
                        await _send(writer, b"endless " * 2**13)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _refused(self, asked: Asked) -> Refusal | None:
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            return Refusal(401, f"Incorrect API key provided: {asked.headers.get('authorization')}")
        return None


@contextlib.asynccontextmanager
async def running(engine, server):
    """An engine from its start to its end, after which no connection of it is left."""
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()
        await server.idle()
        for _ in range(GENERATORS):
            await asyncio.sleep(0)


class OllamaServer(ModelServer):
    """https://github.com/ollama/ollama/blob/main/docs/api.md"""

    content_type = b"application/x-ndjson"

    def __init__(self) -> None:
        super().__init__()
        self.library = ["qwen3:4b"]  # what can be pulled

    def settings(self):
        return {"host": self.url, "model": "tiny"}

    def route(self, asked):
        model = asked.json()["model"] if asked.body else ""
        match asked.path:
            case "/api/tags":
                models = [{"name": name, "model": name, "size": 1000} for name in self.models]
                return [self.listing or _json({"models": models})]
            case "/api/pull":
                return None if self._script else self._pull(model)
            case "/api/chat" | "/api/show" if model not in self.models:
                return Refusal(404, f"model '{model}' not found")
            case "/api/show":
                return [_json({"model_info": {}, "capabilities": ["completion", "tools"]})]
            case "/api/chat":
                return None
        return Refusal(404, body=b"404 page not found")

    def error(self, words):
        return _json({"error": words})

    def events(self, steps):
        for step in steps:
            match step:
                case TextDelta(text):
                    yield _line(message={"role": "assistant", "content": text}, done=False)
                case ThinkingDelta(text):
                    yield _line(message={"role": "assistant", "content": "", "thinking": text}, done=False)
                case ToolCall(_, name, arguments):
                    call = {"function": {"index": 0, "name": name, "arguments": json.loads(arguments)}}
                    yield _line(message={"role": "assistant", "content": "", "tool_calls": [call]}, done=False)
                case ChatEnd(why, prompt_tokens, answer_tokens):
                    yield _line(
                        message={"role": "assistant", "content": ""},
                        done=True,
                        done_reason="length" if why == "length" else "stop",
                        total_duration=1,
                        prompt_eval_count=prompt_tokens,
                        eval_count=answer_tokens,
                    )
                case Failure(words):
                    yield _json({"error": words}) + b"\n"
                case Fault.BROKEN_JSON:
                    yield b'{"model":"tiny","mess\n'
                case Fault.NO_OBJECT:
                    yield b'["tiny"]\n'
                case _:
                    yield step

    def _pull(self, model):
        if model not in self.library:
            return [
                _line(status="pulling manifest"),
                _json({"error": "pull model manifest: file does not exist"}) + b"\n",
            ]
        self.models.append(model)
        digest = "sha256:12ab"
        return [
            _line(status="pulling manifest"),
            *(_line(status="pulling 12ab", digest=digest, total=300, completed=done) for done in (100, 200, 300)),
            *(_line(status=status) for status in ("verifying sha256 digest", "writing manifest", "success")),
        ]


class OpenAIServer(ModelServer):
    """https://platform.openai.com/docs/api-reference/chat/streaming"""

    content_type = b"text/event-stream; charset=utf-8"

    def settings(self):
        return {"base_url": f"{self.url}/v1", "model": "tiny"}

    def route(self, asked):
        model = asked.json().get("model", "tiny") if asked.body else ""
        match asked.path:
            case "/v1/models":
                models = [{"id": name, "object": "model"} for name in self.models]
                return [self.listing or _json({"object": "list", "data": models})]
            case "/v1/chat/completions" if model in self.models:
                return None
            case "/v1/chat/completions":
                return Refusal(404, f"The model `{model}` does not exist")
        return Refusal(404, body=b"Not Found")

    def error(self, words):
        return _json({"error": {"message": words, "type": "invalid_request_error", "param": None, "code": None}})

    def events(self, steps):
        yield _chunk({"role": "assistant", "content": ""})
        index = -1
        for step in steps:
            match step:
                case TextDelta(text):
                    yield _chunk({"content": text})
                case ThinkingDelta(text):
                    yield _chunk({"reasoning_content": text})
                case ToolCall(id, name, arguments):
                    index += 1
                    function = {"name": name, "arguments": ""}
                    yield _chunk({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]})
                    for at in range(0, len(arguments), 5):
                        part = {"index": index, "function": {"arguments": arguments[at : at + 5]}}
                        yield _chunk({"tool_calls": [part]})
                case ChatEnd(why, prompt_tokens, answer_tokens):
                    yield _chunk({}, {"calls": "tool_calls", "refused": "content_filter"}.get(why, why))
                    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": answer_tokens, "total_tokens": 0}
                    yield _event({"choices": [], "usage": usage})
                    yield b"data: [DONE]\n\n"
                case Failure(words):
                    yield _event({"error": {"message": words, "type": "server_error"}})
                case Fault.BROKEN_JSON:
                    yield b'data: {"choices":[{"del\n\n'
                case Fault.NO_OBJECT:
                    yield b'data: ["tiny"]\n\n'
                case _:
                    yield step


async def _request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _send(writer, data):
    """In two pieces, cut wherever the middle is: in a character, in a name, between two signs of an end."""
    middle = len(data) // 2
    for part in (data[:middle], data[middle:]):
        if part:
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()


async def _wait(gate, reader):
    """Until the gate opens. Raises _HungUp when the other end goes first; it has nothing to say before the answer."""
    opened = asyncio.create_task(gate.wait())
    gone = asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait((opened, gone), return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            raise _HungUp
    finally:
        opened.cancel()
        gone.cancel()
        await asyncio.gather(opened, gone, return_exceptions=True)


def _json(content):
    """As Go and Python write it: characters as they are, but those at which JavaScript would end a line."""
    return json.dumps(content, ensure_ascii=False).replace("\u2028", "\\u2028").encode()


def _line(**content):
    return _json({"model": "tiny", "created_at": "2026-11-21T20:15:01.000000Z", **content}) + b"\n"


def _event(content):
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}
    return b"data: " + _json({**frame, **content}) + b"\n\n"


def _chunk(delta, finish_reason=None):
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})
