"""The embedded recogniser: pocketsphinx, listening for the home's own sentences. It needs no model beyond its package.

pocketsphinx holds the GIL while it decodes, so that it works in a process of its own, and a phone loop that
turns down what is no command in another: see `sphinx/`.
"""

import asyncio
import logging
from importlib.util import find_spec
from typing import Final

from pydantic import Field

from roomtone.engines import EngineSettings, EngineSpec, Surroundings
from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.base import ANY_LANGUAGE, HearingRequest
from roomtone_server.engines.stt.sphinx.hearing import SphinxHearing
from roomtone_server.engines.stt.sphinx.names import unpronounceable
from roomtone_server.engines.stt.sphinx.recogniser import MAX_WAKE_PHRASES
from roomtone_server.engines.stt.sphinx.recognition import Recognition
from roomtone_server.engines.stt.sphinx.verification import Verification
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.languages.codes import primary_code

LANGUAGE: Final = "en"  # of the model inside the package
# A worker that dies over and over is not restarted at once: 0, 0.5, 1, 2 ... seconds.
FIRST_BACKOFF_S: Final = 0.5
MAX_BACKOFF_S: Final = 10.0

_log = logging.getLogger(__name__)


class PocketSphinxSettings(EngineSettings):
    reject_from: float = Field(
        default=0.5,
        gt=0,
        description=(
            "what was heard is turned down when it is so likely, from 0 to 1, that something else was said; higher"
            " loses fewer commands, and lets more speech that is no command through; beyond 1 everything"
        ),
    )


class PocketSphinx:
    def __init__(self, settings: PocketSphinxSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._cache = surroundings.cache
        self._vocabulary = Vocabulary(LANGUAGE)
        self._unheard: list[str] = []
        self._untaught: Recognition | None = None  # started ahead: the first home is learned the sooner
        self._recognition: Recognition | None = None  # hears `_vocabulary`
        self._retired: list[Recognition] = []  # until what they still hear is settled
        self._verification = Verification()
        self._wake_phrases: dict[str, None] = {"": None}  # the latest last; none, for a button, among them
        self._changing = asyncio.Lock()  # of the processes that hear
        self._heard = 0
        self._deaths = 0
        self._open = False

    async def start(self) -> None:
        async with self._changing:
            self._open = True
            try:
                self._untaught = await Recognition.start()
                await self._verification.start()
            except BaseException:
                await self._close()
                raise

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        _check_language(vocabulary.language)
        async with self._changing:
            self._check_open()
            if self._recognition is None or vocabulary != self._vocabulary:
                await self._take_over(vocabulary)
            return self._unheard

    async def hear(self, request: HearingRequest) -> SphinxHearing:
        _check_language(request.language)
        recognition = await self._listening()
        self._remember(request.wake_phrase)
        self._heard += 1
        return recognition.hear(self._heard, request.wake_phrase, self._verification, self._settings.reject_from)

    async def close(self) -> None:
        self._open = False
        await self._close()

    async def _listening(self) -> Recognition:
        """The process that hears; a worker that died is replaced, one that lives lets nobody wait."""
        self._check_open()
        await self._verification.start()
        if self._recognition is None or not self._recognition.is_alive:
            async with self._changing:
                self._check_open()
                if self._recognition is None or not self._recognition.is_alive:
                    await self._take_over(self._vocabulary)
        assert self._recognition is not None
        return self._recognition

    async def _take_over(self, vocabulary: Vocabulary) -> None:
        """Lets a process that learned a vocabulary hear from now on. Until it has, the one before goes on."""
        before = self._recognition
        if before is not None and not before.is_alive:
            await self._back_off(before)
        fresh, self._untaught = self._untaught, None
        if fresh is None or not fresh.is_alive:
            fresh = await Recognition.start()
        try:
            unsayable = await fresh.learn(vocabulary, self._cache, self._wake_phrases)
            unheard = unpronounceable(vocabulary, frozenset(unsayable))
            self._check_open()
        except BaseException:
            await fresh.close()
            raise
        if before is not None:
            before.retire()
        self._retired = [each for each in [*self._retired, before] if each is not None and not each.has_ended]
        self._recognition, self._vocabulary, self._unheard = fresh, vocabulary, unheard
        if unheard:
            _log.warning(
                "%d names of the home cannot be heard: no pronunciation is known; roomtone doctor lists them, and the"
                " extra `espeak` knows more",
                len(unheard),
            )

    async def _back_off(self, dead: Recognition) -> None:
        self._deaths = 0 if dead.has_served else self._deaths + 1
        if self._deaths > 1:
            await asyncio.sleep(min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** (self._deaths - 2)))

    def _remember(self, wake_phrase: str) -> None:
        self._wake_phrases.pop(wake_phrase, None)
        self._wake_phrases[wake_phrase] = None
        if len(self._wake_phrases) > MAX_WAKE_PHRASES:
            del self._wake_phrases[next(iter(self._wake_phrases))]

    def _check_open(self) -> None:
        if not self._open:
            raise EngineError("the recogniser is not started, or closed already")

    async def _close(self) -> None:
        await self._verification.close()
        for each in (self._untaught, self._recognition, *self._retired):
            if each is not None:
                await each.close()


def _check_language(language: str) -> None:
    if language != ANY_LANGUAGE and (remedy := _unfit(language)):
        raise LanguageMissing(f"pocketsphinx {remedy}")


def _unfit(language: str) -> str | None:
    if primary_code(language) == LANGUAGE:
        return None
    return f"hears {LANGUAGE!r} only, not {language!r}: set `language: {LANGUAGE}`, or another stt engine"


def _make(settings: PocketSphinxSettings, surroundings: Surroundings) -> PocketSphinx:
    return PocketSphinx(settings, surroundings)


def _missing() -> str | None:
    for module in ("pocketsphinx", "numpy", "hassil", "home_assistant_intents"):
        if find_spec(module) is None:
            return f"{module} is not installed: pip install 'roomtone[server]'"
    return None


ENGINE: Final = EngineSpec("pocketsphinx", PocketSphinxSettings, _make, _missing, rank=10, unfit=_unfit)
