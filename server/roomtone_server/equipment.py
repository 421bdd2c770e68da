"""A server's engines: chosen by its settings, made, and started side by side."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, cast

from roomtone import engines
from roomtone.ears.base import VoiceActivity
from roomtone.engines import Chosen, EngineChoice, Surroundings
from roomtone.errors import EngineMissing
from roomtone_server.engines.base import LanguageModel, SpeechToText, TextToSpeech
from roomtone_server.engines.chains import provider
from roomtone_server.engines.chains.chain import Chain
from roomtone_server.engines.chains.member import Engine
from roomtone_server.engines.chains.provider import Chained, chain_of
from roomtone_server.settings import ServerSettings

_POLYGLOT: Final = EngineChoice("espeak")


@dataclass(frozen=True, slots=True)
class Engines:
    """The engine of each kind, or a chain of them, not yet made."""

    stt: Chosen | Chained
    tts: Chosen | Chained
    llm: Chosen | Chained | None
    vad: Chosen
    home: Chosen
    heard: str  # the language that stt is to hear, or any

    def by_kind(self) -> dict[str, Chosen | Chained]:
        chosen = {"stt": self.stt, "tts": self.tts, "llm": self.llm, "vad": self.vad, "home": self.home}
        return {kind: each for kind, each in chosen.items() if each is not None}


def choose_engines(settings: ServerSettings) -> Engines:
    """Those of the settings. Raises EngineMissing, with what to install."""
    patience_s = settings.patience_s
    return Engines(
        stt=choose_ears(settings),
        tts=choose_voices(settings),
        llm=provider.choose("llm", settings.llm, patience_s.llm) if settings.llm else None,
        vad=engines.choose("vad", settings.vad),
        home=engines.choose("home", settings.home),
        heard=settings.language,
    )


def choose_ears(settings: ServerSettings) -> Chosen | Chained:
    """As `choose_engines`. Where nothing hears several languages, what hears the first one will do."""
    choose = partial(provider.choose, "stt", settings.stt, settings.patience_s.stt)
    try:
        return choose(settings.language)
    except EngineMissing:
        if not settings.detects_language:
            raise
        return choose(settings.first_language)


def choose_voices(settings: ServerSettings) -> Chosen | Chained:
    """As `choose_engines`. Where several languages are spoken, what `auto` takes has espeak behind it, which speaks
    those that it lacks."""
    choose = partial(provider.choose, "tts", patience_s=settings.patience_s.tts, language=settings.first_language)
    is_auto = settings.tts == (EngineChoice(),)
    if settings.detects_language and is_auto and choose(settings.tts).name != _POLYGLOT.engine:
        return choose((*settings.tts, _POLYGLOT))
    return choose(settings.tts)


def language_fault(settings: ServerSettings, stt: Chosen | Chained) -> str | None:
    """Why each turn is in the same language although the settings say otherwise; None when it is as they say."""
    if not settings.detects_language:
        return None
    members = list(stt.members.values()) if isinstance(stt, Chained) else [stt]
    reasons = {member.name: member.spec.unfit(settings.language) for member in members if isinstance(member, Chosen)}
    if not all(reasons.values()):
        return None
    why = "; ".join(f"{name} {reason}" for name, reason in reasons.items())
    return f"`language: {settings.language}` needs a recogniser of several languages: {why}"


@dataclass(frozen=True, slots=True)
class Equipment:
    """What hears, speaks and thinks, made. The home is the mind's, and each session has a voice activity of its own."""

    chosen: Engines
    stt: SpeechToText
    tts: TextToSpeech
    llm: LanguageModel | None
    around: Surroundings

    @property
    def by_kind(self) -> Mapping[str, Engine]:
        made: dict[str, Engine | None] = {"stt": self.stt, "tts": self.tts, "llm": self.llm}
        return {kind: engine for kind, engine in made.items() if engine is not None}

    @property
    def chains(self) -> Mapping[str, Chain[Any]]:
        """By kind, where there is one."""
        return {kind: chain for kind, engine in self.by_kind.items() if (chain := chain_of(engine))}

    def start(self, starting: asyncio.TaskGroup) -> None:
        """Side by side, as tasks of the group; each raises EngineError."""
        for kind, engine in self.by_kind.items():
            starting.create_task(engine.start(), name=f"{kind}: start")

    def make_vad(self) -> VoiceActivity:
        return cast("VoiceActivity", self.chosen.vad.make(self.around))


@asynccontextmanager
async def made(chosen: Engines, around: Surroundings) -> AsyncIterator[Equipment]:
    """The engines, not yet started; closed at the end. Raises EngineError."""
    async with AsyncExitStack() as stack:
        equipment = Equipment(
            chosen,
            chosen.stt.make(replace(around, language=chosen.heard)),
            chosen.tts.make(around),
            chosen.llm.make(around) if chosen.llm else None,
            around,
        )
        for engine in equipment.by_kind.values():
            stack.push_async_callback(engine.close)
        yield equipment
