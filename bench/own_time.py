"""An event loop on which only one side's work takes time: figures of a server that nothing else on the machine changes.

Server and peers run in one process, on one loop, over real sockets. Its clock gains the CPU time that the server takes,
and jumps over every wait. Peers, other programs and the network take no time at all; only what the core's caches lose
to them, the server still pays.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final

from typing_extensions import override

_is_peer: Final[ContextVar[bool]] = ContextVar("is_peer", default=False)
_THREADS_S: Final = 0.0005  # what a thread finishes within so much comes before the clock jumps


def of_peers() -> Context:
    """The context for tasks whose work takes no time, nor what they begin."""
    context = copy_context()
    context.run(_is_peer.set, True)
    return context


def is_of_peers(callback: asyncio.Handle) -> bool:
    # asyncio tells nobody whose callback it runs
    context: Context = callback._context  # type: ignore[attr-defined]  # noqa: SLF001
    return context.get(_is_peer, False)


class OwnTimeLoop(asyncio.SelectorEventLoop):
    """One for a process."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._peers_s = 0.0
        self._peer_since: float | None = None  # while one works

        self._set_apart_peers()

    @property
    def worked_s(self) -> float:
        """CPU time of the server, and of the loop itself."""
        return (time.thread_time() if self._peer_since is None else self._peer_since) - self._peers_s

    @override
    def time(self) -> float:
        return self._jumping.waited_s + self.worked_s

    def _set_apart_peers(self) -> None:
        run = asyncio.Handle._run  # noqa: SLF001 - every callback goes through it, of tasks, timers and sockets alike

        def run_apart(callback: asyncio.Handle) -> None:
            if not is_of_peers(callback):
                run(callback)
                return
            self._peer_since = time.thread_time()
            run(callback)
            self._peers_s += time.thread_time() - self._peer_since
            self._peer_since = None

        setattr(asyncio.Handle, "_run", run_apart)  # noqa: B010 - mypy knows that a method is no place to assign to


class _Jumping(selectors.DefaultSelector):
    """Never waits long: what a timer would have slept, the clock gains."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_s = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not ready and timeout != 0:
            ready = super().select(None if timeout is None else min(timeout, _THREADS_S))
            self.waited_s += 0.0 if ready or timeout is None else timeout
        return ready


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=OwnTimeLoop) as runner:
        runner.run(main)
