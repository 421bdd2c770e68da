"""Two recognisers on the same utterance: one that knows the home's sentences, and an open one for what is none of them.

    stt: {engine: cascade, grammar: pocketsphinx, open: {engine: faster-whisper, model: small}}

A command that the first is sure of, and that sounds finished, is the transcript at once. What it turns down, the open
one hears from the beginning: until then it costs nothing, and is told nothing. One that fails is stood in for.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field, field_validator

from roomtone import engines
from roomtone.engines import AUTO, EngineChoice, EngineSettings, EngineSpec, ModelWanted, Surroundings
from roomtone.errors import EngineError, LanguageMissing
from roomtone.settings import EngineOf
from roomtone_server.engines.base import Hearing, HearingRequest, Partial, SpeechToText, Transcript
from roomtone_server.engines.stt import faster_whisper, pocketsphinx
from roomtone_server.engines.stt.services import MAX_UTTERANCE_BYTES, ended
from roomtone_server.grammar.vocabulary import Vocabulary

NAME: Final = "cascade"
# The open engines that work on this machine; the others have one of their own.
LOCAL: Final = frozenset({faster_whisper.NAME})

_LOGGER = logging.getLogger(__name__)

Ask = Callable[[Hearing], Awaitable[Transcript]]


class CascadeSettings(EngineSettings):
    grammar: Annotated[EngineChoice, EngineOf("stt")] = EngineChoice("pocketsphinx")
    open: Annotated[EngineChoice, EngineOf("stt")] = EngineChoice(faster_whisper.NAME)
    busy_from: float = Field(
        default=1.0,
        ge=0,
        description=(
            "the load of each core, over the last minute, from which on an open recogniser of this machine is not"
            " asked; where there is one core only it never is"
        ),
    )

    @field_validator("grammar", "open")
    @classmethod
    def _named(cls, choice: EngineChoice) -> EngineChoice:
        if choice.engine in (AUTO, NAME):
            raise ValueError(f"name an engine; {choice.engine} is none of two")
        return choice


class Cascade:
    """Behind the SpeechToText Protocol."""

    def __init__(self, grammar: SpeechToText, open_: SpeechToText, has_room: Callable[[], bool]) -> None:
        """`has_room`: whether the open one may be asked now, though it might keep others of this machine waiting."""
        self._grammar = grammar
        self._open = open_
        self._has_room = has_room

    async def start(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._grammar.start(), name="start the recogniser of the home's sentences")
                tasks.create_task(self._open.start(), name="start the open recogniser")
        except* EngineError as problems:
            await self.close()
            raise EngineError(str(problems.exceptions[0])) from problems

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        """The names are those that the first cannot hear; none where it lacks the language."""
        lacking = []
        unheard: list[str] = []
        for engine in (self._open, self._grammar):
            try:
                unheard = await engine.learn(vocabulary)
            except LanguageMissing as problem:
                unheard = []
                lacking.append(problem)
        if len(lacking) == 2:
            raise lacking[0]
        return unheard

    async def hear(self, request: HearingRequest) -> "CascadeHearing":
        async def open_() -> Hearing:
            return await self._open.hear(request)

        try:
            grammar = await self._grammar.hear(request)
        except EngineError as problem:
            if not isinstance(problem, LanguageMissing):
                _LOGGER.warning("the open recogniser hears alone: %s", problem)
            return CascadeHearing(None, await open_(), open_, self._has_room)
        return CascadeHearing(grammar, None, open_, self._has_room)

    async def close(self) -> None:
        await self._grammar.close()
        await self._open.close()


class CascadeHearing:
    """One utterance. It is kept, for the open recogniser may have to hear it from the beginning."""

    def __init__(
        self,
        grammar: Hearing | None,
        open_: Hearing | None,
        listen: Callable[[], Awaitable[Hearing]],
        has_room: Callable[[], bool],
    ) -> None:
        """`listen` lets the open recogniser hear; without a `grammar` it does already, and hears alone."""
        self._grammar = grammar
        self._open = open_
        self._listen = listen
        self._has_room = has_room
        self._is_alone = grammar is None  # the open one
        self._pcm = bytearray()
        self._opens_at = 0  # what the open one has heard
        self._feeding = asyncio.Lock()  # of the open one, in order
        self._is_over = False

    async def feed(self, pcm: bytes) -> None:
        if self._is_over:
            return
        self._pcm += pcm[: MAX_UTTERANCE_BYTES - len(self._pcm)]
        if self._grammar is not None and not self._is_alone:
            try:
                await self._grammar.feed(pcm)
            except EngineError as problem:
                self._stand_in(problem)
        if (open_ := self._open) is not None:
            try:
                await self._catch_up(open_)
            except EngineError as problem:
                if self._is_alone:
                    raise
                _LOGGER.warning("the open recogniser broke off: %s", problem)

    async def partials(self) -> AsyncGenerator[Partial, None]:
        while not self._is_over:
            is_alone = self._is_alone
            try:
                async with aclosing((await self._listening()).partials()) as partials:
                    async for partial in partials:
                        yield partial
            except EngineError as problem:
                if self._is_over:
                    return
                if is_alone:
                    raise
                self._stand_in(problem)
            else:
                return

    async def preview(self) -> Transcript:
        self._check_open()
        return await self._heard(lambda hearing: hearing.preview())

    async def finish(self) -> Transcript:
        self._check_open()
        try:
            return await self._heard(lambda hearing: hearing.finish())
        finally:
            await self.close()

    async def close(self) -> None:
        self._is_over = True
        for hearing in (self._grammar, self._open):
            if hearing is not None:
                await hearing.close()

    async def _heard(self, ask: Ask) -> Transcript:
        heard = await self._heard_by_grammar(ask)
        if heard is None:
            return await self._asked_openly(ask)
        if not heard.spoken or (heard.text and heard.finished):
            return heard
        other = await self._heard_openly(ask)
        return replace(other, finished=heard.finished) if other is not None and other.text else heard

    async def _heard_by_grammar(self, ask: Ask) -> Transcript | None:
        """None when it does not hear, or not any more."""
        if self._grammar is None or self._is_alone:
            return None
        try:
            return await ask(self._grammar)
        except EngineError as problem:
            self._stand_in(problem)
            return None

    async def _heard_openly(self, ask: Ask) -> Transcript | None:
        """None when there is no room for it, or it fails: then what the grammar says of the utterance stands."""
        if not self._has_room():
            _LOGGER.info("the open recogniser is not asked: this machine is too busy, or too small")
            return None
        try:
            return await self._asked_openly(ask)
        except EngineError as problem:
            if self._is_over:
                raise
            _LOGGER.warning("the open recogniser cannot help: %s", problem)
            return None

    async def _asked_openly(self, ask: Ask) -> Transcript:
        """Raises EngineError."""
        open_ = await self._opened()
        try:
            return await ask(open_)
        except EngineError:
            await self._drop(open_)
            raise

    async def _listening(self) -> Hearing:
        """Whose partials are shown. Raises EngineError."""
        return await self._opened() if self._grammar is None or self._is_alone else self._grammar

    async def _opened(self) -> Hearing:
        """The open recogniser, which has heard all there is. Raises EngineError."""
        async with self._feeding:
            open_ = self._open = self._open or await self._listen()
        await self._catch_up(open_)
        if self._is_over:
            await open_.close()
        return open_

    async def _catch_up(self, open_: Hearing) -> None:
        async with self._feeding:
            try:
                while open_ is self._open and self._opens_at < len(self._pcm):
                    begin, self._opens_at = self._opens_at, len(self._pcm)
                    await open_.feed(bytes(self._pcm[begin:]))
            except EngineError:
                await self._drop(open_)
                raise

    async def _drop(self, broken: Hearing) -> None:
        """The next time it is asked, the open recogniser hears all of it anew."""
        if broken is self._open:
            self._open, self._opens_at = None, 0
        await broken.close()

    def _stand_in(self, problem: EngineError) -> None:
        """The one that knows the home's sentences failed: the open one hears alone. Raises EngineError when it only
        ended."""
        if self._is_over:
            raise ended() from problem
        if not self._is_alone:
            _LOGGER.warning("the open recogniser stands in: %s", problem)
            self._is_alone = True

    def _check_open(self) -> None:
        if self._is_over:
            raise ended()


def has_room(busy_from: float) -> bool:
    """Whether this machine has more than one core, and each of them less to do than `busy_from`, over the last
    minute."""
    cores = len(os.sched_getaffinity(0))
    return cores > 1 and os.getloadavg()[0] < busy_from * cores


def _make(settings: CascadeSettings, surroundings: Surroundings) -> SpeechToText:
    grammar = engines.choose("stt", settings.grammar).make(surroundings)
    open_ = engines.choose("stt", settings.open).make(surroundings)
    is_local = settings.open.engine in LOCAL
    return Cascade(grammar, open_, lambda: not is_local or has_room(settings.busy_from))


def _lacks(settings: CascadeSettings, surroundings: Surroundings) -> list[ModelWanted]:
    chosen = [engines.choose("stt", choice) for choice in (settings.grammar, settings.open)]
    return [wanted for each in chosen for wanted in each.spec.lacks(each.settings, surroundings)]


def _missing() -> None:
    """Its engines may be any: what they lack they say when it is made."""


def _unfit(language: str) -> str | None:
    """With its own settings."""
    for spec in (pocketsphinx.ENGINE, faster_whisper.ENGINE):
        if remedy := spec.missing() or spec.unfit(language):
            return remedy
    return None


ENGINE: Final = EngineSpec(NAME, CascadeSettings, _make, _missing, rank=20, unfit=_unfit, lacks=_lacks)
