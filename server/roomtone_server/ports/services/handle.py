"""The agent: what was said is done and answered (`handle`), or only understood (`intent`).

Home Assistant sends a `transcript` for both; which of the two it gets is the setting's choice. A `recognize` is always
only understood.
"""

from collections.abc import Callable
from contextlib import aclosing
from typing import Annotated, Final

from pydantic import BaseModel, Field
from wyoming.event import Event
from wyoming.handle import Handled, NotHandled
from wyoming.intent import Entity, Intent, IntentsStart, IntentsStop, NotRecognized

from roomtone_server.agent.base import Agent, Finished, Request, Said
from roomtone_server.languages.codes import best_code
from roomtone_server.languages.language import languages
from roomtone_server.ports.services.clients import Clients
from roomtone_server.ports.services.exchange import Exchange, Refused, understood
from roomtone_server.runtime.anticipation import Anticipation

# Those that Home Assistant knows how to carry out are called so.
_KNOWN_TO_ALL: Final = "Hass"

Id = Annotated[str, Field(max_length=128)]


class _Context(BaseModel):
    conversation_id: Id = ""
    device_id: Id = ""


class _Said(BaseModel):
    text: Annotated[str, Field(max_length=2000)]
    language: Id | None = None
    context: _Context | None = None


class Handle:
    """Serves `transcript` and `recognize`."""

    def __init__(
        self,
        agent: Agent,
        anticipation: Anticipation,
        clients: Clients,
        language: str,
        area_of: Callable[[str], str | None],
        *,
        only_understands: bool,
    ) -> None:
        """`area_of` tells where a device of the home stands; `only_understands`: a `transcript` too."""
        self._agent = agent
        self._anticipation = anticipation
        self._clients = clients
        self._language = language
        self._area_of = area_of
        self._only_understands = only_understands

    async def transcript(self, exchange: Exchange, event: Event) -> None:
        """Does what was said and answers, or understands it. Raises Refused, RoomtoneError, LinkError."""
        await (self.recognize(exchange, event) if self._only_understands else self._handle(exchange, event))

    async def recognize(self, exchange: Exchange, event: Event) -> None:
        """Tells which intent it was; nothing happens. Raises as above."""
        prepared = await self._agent.prepare(self._request(exchange, event))
        found = [prepared.intent, *prepared.further] if prepared.intent else []
        if not found or not all(intent.name.startswith(_KNOWN_TO_ALL) for intent in found):
            exchange.send(NotRecognized(prepared.reply if not found else None).event())
            return
        several = len(found) > 1
        if several:
            exchange.send(IntentsStart().event())
        for intent in found:
            slots = [Entity(name, value) for name, value in intent.slots.items()]
            exchange.send(Intent(intent.name, slots).event())
        if several:
            exchange.send(IntentsStop().event())

    async def _handle(self, exchange: Exchange, event: Event) -> None:
        request = self._request(exchange, event)
        voice = self._clients.of(exchange.host).voice
        reply, finished = "", Finished(understood=False)
        prepared = await self._anticipation.claim(request)
        async with aclosing(self._agent.commit(prepared)) as parts:
            async for part in parts:
                match part:
                    case Said(text):
                        reply += text
                    case Finished():
                        finished = part
        if reply:  # it will be wanted as audio in a moment
            self._anticipation.speak_ahead(reply, request.language, voice)
        answer = Handled(reply) if finished.understood else NotHandled(reply)
        exchange.send(answer.event())

    def _request(self, exchange: Exchange, event: Event) -> Request:
        said = understood(event, _Said)
        language = self._language
        if said.language and said.language != language:
            known = [each.code for each in languages() if each.phrases]
            found = best_code(known, said.language)
            if found is None:
                raise Refused(f"{said.language!r} is not understood here", "unknown-language")
            language = found
        context, client = said.context or _Context(), self._clients.of(exchange.host)
        client.area = self._area_of(context.device_id) if context.device_id else None
        conversation = client.conversation(context.conversation_id)
        return Request(said.text, language, area=client.area, conversation=conversation)
