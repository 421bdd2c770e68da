"""Engines: found by entry point, chosen by the settings, imported only when they are needed.

An engine is one file with its settings model beside it. Its entry point, in the group `roomtone.<kind>`, names an
`EngineSpec`; the file imports without its heavy library, which `make` brings in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from roomtone.declared import declared
from roomtone.errors import EngineMissing, SettingsError

Kind = Literal["stt", "tts", "llm", "wake", "vad", "echo", "home", "tools"]
AUTO: Final = "auto"


class EngineSettings(BaseModel):
    """The base of each engine's settings: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=EngineSettings)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process gives to each engine that it makes."""

    state: Path  # kept; small
    cache: Path  # may be deleted at any time; large
    language: str = "en"


@dataclass(frozen=True, slots=True)
class ModelWanted:
    """A model that an engine needs: by its name, or, without one, the best for a language."""

    kind: str  # "piper"
    name: str = ""
    language: str = ""


def _wants_none(_settings: EngineSettings, _surroundings: Surroundings) -> Sequence[ModelWanted]:
    return ()


def _fits_any(_language: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class EngineSpec(Generic[S, T]):
    """One engine, before it is made.

    `missing` is cheap and imports nothing heavy: None when the engine can work here, else one sentence that says what
    to do. Of the engines that can, `auto` takes the one of highest `rank`; those that need settings, or send what they
    are given to another machine, are not `auto`: they are named or not used. An engine that needs models looks only at
    those that are installed, as cheaply: `auto` passes it over where `unfit` says, as `missing` does, that none of them
    is for the house's language; `lacks` tells those of its settings without which it will not start.
    """

    name: str
    settings: type[S]
    make: Callable[[S, Surroundings], T]
    missing: Callable[[], str | None]
    rank: int = 0
    auto: bool = True
    unfit: Callable[[str], str | None] = _fits_any
    lacks: Callable[[S, Surroundings], Sequence[ModelWanted]] = _wants_none


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What the settings say of one kind of engine: `auto`, or a name and the engine's own options."""

    engine: str = AUTO
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The engine that a choice led to, its validated settings, and why it was this one."""

    spec: EngineSpec[Any, Any]
    settings: EngineSettings
    why: str

    @property
    def name(self) -> str:
        return self.spec.name

    def make(self, surroundings: Surroundings) -> Any:  # noqa: ANN401 - each kind has its own Protocol; its caller knows which
        """The engine itself. Raises EngineError when it cannot be made after all."""
        return self.spec.make(self.settings, surroundings)


def names(kind: Kind) -> list[str]:
    """Every engine of a kind that some installed distribution declares, sorted; none is imported."""
    return sorted({point.name for point in declared(entry_points, f"roomtone.{kind}")})


def load(kind: Kind, name: str) -> EngineSpec[Any, Any]:
    """The spec of one engine. Raises EngineMissing when no such engine is declared or its file does not import."""
    points = declared(entry_points, f"roomtone.{kind}").select(name=name)
    if not points:
        known = ", ".join([AUTO, *names(kind)])
        raise EngineMissing(f"there is no {kind} engine named {name!r}; known are: {known}")
    try:
        spec = next(iter(points)).load()
    except ImportError as problem:
        raise EngineMissing(f"the {kind} engine {name!r} cannot be imported: {problem}") from problem
    if not isinstance(spec, EngineSpec):
        raise EngineMissing(f"the {kind} engine {name!r} is broken: its entry point is not an EngineSpec")
    return spec


def choose(kind: Kind, choice: EngineChoice, language: str = "en") -> Chosen:
    """The engine for a choice: the named one, or for `auto` the best that can work here, in a house of that language.

    Raises EngineMissing, with each candidate's remedy, when there is none; SettingsError for options that it refuses.
    """
    if choice.engine != AUTO:
        spec = load(kind, choice.engine)
        if remedy := spec.missing():
            raise EngineMissing(f"the {kind} engine {choice.engine!r} cannot work here: {remedy}")
        return Chosen(spec, _validated(kind, spec, choice), "named in the settings")
    specs, remedies = _declared(kind)
    for spec in sorted((spec for spec in specs if spec.auto), key=lambda spec: -spec.rank):
        if remedy := spec.missing() or spec.unfit(language):
            remedies.append(f"{spec.name}: {remedy}")
            continue
        passed_over = f"; passed over {'; '.join(remedies)}" if remedies else ""
        return Chosen(spec, _validated(kind, spec, choice), f"the best that works here{passed_over}")
    raise EngineMissing(f"no {kind} engine can work here: {'; '.join(remedies) or 'none is installed'}")


def _declared(kind: Kind) -> tuple[list[EngineSpec[Any, Any]], list[str]]:
    """Each engine that imports, and why the others do not: one that is broken does not take the rest with it."""
    specs, remedies = [], []
    for name in names(kind):
        try:
            specs.append(load(kind, name))
        except EngineMissing as problem:
            remedies.append(str(problem))
    return specs, remedies


def _validated(kind: Kind, spec: EngineSpec[Any, Any], choice: EngineChoice) -> EngineSettings:
    try:
        settings = spec.settings.model_validate(choice.options)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in (kind, *first["loc"]))
        raise SettingsError(f"{where}: {first['msg']} (engine {spec.name})") from problem
    assert isinstance(settings, EngineSettings)
    return settings
