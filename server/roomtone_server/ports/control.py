"""The local command line's way into a running server: a Unix socket that its owner alone can open.

One connection carries one request, a line of JSON: `{"verb": "ask", "text": "..."}`. The answers are lines of JSON too,
the objects that the verb yields, and at the end `{"done": true}` or `{"error": "...", "exit_code": n}`. The client
keeps its side open and silent; when it closes, the verb ends.
"""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from roomtone.errors import AlreadyRunning, PeerGone, PortUnusable, RoomtoneError, ServerNotRunning, UsageError
from roomtone.paths import make_private, state_dir

Answer = dict[str, Any]
Verb = Callable[[dict[str, Any]], AsyncIterator[Answer]]

MAX_REQUEST_BYTES: Final = 64 * 1024  # a request without an end would fill the server's memory
MAX_ANSWER_BYTES: Final = 1024 * 1024  # and an answer without one, the client's
MAX_CONNECTIONS: Final = 32  # forgotten watchers would collect
READ_DEADLINE_S: Final = 5.0  # from connecting to the end of the request's line
WRITE_DEADLINE_S: Final = 10.0  # for a client that no longer reads
MAX_PATH_BYTES: Final = 107  # of sun_path, less its final zero: unix(7)

_log = logging.getLogger(__name__)


class _ClientGone(Exception):
    """The client closed, or does not read or write any more; nobody is left to be told."""


def control_path(state: Path | None = None) -> Path:
    """Where the server with this state folder listens; None is this process's own."""
    return (state or state_dir()) / "server" / "control.sock"


class ControlPort:
    """Serves verbs at `path` while it is entered. Entering raises AlreadyRunning when another server has the path,
    PortUnusable when no socket can be made there."""

    def __init__(self, path: Path, verbs: Mapping[str, Verb]) -> None:
        self._path = path
        self._verbs = verbs
        self._handlers: set[asyncio.Task[None]] = set()
        self._entered = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(only_server(self._path))
            listening = stack.enter_context(_bound(self._path))
            self._tasks = await stack.enter_async_context(asyncio.TaskGroup())
            stack.callback(self._end_handlers)
            server = await asyncio.start_unix_server(self._connected, sock=listening, limit=MAX_REQUEST_BYTES)
            stack.callback(server.close)
            self._entered = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._entered.aclose()  # without the body's error, which the task group would wrap

    def _end_handlers(self) -> None:
        for handler in self._handlers:
            handler.cancel()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._handlers) >= MAX_CONNECTIONS:
            _log.warning("the control socket has %d connections; one more was refused", MAX_CONNECTIONS)
            writer.close()
            return
        handler = self._tasks.create_task(self._serve(reader, writer), name="control: connection")
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve_request(reader, writer)
            await _hang_up(writer)
        except* _ClientGone:
            _log.debug("a client of the control socket went away")
        finally:
            writer.transport.abort()

    async def _serve_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader)
        except UsageError as problem:
            await _send(writer, _failure(problem))
            return
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(self._answer(request, writer), name="control: answer")
            leaving = tasks.create_task(_leaves(reader), name="control: client leaves")
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            answering.cancel()
            leaving.cancel()

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        end: Answer = {"done": True}
        try:
            answers = self._verb(request.pop("verb", None))(request)
            try:
                async for answer in answers:
                    await _send(writer, answer)
            finally:
                if isinstance(answers, AsyncGenerator):
                    await answers.aclose()
        except _ClientGone:
            raise
        except RoomtoneError as problem:
            end = _failure(problem)
        except Exception:  # noqa: BLE001 - a broken verb is the client's bad luck, not the server's end
            _log.exception("a verb of the control socket failed")
            end = {"error": "the server failed at this; its log says how", "exit_code": 1}
        await _send(writer, end)

    def _verb(self, name: object) -> Verb:
        verb = self._verbs.get(name) if isinstance(name, str) else None
        if verb is None:
            raise UsageError(f"there is no verb {str(name)[:40]!r}; known are: {', '.join(sorted(self._verbs))}")
        return verb


async def _leaves(reader: asyncio.StreamReader) -> None:
    """Returns when the client closes its side, or is found dead by a write to it."""
    with contextlib.suppress(ConnectionError):
        await reader.read(1)


def _failure(problem: RoomtoneError) -> Answer:
    return {"error": str(problem), "exit_code": problem.exit_code}


async def _read_request(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Raises UsageError for what is no request, _ClientGone for no line at all."""
    try:
        async with asyncio.timeout(READ_DEADLINE_S):
            line = await reader.readline()
    except (ConnectionError, TimeoutError) as problem:
        raise _ClientGone from problem
    except ValueError:
        raise UsageError(f"a request has at most {MAX_REQUEST_BYTES} bytes") from None
    if not line.endswith(b"\n"):
        raise _ClientGone
    try:
        request = json.loads(line)
        json.dumps(request, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # an escape in JSON may be half of a character
        raise UsageError("the text is not UTF-8: type it where the locale is a UTF-8 one") from None
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise UsageError('a request is one line with a JSON object: {"verb": ...}')
    return request


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await _within_deadline(writer.drain())


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await _within_deadline(writer.wait_closed())


async def _within_deadline(writing: Coroutine[Any, Any, None]) -> None:
    try:
        async with asyncio.timeout(WRITE_DEADLINE_S):
            await writing
    except (ConnectionError, TimeoutError) as problem:
        raise _ClientGone from problem


@contextlib.contextmanager
def only_server(path: Path) -> Iterator[None]:
    """Holds the lock that tells a living server's socket from a dead one's; the kernel frees it with the process."""
    make_private(path.parent)
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"a server is already running with the state in {path.parent.parent}: "
                "stop it, or give this one a folder of its own with ROOMTONE_STATE"
            ) from None
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    """A socket at the path that its owner alone can connect to; whatever lay there belonged to a server now dead."""
    _check_length(path)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        try:
            listening.bind(str(path))
            path.chmod(0o600)  # nobody can connect before `listen`
        except OSError as problem:
            raise PortUnusable(f"cannot make the control socket {path}: {problem.strerror}") from problem
        try:
            yield listening
        finally:
            path.unlink(missing_ok=True)


def _check_length(path: Path) -> None:
    if (length := len(os.fsencode(path))) > MAX_PATH_BYTES:
        raise PortUnusable(
            f"the path of the control socket {path} has {length} bytes, and the system allows {MAX_PATH_BYTES}: "
            "set ROOMTONE_STATE to a shorter folder"
        )


async def call_async(
    path: Path, verb: str, /, *, patience_s: float | None = 30.0, **arguments: object
) -> AsyncIterator[Answer]:
    """The answers of a running server to one request.

    `patience_s` is the longest wait for each answer; None waits for ever. Raises ServerNotRunning; PeerGone when it
    ends or falls silent before it is done; UsageError or RoomtoneError with the server's own words when it refuses.
    """
    reader, writer = await _connect(path)
    try:
        writer.write(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
        while True:
            answer = await _read_answer(reader, patience_s)
            if answer.get("done") is True:
                return
            if "error" in answer:
                kind = UsageError if answer.get("exit_code") == UsageError.exit_code else RoomtoneError
                raise kind(str(answer["error"]))
            yield answer
    finally:
        writer.close()


def call(path: Path, verb: str, /, *, patience_s: float | None = 30.0, **arguments: object) -> Iterator[Answer]:
    """`call_async` for who has no event loop."""
    answers = call_async(path, verb, patience_s=patience_s, **arguments)

    async def step() -> Answer | None:
        return await anext(answers, None)

    with asyncio.Runner() as runner:
        while (answer := runner.run(step())) is not None:
            yield answer


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    _check_length(path)
    try:
        return await asyncio.open_unix_connection(str(path), limit=MAX_ANSWER_BYTES)
    except (FileNotFoundError, ConnectionRefusedError):
        raise ServerNotRunning(
            f"no server is running here (nobody answers at {path}): start `roomtone server`"
        ) from None
    except PermissionError:
        raise ServerNotRunning(f"the server at {path} is another user's: run this as that user") from None


async def _read_answer(reader: asyncio.StreamReader, patience_s: float | None) -> Answer:
    try:
        async with asyncio.timeout(patience_s):
            line = await reader.readline()
        answer = json.loads(line)
    except TimeoutError:
        raise PeerGone(f"the server has not answered for {patience_s:g} s; its log may say why") from None
    except (ConnectionError, ValueError):
        answer = None
    if not isinstance(answer, dict):
        raise PeerGone("the server ended before it had answered; its log may say why")
    return answer
