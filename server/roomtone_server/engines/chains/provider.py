"""What provides one kind of engine: the one that the settings name, or a chain of several."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from roomtone import engines
from roomtone.engines import Chosen, EngineChoice, Kind, Surroundings
from roomtone.errors import EngineMissing
from roomtone_server.engines.chains.chain import Chain
from roomtone_server.engines.chains.llm import LlmChain
from roomtone_server.engines.chains.stt import SttChain
from roomtone_server.engines.chains.tts import TtsChain

_CHAINS: Final[Mapping[Kind, Callable[..., Any]]] = {"stt": SttChain, "tts": TtsChain, "llm": LlmChain}


@dataclass(frozen=True, slots=True)
class Chained:
    """The engines that several choices led to, in their order. One that cannot work here fails to start, each time
    that the chain tries."""

    kind: Kind
    members: Mapping[str, Chosen | EngineMissing]  # by names of their own
    patience_s: float

    @property
    def name(self) -> str:
        return ", ".join(self.members)

    @property
    def why(self) -> str:
        return "named in the settings, in this order"

    def make(self, surroundings: Surroundings) -> Any:  # noqa: ANN401 - as `Chosen.make`
        """A chain, behind the Protocol of its kind."""
        makers = {name: partial(_made, member, surroundings) for name, member in self.members.items()}
        return _CHAINS[self.kind](makers, self.patience_s)


def choose(kind: Kind, choices: Sequence[EngineChoice], patience_s: float, language: str = "en") -> Chosen | Chained:
    """The engine for the only choice, or a chain for several: stt, tts, llm; of a house of that language. Raises
    EngineMissing when none of them can work here; SettingsError."""
    if len(choices) == 1:
        return engines.choose(kind, choices[0], language)
    members: dict[str, Chosen | EngineMissing] = {}
    for choice in choices:
        member = _chosen(kind, choice, language)
        members[_own_name(member.name if isinstance(member, Chosen) else choice.engine, members)] = member
    missing = [str(member) for member in members.values() if isinstance(member, EngineMissing)]
    if len(missing) == len(members):
        raise EngineMissing("; ".join(missing))
    return Chained(kind, members, patience_s)


def chain_of(engine: object) -> Chain[Any] | None:
    """The chain behind an engine; None where there is no other to take over."""
    return engine.chain if isinstance(engine, SttChain | TtsChain | LlmChain) else None


def _chosen(kind: Kind, choice: EngineChoice, language: str) -> Chosen | EngineMissing:
    try:
        return engines.choose(kind, choice, language)
    except EngineMissing as problem:
        return problem


def _made(member: Chosen | EngineMissing, surroundings: Surroundings) -> Any:  # noqa: ANN401 - as `Chosen.make`
    if isinstance(member, EngineMissing):
        raise EngineMissing(str(member))
    return member.make(surroundings)


def _own_name(name: str, taken: Mapping[str, object]) -> str:
    """The engine's, with a number where it is not the first of that name."""
    number = sum(each.partition(" ")[0] == name for each in taken)
    return f"{name} {number + 1}" if number else name
