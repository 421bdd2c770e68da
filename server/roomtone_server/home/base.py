"""What a home promises, whichever it is."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from roomtone.engines import EngineSettings
from roomtone_server.grammar.vocabulary import Vocabulary

# What may need a "yes": unlocking a lock, opening a garage door or a gate, disarming an alarm.
Guarded = Literal["unlock", "garage", "alarm"]


class HomeSettings(EngineSettings):
    """The base of each home's settings. `confirm`: what asks back first, since any voice reaches a microphone."""

    confirm: tuple[Guarded, ...] = ("unlock", "garage", "alarm")


@dataclass(frozen=True, slots=True)
class Floor:
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    name: str
    aliases: tuple[str, ...] = ()
    floor: Floor | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity and its state now. Attribute names are Home Assistant's: `brightness` 0 to 255, `rgb_color`,
    `temperature`, `current_temperature`, `current_position`, `volume_level` 0 to 1, `items`."""

    id: str
    name: str
    state: str
    area: str | None = None
    aliases: tuple[str, ...] = ()
    device_class: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One service on one entity, named as Home Assistant names it: `light.turn_on`."""

    service: str
    entity: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """The command that a call carries out: its intent, named as Home Assistant names it, and what else was said.
    `slots` may say which entities were meant; of those, the call is one."""

    intent: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    area: str | None = None  # where the speaker stands
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Conversed:
    """What a home's own agent made of a text."""

    text: str
    understood: bool
    conversation: str  # its id; the next text of the same conversation goes with it
    expects_answer: bool = False


class Talker(Protocol):
    """The conversation agent that a home brings along."""

    async def foresee(self, text: str, language: str) -> Sequence[ServiceCall]:
        """What it would do with locks, covers and alarms, as far as it tells. Reads only. Raises HomeError."""

    async def converse(self, text: str, language: str, conversation: str) -> Conversed:
        """Lets it act and answer. `conversation` is empty for a new one. Raises HomeError."""


class Home(Protocol):
    """Started and closed by the same task."""

    async def start(self) -> None:
        """Loads, or connects as far as that is possible now: see `fault`. Raises HomeError, whose message names what to
        mend."""

    def fault(self) -> str | None:
        """Why it cannot be reached now, and what to do; its states are then those of before. None while all is well."""

    def talker(self) -> Talker | None:
        """Who answers what is no command of ours, where the home's owner wants that."""

    def areas(self) -> Sequence[Area]: ...

    def entities(self) -> Sequence[Entity]:
        """Every entity that may be spoken of, with its state now; never waits."""

    def area_of_device(self, device: str) -> str | None:
        """The name of the area where a device of the home's own stands, by its id there; None when nobody knows."""

    async def administrators(self) -> frozenset[str]:
        """The ids of those of its users who may do everything; of a home without users, nobody's. Raises HomeError."""

    async def call(self, call: ServiceCall, order: Order | None = None) -> None:
        """Done when the home has taken the new state. A home that knows by itself what the intent of an order means for
        the call's entity does that instead. Raises HomeError: unknown entity, unknown service, bad data; HomeGone."""

    def changes(self) -> AsyncGenerator[Vocabulary, None]:
        """The words of the home: once now, then again whenever a name, alias or area has changed."""

    def states(self) -> AsyncGenerator[Sequence[Entity], None]:
        """Entities whose state or attributes change from now on, as they are then; for ever."""

    async def close(self) -> None:
        """Idempotent; nothing that `call` promised is lost."""
