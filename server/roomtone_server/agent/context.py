"""What each conversation is about, so that "it" means something in its next command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from roomtone_server.agent.base import Request
from roomtone_server.agent.planning import Plan
from roomtone_server.home.base import ServiceCall

# What makes up new conversations all day must not fill the memory.
MAX_CONVERSATIONS: Final = 64

# To ask what they tell changes no subject: "what's the weather" ... "turn it off" still means the light.
_ONLY_TELL: Final = frozenset({"binary_sensor", "person", "sensor", "weather"})


def subject_of(plan: Plan, made: Sequence[ServiceCall]) -> Sequence[str]:
    """The ids of the entities that were acted upon; of a question, those that its answer names."""
    if plan.calls:
        return [call.entity for call in made]
    reply = plan.reply
    asked = reply.matched or reply.unmatched or ([reply.state] if reply.state else [])
    return [entity.id for entity in asked if entity.domain not in _ONLY_TELL]


@dataclass(frozen=True, slots=True)
class _Subject:
    entities: Sequence[str]
    until: float


class Context:
    """The subject of each conversation, until there was silence for so long. A request of none has no context."""

    def __init__(self, lasts_s: float, monotonic: Callable[[], float]) -> None:
        self._lasts_s = lasts_s
        self._monotonic = monotonic
        self._subjects: dict[str, _Subject] = {}

    def subject(self, request: Request) -> Sequence[str]:
        """The ids of the entities that the conversation is about; empty when it is about none."""
        found = self._subjects.get(request.conversation)
        return found.entities if found is not None and self._monotonic() <= found.until else ()

    def note(self, request: Request, entities: Sequence[str]) -> None:
        """Takes note of a turn. One that is about nothing leaves the subject, and breaks the silence; beyond the limit,
        the conversation that was silent longest is forgotten."""
        entities = entities or self.subject(request)
        self._subjects.pop(request.conversation, None)
        if not entities or not request.conversation:
            return
        while len(self._subjects) >= MAX_CONVERSATIONS:
            del self._subjects[next(iter(self._subjects))]
        self._subjects[request.conversation] = _Subject(entities, self._monotonic() + self._lasts_s)
