"""A language model whose answers a test writes down in the words of engines/base.py; a house that thinks with it."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.house import NOON, House, open_house

from roomtone.errors import EngineError
from roomtone_server.agent.assistant import Assistant
from roomtone_server.agent.clocks import Clocks
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.agent.thinking.thinker import Thinker
from roomtone_server.agent.tools.home import HomeTools
from roomtone_server.agent.tools.kept import KeptTools
from roomtone_server.engines.base import ChatEnd, ChatPiece, ChatRequest, TextDelta, ToolCall


def call(tool: str, id_: str = "c1", /, **arguments: Any) -> ToolCall:
    return ToolCall(id_, tool, json.dumps(arguments))


class ScriptedModel:
    """A `LanguageModel`. Each answer is a list: text, calls, an error to raise, an event to wait for."""

    def __init__(self) -> None:
        self.asked: list[ChatRequest] = []
        self.always: list[Any] | None = None  # when the script is empty
        self.open = 0  # answers that are being made
        self._script: deque[list[Any]] = deque()

    def will_answer(self, *steps: Any) -> None:
        """The next answer but those already scripted."""
        self._script.append(list(steps))

    async def start(self) -> None:
        pass

    async def models(self) -> list[str]:
        return ["scripted"]

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        self.asked.append(request)
        steps = self._script.popleft() if self._script else self.always
        assert steps is not None, f"nobody scripted an answer to {request.messages[-1]}"
        self.open += 1
        try:
            for step in steps:
                match step:
                    case str():
                        yield TextDelta(step)
                    case EngineError():
                        raise step
                    case asyncio.Event():
                        await step.wait()
                    case float():
                        await asyncio.sleep(step)
                    case _:
                        yield step
            yield ChatEnd("calls" if any(isinstance(step, ToolCall) for step in steps) else "stop")
        finally:
            self.open -= 1

    async def close(self) -> None:
        pass


@asynccontextmanager
async def thinking_house(
    folder: Path,
    model: Any,
    *,
    order: str = "intents-first",
    more: Any = (),
    speculate_llm: bool = False,
    **options: Any,
) -> AsyncIterator[House]:
    """As `open_house`, with an agent that asks the model; `more` are toolboxes beside ours."""
    async with open_house(folder, **options) as house:
        settings = AgentSettings(order=order, speculate_llm=speculate_llm)
        intents = house.agent
        toolboxes = [HomeTools(intents, house.home), KeptTools(intents, intents._kept.memory, house.home), *more]
        clocks = Clocks(local_now=lambda: NOON, **options.get("clocks", {}))
        thinker = Thinker(model, house.home, toolboxes, settings, clocks)
        assistant = Assistant(intents, thinker, order, {})
        await assistant.start()
        yield House(house.home, assistant)
