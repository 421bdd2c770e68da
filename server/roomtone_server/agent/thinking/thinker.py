"""Answers one request with a language model: what it is asked, with which tools, and what is remembered of it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from roomtone.errors import EngineError
from roomtone.link.background import alongside
from roomtone_server.agent.base import Finished, ReplyPart, Request, Said
from roomtone_server.agent.clocks import SYSTEM_CLOCKS, Clocks
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.agent.thinking import prompt
from roomtone_server.agent.thinking.draft import Draft
from roomtone_server.agent.thinking.history import MAX_REQUEST_CHARACTERS, History
from roomtone_server.agent.thinking.questions import is_marked, is_question
from roomtone_server.agent.thinking.rounds import Rounds
from roomtone_server.agent.thinking.warming import Warming
from roomtone_server.agent.tools.base import AgentTool, Toolbox
from roomtone_server.engines.base import ChatMessage, ChatRequest, LanguageModel
from roomtone_server.home.base import Home
from roomtone_server.languages.language import language_of


class Thinker:
    """A model, what it knows of the home, and what it may do there."""

    def __init__(
        self,
        model: LanguageModel,
        home: Home,
        toolboxes: Sequence[Toolbox],
        settings: AgentSettings,
        clocks: Clocks = SYSTEM_CLOCKS,
    ) -> None:
        """Of tools with one name, the first toolbox's counts."""
        self.history: Final = History(settings.context_lasts_s, clocks.monotonic)
        self._model = model
        self._home = home
        self._toolboxes = toolboxes
        self._settings = settings
        self._clocks = clocks
        self._news = asyncio.Event()
        self._warming = Warming(model, self._shared)

    async def keep_warm(self) -> None:
        """Tells the model of the home ahead, now and whenever its names or the tools have changed, for ever."""
        async with alongside(self._follow_home()):
            while True:
                await self._news.wait()
                self._news.clear()
                await self._warming.warm_up()

    async def _follow_home(self) -> None:
        async with aclosing(self._home.changes()) as changes:
            async for _ in changes:
                self.retell()

    def retell(self) -> None:
        """There are other names or tools than the model was told of."""
        self._news.set()

    def draft(self, request: Request) -> Draft | None:
        """What the model would be asked now; None where it is not asked ahead."""
        return Draft(self._beginning_of(request, self._tools())) if self._settings.speculate_llm else None

    async def think_ahead(self, draft: Draft) -> None:
        """Makes it, or as much of it as comes before this is cancelled."""
        with self._warming.giving_way():
            await draft.make(self._model.chat)

    async def answer(self, request: Request, draft: Draft | None = None) -> AsyncGenerator[ReplyPart, None]:
        """The reply as it is made, whole or until it is closed; remembered either way. Raises EngineError."""
        tools = self._tools()
        rounds = Rounds(
            draft.instead_of(self._model.chat) if draft else self._model.chat,
            self._beginning_of(request, tools),
            tools,
            request,
            may_act=not is_question(request.text, request.language),
            call_within_s=self._settings.tool_within_s,
        )
        has_failed = False
        try:
            with self._warming.giving_way():
                async with aclosing(rounds.parts()) as parts:
                    async for part in parts:
                        yield part
            if rounds.question:
                yield Said(rounds.question)
        except EngineError:
            has_failed = True
            raise
        finally:
            if rounds.messages or not has_failed:
                self.history.note(request, rounds.messages)
        said = "".join(message.text for message in rounds.messages if message.role == "assistant").strip()
        yield Finished(understood=bool(said), expects_answer=is_marked(said))

    def _beginning_of(self, request: Request, tools: Mapping[str, AgentTool]) -> ChatRequest:
        text = request.text[:MAX_REQUEST_CHARACTERS]
        asked = ChatMessage("user", prompt.told(text, self._situation(request)))
        return self._chat(tools, (*self.history.messages(request), asked))

    def _tools(self) -> Mapping[str, AgentTool]:
        tools: dict[str, AgentTool] = {}
        for toolbox in self._toolboxes:
            for tool in toolbox.tools():
                tools.setdefault(tool.spec.name, tool)
        return tools

    def _chat(self, tools: Mapping[str, AgentTool], messages: Sequence[ChatMessage]) -> ChatRequest:
        system = prompt.prefix(self._settings.persona, self._home.areas(), self._home.entities())
        return ChatRequest(system, tuple(messages), tuple(tool.spec for tool in tools.values()))

    def _shared(self) -> ChatRequest:
        """What all requests share, and next to nothing more."""
        chat = self._chat(self._tools(), [ChatMessage("user", "Hello")])
        return ChatRequest(chat.system, chat.messages, chat.tools, max_tokens=1)

    def _situation(self, request: Request) -> str:
        now, language = self._clocks.local_now(), language_of(request.language).english_name
        notes = [note for toolbox in self._toolboxes for note in toolbox.notes()]
        return prompt.situation(self._home.entities(), now=now, area=request.area, language=language, notes=notes)
