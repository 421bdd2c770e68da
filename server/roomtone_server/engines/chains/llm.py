"""Language models in a chain.

Where a model fails before any of its text came, the next answers. Where it fails later, the next goes on from what was
said, which may sound already: it is shown that text as its own, and told to say what is left. A model that asked for a
tool is not replaced any more: the tool may have been used, and another model would use it again.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from roomtone_server.engines.base import ChatMessage, ChatPiece, ChatRequest, LanguageModel, TextDelta, ToolCall
from roomtone_server.engines.chains.chain import Chain

# A message of the user's, since not every server goes on with an assistant's that stands last.
GO_ON: Final = "Your answer broke off there. Say only what is left of it, from the next word on."


class LlmChain:
    """A `LanguageModel`. `models` are those of the first that tells."""

    def __init__(self, makers: Mapping[str, Callable[[], LanguageModel]], patience_s: float) -> None:
        """`patience_s`: to the first piece, be it of an answer or of a thought."""
        self.chain: Final = Chain("llm", makers, patience_s, _start)

    async def start(self) -> None:
        await self.chain.start()

    async def models(self) -> list[str]:
        return await self.chain.ask(lambda engine: engine.models())

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        said = ""
        for attempt in self.chain.attempts():
            with attempt:
                goes_on = bool(said)
                async with aclosing(attempt.stream(attempt.engine.chat(_continued(request, said)))) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, TextDelta):
                            if goes_on and _lack_space(said, piece.text):
                                said += " "
                                yield TextDelta(" ")
                            said += piece.text
                            goes_on = False
                        attempt.stands = attempt.stands or isinstance(piece, ToolCall)
                        yield piece
                return

    async def close(self) -> None:
        await self.chain.close()


def _continued(request: ChatRequest, said: str) -> ChatRequest:
    """What remains to be asked of the next model."""
    if not said:
        return request
    return replace(request, messages=(*request.messages, ChatMessage("assistant", said), ChatMessage("user", GO_ON)))


def _lack_space(said: str, more: str) -> bool:
    """Whether a word would stick to what was said before it."""
    return not said[-1].isspace() and more[0].isalnum()


async def _start(engine: LanguageModel) -> None:
    await engine.start()
