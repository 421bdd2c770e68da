"""What each conversation is about, so that its next command may say "it", or only what is different."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from roomtone_server.agent.base import Request
from roomtone_server.agent.planning import Command, Plan
from roomtone_server.home.base import ServiceCall

# What makes up new conversations all day must not fill the memory.
MAX_CONVERSATIONS: Final = 64

# To ask what they tell changes no subject: "what's the weather" ... "turn it off" still means the light.
_ONLY_TELL: Final = frozenset({"binary_sensor", "person", "sensor", "weather"})

# Who named one of these, and asks for the same in an area, means all that are there; not so of doors.
_ALIKE: Final = frozenset({"fan", "light"})


def subject_of(plan: Plan, made: Sequence[ServiceCall]) -> Sequence[str]:
    """The ids of the entities that were acted upon; of a question, those that its answer names."""
    if plan.calls:
        return [call.entity for call in made]
    reply = plan.reply
    asked = reply.matched or reply.unmatched or ([reply.state] if reply.state else [])
    return [entity.id for entity in asked if entity.domain not in _ONLY_TELL]


def elsewhere(last: Command, said: Command) -> Command | None:
    """The last command, said of the area or the name in "what about the kitchen"; None when it cannot be meant so."""
    domain = last.name_domain or last.values.get("domain")
    if "name" in said.values:
        fits, slot = said.name_domain == domain, "name"
    else:
        fits, slot = "area" in last.values or domain in _ALIKE, "area"
    if not fits:
        return None
    kind = {} if domain is None else {"domain": domain}
    return replace(
        last,
        values={**kind, **_without_place(last.values), slot: said.values[slot]},
        spoken={**_without_place(last.spoken), slot: said.spoken[slot]},
        name_domain=said.name_domain,
        area_is_context=False,
        referents=None,
    )


def _without_place(slots: Mapping[str, Any]) -> Mapping[str, Any]:
    return {slot: value for slot, value in slots.items() if slot not in {"name", "area", "floor"}}


@dataclass(frozen=True, slots=True)
class _Subject:
    entities: Sequence[str]
    command: Command | None
    until: float


class Context:
    """The subject of each conversation, until there was silence for so long. A request of none has no context."""

    def __init__(self, lasts_s: float, monotonic: Callable[[], float]) -> None:
        self._lasts_s = lasts_s
        self._monotonic = monotonic
        self._subjects: dict[str, _Subject] = {}

    def subject(self, request: Request) -> Sequence[str]:
        """The ids of the entities that the conversation is about; empty when it is about none."""
        found = self._find(request)
        return () if found is None else found.entities

    def command(self, request: Request) -> Command | None:
        """The last command of the conversation that could be said of another area or name."""
        found = self._find(request)
        return None if found is None else found.command

    def note(self, request: Request, entities: Sequence[str] = (), command: Command | None = None) -> None:
        """Takes note of a turn. One that is about nothing leaves the subject, and breaks the silence; beyond the limit,
        the conversation that was silent longest is forgotten."""
        entities = entities or self.subject(request)
        if command is None or command.values.keys().isdisjoint({"area", "name"}):
            command = self.command(request)
        self._subjects.pop(request.conversation, None)
        if not request.conversation or not (entities or command):
            return
        while len(self._subjects) >= MAX_CONVERSATIONS:
            del self._subjects[next(iter(self._subjects))]
        self._subjects[request.conversation] = _Subject(entities, command, self._monotonic() + self._lasts_s)

    def forget(self, request: Request) -> None:
        """The conversation is about nothing."""
        self._subjects.pop(request.conversation, None)

    def _find(self, request: Request) -> _Subject | None:
        found = self._subjects.get(request.conversation)
        return found if found is not None and self._monotonic() <= found.until else None
