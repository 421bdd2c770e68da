"""The languages that an agent understands and answers in, at the same time."""

import asyncio
from collections.abc import Collection
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.planning import Command
from roomtone_server.agent.responses import Responses, responses_of
from roomtone_server.agent.understanding import Understanding, parse_sentences
from roomtone_server.home.base import Home
from roomtone_server.home.names import Words
from roomtone_server.languages.language import MAX_AT_HAND, language_of


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language, spoken of one home."""

    language: str
    responses: Responses
    understanding: Understanding
    words: Words

    @classmethod
    def of(cls, language: str, home: Home, cache: Path | None) -> Self:
        """Made and warm, which takes a second, or a tenth of it with the cache of an earlier start. Raises EngineError
        for a language without templates."""
        understanding = Understanding(parse_sentences(language, frozenset(HANDLERS), cache))
        tongue = cls(language, responses_of(language), understanding, Words(language))
        for text in language_of(language).warm_up[:1]:
            tongue.understand(text, home, None)
        return tongue

    def understand(self, text: str, home: Home, area: str | None, subject: Collection[str] = ()) -> Command | None:
        """As `Understanding.understand`, with the names that the home has now."""
        self.understanding.learn(self.words.of(home.areas(), home.entities()))
        return self.understanding.understand(text, area, subject)


class Tongues:
    """The house's first language, and others from when they are first spoken; beyond MAX_AT_HAND, the one that was
    silent longest is given up."""

    def __init__(self, first: str, home: Home, executor: Executor | None, cache: Path | None = None) -> None:
        """`executor` is where they are made, None being the loop's own; `cache` is a private folder, which the next
        start finds them in."""
        self._first = first
        self._home = home
        self._executor = executor
        self._cache = cache
        self._at_hand: dict[str, Tongue] = {}  # the one spoken last stands last

    async def learn(self, language: str) -> Tongue:
        """Waits for it where it is new. Raises EngineError for a language without templates."""
        tongue = self._at_hand.get(language)
        if tongue is None:
            loop = asyncio.get_running_loop()
            tongue = await loop.run_in_executor(self._executor, Tongue.of, language, self._home, self._cache)
        self._at_hand.pop(language, None)
        self._at_hand[language] = tongue
        while len(self._at_hand) > MAX_AT_HAND:
            del self._at_hand[next(each for each in self._at_hand if each != self._first)]
        return tongue

    def __getitem__(self, language: str) -> Tongue:
        """The language, or the first one where it is not at hand."""
        return self._at_hand.get(language) or self._at_hand[self._first]
