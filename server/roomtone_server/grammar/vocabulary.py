"""The words of one home, as the recogniser and the intents need them: plain, hashable, ready to be sent elsewhere."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedThing:
    """An entity that can be spoken of. The id carries the domain, as in Home Assistant: `light.kitchen_ceiling`."""

    id: str
    names: tuple[str, ...]  # its name first, then its aliases
    area: str | None = None  # the area's name
    device_class: str | None = None

    @property
    def domain(self) -> str:
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class NamedArea:
    names: tuple[str, ...]  # its name first, then its aliases


@dataclass(frozen=True, slots=True)
class NamedFloor:
    names: tuple[str, ...]  # likewise


@dataclass(frozen=True, slots=True)
class Vocabulary:
    language: str = "en"
    areas: tuple[NamedArea, ...] = ()
    things: tuple[NamedThing, ...] = ()
    floors: tuple[NamedFloor, ...] = ()
