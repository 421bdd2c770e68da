"""The agent of a home with a language model: who answers what."""

import logging
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from roomtone.errors import EngineError
from roomtone_server.agent.base import Acted, Due, Finished, Prepared, ReplyPart, Request, Said
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.ready import Ready
from roomtone_server.agent.responses import responses_of
from roomtone_server.agent.settings import Order
from roomtone_server.agent.thinking.draft import Draft
from roomtone_server.agent.thinking.thinker import Thinker
from roomtone_server.engines.base import ChatMessage
from roomtone_server.languages.language import language_of

_LOGGER: Final = logging.getLogger(__name__)

# Answers to a question that the intents asked; where they asked none, the model may have.
_ANSWERS: Final = frozenset({"RoomtoneYes", "RoomtoneNo"})
# What only the intents can do: a model knows no way to end a turn, or to take back what was done in the one before.
_FORGETS: Final = "RoomtoneForgetConversation"
_OF_INTENTS: Final = frozenset({"HassNevermind", "RoomtoneRepeat", "RoomtoneUndo", _FORGETS})

FAULT: Final = "llm"


@dataclass(frozen=True, slots=True)
class _Thought:
    """A request that is the model's."""

    instead: Prepared  # what the intents would do
    draft: Draft | None  # what the model says to it ahead; None: it is not asked


class Assistant:
    """A `base.Agent`: commands are the intents', the rest is the model's; or the other way round. What both say and do
    is one conversation."""

    def __init__(self, intents: IntentAgent, thinker: Thinker, order: Order, faults: MutableMapping[str, str]) -> None:
        """In `faults` stands what is wrong with the model, while it is."""
        self._intents = intents
        self._thinker = thinker
        self._order = order
        self._faults = faults

    async def start(self) -> None:
        await self._intents.start()

    async def prepare(self, request: Request) -> Prepared:
        """Asks the intents only. What is the model's carries what it would be asked, if it may be asked ahead."""
        prepared = await self._intents.prepare(request)
        if self._is_for_intents(prepared):
            return prepared
        thought = _Thought(prepared, self._thinker.draft(request))
        return Prepared(request, intent=None, speculative=False, payload=thought)

    async def think_ahead(self, prepared: Prepared) -> None:
        if isinstance(prepared.payload, _Thought) and prepared.payload.draft is not None:
            await self._thinker.think_ahead(prepared.payload.draft)

    def _is_for_intents(self, prepared: Prepared) -> bool:
        ready: Ready = prepared.payload
        name = prepared.intent.name if prepared.intent else None
        said = prepared.request.text.casefold().strip(" .!")
        if not said or name in _OF_INTENTS or said in language_of(prepared.request.language).at_once:
            return True
        if name in _ANSWERS:
            return self._intents.has_asked(prepared.request) or not self._thinker.history.messages(prepared.request)
        return self._order == "intents-first" and ready.understood and not (ready.lacks_context or ready.recalled)

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        request = prepared.request
        if request.cut_short is not None:
            self._thinker.history.cut_short(request)
        thought = prepared.payload
        parts = self._think(request, thought) if isinstance(thought, _Thought) else self._obey(prepared)
        async with aclosing(parts):
            async for part in parts:
                yield part

    async def _obey(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        """The intents answer; the model learns what they said, and what it was about."""
        said = ""
        try:
            async with aclosing(self._intents.commit(prepared)) as parts:
                async for part in parts:
                    said += part.text if isinstance(part, Said) else ""
                    yield part
        finally:
            if prepared.intent is not None and prepared.intent.name == _FORGETS:
                self._thinker.history.forget(prepared.request)
            elif prepared.request.text.strip():
                self._thinker.history.note(prepared.request, [ChatMessage("assistant", said)] if said else [])

    async def _think(self, request: Request, thought: _Thought) -> AsyncGenerator[ReplyPart, None]:
        """The model answers. Where it fails before its first word, what the intents understood is done instead."""
        begun = False
        self._intents.leave_to_others(request)
        try:
            async with aclosing(self._said_and_done(request, thought.draft)) as parts:
                async for part in parts:
                    begun = True
                    yield part
        except EngineError as problem:
            _LOGGER.warning("the language model failed: %s", problem)
            self._faults[FAULT] = str(problem)
        else:
            self._faults.pop(FAULT, None)
            return
        ready: Ready = thought.instead.payload
        if begun or not ready.understood:
            apology = responses_of(request.language).phrase("model_failed")
            yield Said(f" {apology}" if begun else apology)
            yield Finished(understood=False)
            return
        async with aclosing(self._obey(thought.instead)) as obeyed:
            async for part in obeyed:
                yield part

    async def _said_and_done(self, request: Request, draft: Draft | None) -> AsyncGenerator[ReplyPart, None]:
        """What the model says and does; a word where it has none. It can be said again, as far as it was said."""
        said, acted = "", False
        try:
            async with aclosing(self._thinker.answer(request, draft)) as parts:
                async for part in parts:
                    said += part.text if isinstance(part, Said) else ""
                    acted = acted or isinstance(part, Acted)
                    if isinstance(part, Finished) and not part.understood:
                        yield Said(responses_of(request.language).phrase("done" if acted else "no_answer"))
                        part = Finished(understood=acted)  # noqa: PLW2901 - to act without a word is an answer
                    yield part
        finally:
            if said:
                self._intents.note_reply(request, said)

    async def due(self) -> AsyncGenerator[Due, None]:
        async with aclosing(self._intents.due()) as dues:
            async for due in dues:
                yield due

    async def close(self) -> None:
        await self._intents.close()
