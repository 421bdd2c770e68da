"""Keeps the part of the prompt that stays in the model server's memory, so that the first turn does not wait for it."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatRequest, LanguageModel

_LOGGER: Final = logging.getLogger(__name__)


class Warming:
    """Sends a prompt ahead, never while a turn asks the model: it gives way, and begins again when all is quiet."""

    def __init__(self, model: LanguageModel, make: Callable[[], ChatRequest]) -> None:
        """`make` gives the request to send; its answer is thrown away."""
        self._model = model
        self._make = make
        self._turns = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._sending: asyncio.Task[None] | None = None

    @contextmanager
    def giving_way(self) -> Iterator[None]:
        """Around what a turn asks of the model."""
        self._turns += 1
        self._quiet.clear()
        if self._sending is not None:
            self._sending.cancel()
        try:
            yield
        finally:
            self._turns -= 1
            if not self._turns:
                self._quiet.set()

    async def warm_up(self) -> None:
        """Returns once the model has read the prompt, or cannot be asked: the next turn will tell."""
        is_cancelled = True
        while is_cancelled:
            await self._quiet.wait()
            async with asyncio.TaskGroup() as tasks:
                self._sending = tasks.create_task(self._send(), name="agent: warm up")
            is_cancelled = self._sending.cancelled()
            self._sending = None

    async def _send(self) -> None:
        try:
            async with aclosing(self._model.chat(self._make())) as pieces:
                async for _ in pieces:
                    pass
        except EngineError as problem:
            _LOGGER.warning("the language model could not be told of the home ahead: %s", problem)
