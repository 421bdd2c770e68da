"""The worker process as its engine sees it: messages out, messages in, and one call when it is gone."""

import asyncio
import sys
from collections.abc import Callable
from typing import Final, Self, cast

from typing_extensions import override

from roomtone.errors import EngineError
from roomtone_server.engines.stt.sphinx.messages import Message, Messages

# Beyond the pipe's own 64 KiB (2 s of audio), this much waits here before `drained` makes its caller wait: 4 s.
HIGH_WATER_BYTES: Final = 128 * 1024


class WorkerProcess(asyncio.SubprocessProtocol):
    """One running worker. Callbacks come on the event loop; after `gone`, with the reason, none comes any more."""

    def __init__(self, received: Callable[[Message], None], gone: Callable[[str], None]) -> None:
        self._received = received
        self._gone = gone
        self._messages = Messages()
        self._reason = ""
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None
        self._requests: asyncio.WriteTransport | None = None

    @classmethod
    async def start(cls, work: str, received: Callable[[Message], None], gone: Callable[[str], None]) -> Self:
        """`work` is the worker's kind: see worker.py. Raises EngineError when it cannot be started."""
        command = (sys.executable, "-m", "roomtone_server.engines.stt.sphinx.worker", work)
        loop = asyncio.get_running_loop()
        try:
            _, process = await loop.subprocess_exec(lambda: cls(received, gone), *command, stderr=None)
        except OSError as problem:
            raise EngineError(f"the recogniser's worker process cannot be started: {problem}") from problem
        return process

    @property
    def is_alive(self) -> bool:
        return self._requests is not None and not self._requests.is_closing() and not self._ended.is_set()

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left of it. One that was told to leave is neither alive nor gone for a while."""
        return self._ended.is_set()

    @property
    def pid(self) -> int:
        assert self._transport is not None
        return self._transport.get_pid()

    def send(self, message: Message) -> None:
        """Never waits; what a dead worker is sent is lost, and `gone` says so."""
        if self.is_alive:
            assert self._requests is not None
            self._requests.write(message.encode())

    async def drained(self) -> None:
        """Returns at once unless the worker is seconds behind."""
        await self._writable.wait()

    def leave(self) -> None:
        """Lets it end by itself, when it has read what it was sent."""
        if self.is_alive:
            assert self._requests is not None
            self._requests.close()

    async def kill(self) -> None:
        """Ends it now; returns when it is gone and its pipes are closed. It holds nothing worth keeping."""
        if self._transport is not None and not self._ended.is_set():
            if self._transport.get_returncode() is None:
                self._transport.kill()
            await self._ended.wait()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._requests = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        self._requests.set_write_buffer_limits(HIGH_WATER_BYTES)

    @override
    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        try:
            for message in self._messages.receive(data):
                if message.head["is"] == "failed":
                    self._reason = message.head["text"]
                else:
                    self._received(message)
        except EngineError as problem:
            self._reason = str(problem)
            assert self._transport is not None
            self._transport.kill()

    @override
    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._writable.set()

    @override
    def process_exited(self) -> None:
        self._writable.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        assert self._transport is not None
        self._ended.set()
        self._gone(self._reason or f"its worker process ended with status {self._transport.get_returncode()}")
        self._transport.close()

    @override
    def pause_writing(self) -> None:
        """Called by the pipe to the worker when too much waits in it."""
        self._writable.clear()

    @override
    def resume_writing(self) -> None:
        self._writable.set()
