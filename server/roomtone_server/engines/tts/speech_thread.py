"""Speech made on a thread, beside the event loop: it is handed over, and can be stopped, chunk by chunk."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from roomtone.errors import EngineError

T = TypeVar("T")
Take = Callable[[bytes], bool]  # takes a chunk; False: nobody wants more


class SpeechThread:
    """The thread of one engine, on which its speeches follow each other, first come, first served."""

    def __init__(self, name: str, max_chunks_ahead: int) -> None:
        """How far it may run ahead of who listens should be more than a sentence, so that a reply paced to one
        satellite does not keep the voice from another; and it bounds memory."""
        self._name = name
        self._max_ahead = max_chunks_ahead
        self._pool: ThreadPoolExecutor | None = None
        self._speeches: set[_Speech] = set()

    def open(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns, done on the thread. Raises EngineError when it is not open, and what the work does."""
        return await asyncio.get_running_loop().run_in_executor(self.check_open(), work)

    async def speak(self, say: Callable[[Take], None]) -> AsyncGenerator[bytes, None]:
        """What `say`, called on the thread, gives to its `take`. Raises EngineError, and what `say` does."""
        pool = self.check_open()
        speech = _Speech(self._max_ahead)
        self._speeches.add(speech)
        pool.submit(speech.run, say)
        try:
            while chunk := await speech.next():
                yield chunk
            if speech.stopped:
                raise EngineError(f"{self._name} was closed while it spoke")
        finally:
            speech.stop()
            self._speeches.discard(speech)

    async def close(self) -> None:
        """Stops what is being said, and returns when the thread is gone. Idempotent."""
        for speech in self._speeches:
            speech.stop()
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown)

    def check_open(self) -> ThreadPoolExecutor:
        """Raises EngineError when it is not."""
        if self._pool is None:
            raise EngineError(f"{self._name} was asked to speak before it was started, or after it was closed")
        return self._pool


class _Speech:
    """One text on its way from the thread to the event loop; the thread waits when it is too far ahead."""

    def __init__(self, max_ahead: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._slots = threading.Semaphore(max_ahead)
        self._ahead: asyncio.Queue[bytes | Exception] = asyncio.Queue(max_ahead + 1)  # and the end
        self.stopped = False

    def run(self, say: Callable[[Take], None]) -> None:
        """The whole speech, on the thread."""
        end: bytes | Exception = b""
        try:
            if not self.stopped:
                say(self._take)
        except Exception as problem:  # noqa: BLE001 - `next` raises it where somebody listens
            end = problem
        self._loop.call_soon_threadsafe(self._ahead.put_nowait, end)

    def _take(self, chunk: bytes) -> bool:
        self._slots.acquire()
        if self.stopped:
            return False
        self._loop.call_soon_threadsafe(self._ahead.put_nowait, chunk)
        return True

    async def next(self) -> bytes:
        """The next chunk, empty at the end. Raises what `say` raised."""
        chunk = await self._ahead.get()
        if isinstance(chunk, Exception):
            raise chunk
        self._slots.release()
        return chunk

    def stop(self) -> None:
        self.stopped = True
        self._slots.release()
