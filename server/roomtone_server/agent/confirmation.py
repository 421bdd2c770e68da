"""What asks back before it acts, and the questions that stand open."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from roomtone_server.agent.base import Request
from roomtone_server.home.base import Entity, Guarded, ServiceCall

# Each conversation may leave a question open; what makes up new ones all day must not fill the memory.
MAX_OPEN_QUESTIONS: Final = 64

_GARAGE_CLASSES: Final = frozenset({"garage", "gate"})


@dataclass(frozen=True, slots=True)
class GuardedCall:
    guarded: Guarded
    entity: Entity


def guarded_calls(
    calls: Sequence[ServiceCall], entities: Mapping[str, Entity], guarded: Collection[Guarded]
) -> Sequence[GuardedCall]:
    """Those of the calls that need a "yes". Decided here, from the call itself, so that no handler can forget it."""
    found = ((kind_of(call, entities[call.entity]), call) for call in calls if call.entity in entities)
    return [GuardedCall(kind, entities[call.entity]) for kind, call in found if kind is not None and kind in guarded]


def kind_of(call: ServiceCall, entity: Entity) -> Guarded | None:
    """Which guard a call falls under; None for one that may always be made."""
    match call.service.split("."):
        case ["lock", "unlock" | "open"]:
            return "unlock"
        case ["alarm_control_panel", "alarm_disarm"]:
            return "alarm"
        case ["cover", service] if entity.device_class in _GARAGE_CLASSES:
            opens = service in {"open_cover", "toggle"} or call.data.get("position", 0) > 0
            return "garage" if opens else None
        case _:
            return None


Q = TypeVar("Q")


@dataclass(frozen=True, slots=True)
class _Open(Generic[Q]):
    question: Q
    until: float


class OpenQuestions(Generic[Q]):
    """At most one per conversation and satellite, for a limited time."""

    def __init__(self, within_s: float, monotonic: Callable[[], float]) -> None:
        self._within_s = within_s
        self._monotonic = monotonic
        self._open: dict[tuple[str, str], _Open[Q]] = {}

    def ask(self, request: Request, question: Q) -> None:
        """Leaves a question open; beyond the limit, the oldest one is dropped."""
        while len(self._open) >= MAX_OPEN_QUESTIONS:
            del self._open[next(iter(self._open))]
        self._open[_key(request)] = _Open(question, self._monotonic() + self._within_s)

    def find(self, request: Request) -> Q | None:
        """The question that this request may answer."""
        found = self._open.get(_key(request))
        return found.question if found is not None and self._monotonic() <= found.until else None

    def close(self, request: Request) -> Q | None:
        """The question that this request could have answered; it is open no more."""
        question = self.find(request)
        self._open.pop(_key(request), None)
        return question


def _key(request: Request) -> tuple[str, str]:
    return request.conversation, request.satellite
