"""What is no command of ours goes to the agent that the home brings along, if its owner wants that."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from roomtone.errors import HomeError
from roomtone_server.agent.base import Agent, Due, Finished, Prepared, ReplyPart, Request, Said
from roomtone_server.agent.clocks import SYSTEM_CLOCKS, Clocks
from roomtone_server.agent.confirmation import OpenQuestions
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.ready import Ready
from roomtone_server.agent.recent import Recent
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.home.base import Home, Talker

_LOGGER: Final = logging.getLogger(__name__)

_FORGETS: Final = "RoomtoneForgetConversation"


@dataclass(frozen=True, slots=True)
class _Referral:
    """A request that is the home's."""

    request: Request  # whose text it is asked: after a "yes", that which was asked about
    instead: Prepared  # what is said if it does not understand either
    confirmed: bool = False


class Referring:
    """A `base.Agent` around another. The home's agent is asked after commit only, since it acts, and what asks back
    before it is done does so for it too."""

    def __init__(
        self,
        inner: Agent,
        intents: IntentAgent,
        home: Home,
        talker: Talker,
        settings: AgentSettings,
        clocks: Clocks = SYSTEM_CLOCKS,
    ) -> None:
        """`intents` are what understands commands in `inner`, or are `inner`."""
        self._inner = inner
        self._intents = intents
        self._home = home
        self._talker = talker
        self._questions: OpenQuestions[Request] = OpenQuestions(settings.confirm_within_s, clocks.monotonic)
        self._conversations: Recent[str] = Recent(settings.context_lasts_s, clocks.monotonic)  # the home's ids of them

    async def start(self) -> None:
        await self._inner.start()

    async def prepare(self, request: Request) -> Prepared:
        understood = await self._intents.prepare(request)
        name = understood.intent.name if understood.intent else None
        asked = self._questions.find(request)
        if name == "RoomtoneYes" and asked is not None:
            return _referred(request, _Referral(asked, understood, confirmed=True))
        ready: Ready = understood.payload
        if ready.understood or self._home.fault() or not request.text.strip():
            return await self._inner.prepare(request)
        return _referred(request, _Referral(request, await self._inner.prepare(request)))

    async def think_ahead(self, prepared: Prepared) -> None:
        if not isinstance(prepared.payload, _Referral):
            await self._inner.think_ahead(prepared)

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        self._questions.close(prepared.request)
        referral = prepared.payload
        if prepared.intent is not None and prepared.intent.name == _FORGETS:
            self._conversations.forget(_key(prepared.request))
        parts = self._refer(prepared.request, referral) if isinstance(referral, _Referral) else None
        async with aclosing(parts or self._inner.commit(prepared)) as said:
            async for part in said:
                yield part

    async def _refer(self, request: Request, referral: _Referral) -> AsyncGenerator[ReplyPart, None]:
        try:
            text, is_question = await self._answer(request, referral)
        except HomeError as problem:
            _LOGGER.warning("the home's own agent was of no use")
            _LOGGER.debug("because %s", problem)  # it may hold what was said
            text, is_question = self._intents.why_not(request, problem), False
        if not text:
            async with aclosing(self._inner.commit(referral.instead)) as said:
                async for part in said:
                    yield part
            return
        self._intents.leave_to_others(request)
        self._intents.note_reply(request, text)
        yield Said(text)
        yield Finished(understood=True, expects_answer=is_question)

    async def _answer(self, request: Request, referral: _Referral) -> tuple[str, bool]:
        """What is said, and whether it is a question; nothing where nobody understands. Raises HomeError."""
        text, language = referral.request.text, request.language
        if not referral.confirmed:
            question = self._intents.question(request, await self._talker.foresee(text, language))
            if question:
                self._questions.ask(request, request)
                return question, True
        key = _key(request)
        answer = await self._talker.converse(text, language, self._conversations.find(key) or "")
        self._conversations.note(key, answer.conversation)
        return (answer.text, answer.expects_answer) if answer.understood else ("", False)

    async def due(self) -> AsyncGenerator[Due, None]:
        async with aclosing(self._inner.due()) as dues:
            async for due in dues:
                yield due

    async def close(self) -> None:
        await self._inner.close()


def _referred(request: Request, referral: _Referral) -> Prepared:
    return Prepared(request, intent=None, speculative=False, payload=referral)


def _key(request: Request) -> str:
    """A conversation in one language, at one place; empty for what belongs to none."""
    place = request.conversation or request.satellite
    return f"{place}/{request.language}" if place else ""
