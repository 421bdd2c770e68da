"""What a voice session needs of the server: its engines, its agent, its trace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from roomtone.ears.base import VoiceActivity
from roomtone_server.agent.base import Agent
from roomtone_server.engines.base import ANY_LANGUAGE, SpeechToText, Transcript
from roomtone_server.languages.language import language_of
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.replies import Replies
from roomtone_server.telemetry.trace import Trace
from roomtone_server.turn.course import TurnSettings
from roomtone_server.turn.endpoint import EndpointSettings

# Whoever makes the parts sets the turn's times, and does not import the turn.
__all__ = ["EndpointSettings", "Parts", "TurnSettings"]


class Attention(Protocol):
    """Who wants to know where somebody talks with a satellite; each that began ends."""

    def talk_began(self, area: str) -> None: ...

    def talk_ended(self, area: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    stt: SpeechToText
    tts: Replies
    make_vad: Callable[[], VoiceActivity]  # each session has its own, since it remembers
    agent: Agent
    hints: Hints
    language: str = "en"  # the house's first
    detects_language: bool = False  # whether each turn is in the language in which it was spoken
    gain: Callable[[], float] = lambda: 1.0  # of the voice, now: what a reply's samples are multiplied by
    one_moment: str = ""  # what is said to who waits long for a reply; empty: nothing
    trace: Trace = field(default_factory=Trace)
    turn: TurnSettings = field(default_factory=TurnSettings)
    attention: Attention | None = None
    faults: dict[str, str] = field(default_factory=dict)  # what failed the last time it was tried, and how

    @property
    def language_to_hear(self) -> str:
        """What a recogniser is asked for."""
        return ANY_LANGUAGE if self.detects_language else self.language

    def language_of_turn(self, heard: Transcript) -> str:
        """The one that was heard, where the house speaks it."""
        known = language_of(heard.language) if self.detects_language and heard.language else None
        return known.code if known is not None and known.phrases is not None else self.language

    def one_moment_in(self, language: str) -> str:
        """What is said to who waits long for a reply in a language."""
        phrases = language_of(language).phrases if self.one_moment else None
        return self.one_moment if phrases is None else phrases.one_moment
