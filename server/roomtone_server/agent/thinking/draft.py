"""An answer that a model begins before it is certain that somebody wants it: kept as it comes, said when it is."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatPiece, ChatRequest, ToolCall

Chat = Callable[[ChatRequest], AsyncGenerator[ChatPiece, None]]


class Draft:
    """Made once, and followed by at most one, while it is made or afterwards."""

    def __init__(self, request: ChatRequest) -> None:
        self.request: Final = request
        self._pieces: list[ChatPiece] = []
        self._grew = asyncio.Event()
        self._has_begun = False
        self._has_ended = False
        self._problem: EngineError | None = None

    async def make(self, chat: Chat) -> None:
        """Returns when all of it is there, or no more will come: whoever follows is told of that."""
        self._has_begun = True
        self._problem = EngineError("the answer that was begun ahead broke off")
        try:
            async with aclosing(chat(self.request)) as pieces:
                async for piece in pieces:
                    self._pieces.append(piece)
                    self._grew.set()
            self._problem = None
        except EngineError as problem:
            self._problem = problem
        finally:
            self._has_ended = True
            self._grew.set()

    def instead_of(self, chat: Chat) -> Chat:
        """A model that has this answer ready where it is asked the same, and makes any other as it would. One that
        failed ahead is asked again, and so is one that wants a tool: nothing may rest on what was not certain."""
        is_usable = self._has_begun and not (self._has_ended and self._problem) and not self._calls
        return (lambda request: self._follow() if request == self.request else chat(request)) if is_usable else chat

    @property
    def _calls(self) -> bool:
        return any(isinstance(piece, ToolCall) for piece in self._pieces)

    async def _follow(self) -> AsyncGenerator[ChatPiece, None]:
        count = 0
        while True:
            for piece in self._pieces[count:]:
                count += 1
                yield piece
            if count == len(self._pieces):
                if self._has_ended:
                    break
                self._grew.clear()
                await self._grew.wait()
        if self._problem is not None:
            raise self._problem
