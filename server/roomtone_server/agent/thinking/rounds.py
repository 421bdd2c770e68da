"""One answer of a language model: it speaks, calls tools, is told what came of them, and speaks on."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from roomtone.errors import RoomtoneError
from roomtone_server.agent.base import Acted, Request, Said
from roomtone_server.agent.thinking.arguments import arguments_of
from roomtone_server.agent.thinking.draft import Chat
from roomtone_server.agent.tools.base import AgentTool, Outcome, ToolError
from roomtone_server.engines.base import ChatMessage, ChatRequest, TextDelta, ToolCall

_LOGGER: Final = logging.getLogger(__name__)

# A model that goes round in circles must come to an end, and so must one that never stops to talk.
MAX_ROUNDS: Final = 8
MAX_ANSWER_CHARACTERS: Final = 8_000
# Of one answer; each may reach for the home, or for a server elsewhere.
MAX_CALLS: Final = 16
# What tools return stands in each prompt that follows: so much of one, and of all in one answer.
MAX_RESULT_CHARACTERS: Final = 4_000
MAX_RESULTS_CHARACTERS: Final = 12_000
TOO_MUCH: Final = "left out: there is no room for more results"

ONLY_ASKED: Final = "not done: the user asked a question. Answer it, and offer to do this if it helps"

# Hands the sentence before it to the voice while the tools work: a line that is empty ends whatever stands above it.
PAUSE: Final = "\n\n"


class Rounds:
    """For one request, once. `messages` is what has come of it, at any time; `question` is what a tool wants to be
    asked back: it is the end of the answer, and has not been said."""

    def __init__(
        self,
        chat: Chat,
        beginning: ChatRequest,
        tools: Mapping[str, AgentTool],
        request: Request,
        *,
        may_act: bool,
        call_within_s: float,
    ) -> None:
        """`beginning` has the tools' specs, and the request as its last message. Unless they `may_act`, calls that
        would change anything are refused."""
        self.question = ""
        self._chat = chat
        self._beginning = beginning
        self._tools = tools
        self._request = request
        self._may_act = may_act
        self._call_within_s = call_within_s
        self._whole: tuple[ChatMessage, ...] = ()
        self._room = MAX_RESULTS_CHARACTERS
        self._text = ""  # of the round that goes on
        self._calls: list[ToolCall] = []

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """Those of whole rounds, each call with its result, and what was said in the one that goes on."""
        text = " ".join(filter(None, (self._text.strip(), self.question)))
        return (*self._whole, ChatMessage("assistant", text)) if text else self._whole

    async def parts(self) -> AsyncGenerator[Said | Acted, None]:
        """What is said and done, as it happens. Raises EngineError."""
        for _ in range(MAX_ROUNDS):
            self._text, self._calls = "", []
            async with aclosing(self._speak()) as spoken:
                async for said in spoken:
                    yield said
            if not self._calls:
                return
            if self._text:
                yield Said(PAUSE)
            outcomes = await self._call_all()
            for outcome in outcomes:
                for call in outcome.acted:
                    yield Acted(call)
            self.question = next((outcome.asks for outcome in outcomes if outcome.asks), "")
            if self.question:
                return

    async def _speak(self) -> AsyncGenerator[Said, None]:
        request = replace(self._beginning, messages=(*self._beginning.messages, *self._whole))
        async with aclosing(self._chat(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolCall):
                    self._calls.append(piece)
                elif isinstance(piece, TextDelta):
                    self._text += piece.text
                    yield Said(piece.text)
                if len(self._text) > MAX_ANSWER_CHARACTERS or len(self._calls) == MAX_CALLS:
                    return

    async def _call_all(self) -> Sequence[Outcome]:
        """Makes the calls of this round together; their results are the model's to read."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._outcome(call), name=f"tool {call.name}") for call in self._calls]
        outcomes = [task.result() for task in tasks]
        results = [
            ChatMessage("tool", self._told(outcome), answers=call)
            for call, outcome in zip(self._calls, outcomes, strict=True)
        ]
        self._whole = (*self._whole, ChatMessage("assistant", self._text, tuple(self._calls)), *results)
        self._text = ""
        return outcomes

    def _told(self, outcome: Outcome) -> str:
        """Of a result, what there is room for."""
        if not self._room:
            return TOO_MUCH
        told = outcome.text[: min(self._room, MAX_RESULT_CHARACTERS)]
        self._room -= len(told)
        return told

    async def _outcome(self, call: ToolCall) -> Outcome:
        """What came of one call; a problem is told to the model, which may find another way."""
        try:
            return await self._made(call)
        except RoomtoneError as problem:
            return Outcome(f"error: {problem}")
        except TimeoutError:
            return Outcome(f"error: {call.name} did not answer within {self._call_within_s:g} s")
        except Exception:  # a tool of another package may fail in any way, and its turn goes on
            _LOGGER.exception("a tool failed unexpectedly")
            return Outcome("error: the tool failed unexpectedly")

    async def _made(self, call: ToolCall) -> Outcome:
        tool = self._tools.get(call.name)
        if tool is None:
            raise ToolError(f"there is no such tool; there are: {', '.join(self._tools)}")
        arguments = arguments_of(call.arguments)
        if tool.acts and not self._may_act:
            return Outcome(ONLY_ASKED)
        async with asyncio.timeout(self._call_within_s):
            return await tool.call(arguments, self._request)
