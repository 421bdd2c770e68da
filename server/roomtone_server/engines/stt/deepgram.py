"""Speech-to-text by Deepgram, streamed. A service in the cloud: what is said to the house leaves it, and costs.

    stt: {engine: deepgram, api_key: "${DEEPGRAM_API_KEY}"}

Each utterance is a WebSocket of its own, opened when it begins: developers.deepgram.com/reference/speech-to-text.
When the user has ended is decided here; Deepgram's own endpointing is off.
"""

import asyncio
import importlib.util
import json
import ssl
from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from pydantic import Field

from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone_server.engines.api_key import ApiKeySettings
from roomtone_server.engines.base import ANY_LANGUAGE, HearingRequest, SpeechToText
from roomtone_server.engines.http_service import host
from roomtone_server.engines.stt.deepgram_stream import DeepgramHearing, connected
from roomtone_server.engines.stt.services import HearingServiceSettings, check_language, closed, expected, names_of
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.languages.codes import best_code

# developers.deepgram.com/docs/models-languages-overview: those of Nova-3 that it transcribes one at a time.
LANGUAGES: Final = (
    "bg bn ca cs da de el en es et fi fr hi hu id it ja ko lt lv mr ms nl no pl pt ro ru sk sv ta te th tr uk vi zh"
)
# developers.deepgram.com/docs/keyterm: a hundred of them, 500 tokens in all; beyond that it falls silent.
MAX_KEYTERMS: Final = 100
MAX_KEYTERM_TOKENS: Final = 450
# developers.deepgram.com/docs/multilingual-code-switching: of ten languages, whichever is spoken.
MULTILINGUAL: Final = "multi"
_TAKES_KEYTERMS: Final = "nova-3"


class DeepgramSettings(HearingServiceSettings, ApiKeySettings):
    base_url: Annotated[str, Field(pattern=r"^wss?://[^/\s]+")] = "wss://api.deepgram.com"
    model: str = "nova-3"
    languages: tuple[str, ...] = Field(default=tuple(LANGUAGES.split()), description="what the model hears")
    extra: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="whatever else its API takes: {smart_format: true}"
    )


class Deepgram:
    """Behind the SpeechToText Protocol."""

    def __init__(self, settings: DeepgramSettings, key: str) -> None:
        self._settings = settings
        self._headers = {"Authorization": f"Token {key}"}
        self._where = f"deepgram at {host(settings.base_url)}"
        self._is_started = False
        self._trust: ssl.SSLContext | None = None
        self._keyterms: Sequence[str] = ()
        self._open: set[DeepgramHearing] = set()

    async def start(self) -> None:
        self._trust = await asyncio.to_thread(_trust)
        self._is_started = True

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        self._check(vocabulary.language)
        if self._settings.tell_names:
            self._keyterms = names_of(vocabulary, most=MAX_KEYTERMS, tokens=MAX_KEYTERM_TOKENS)
        return []

    async def hear(self, request: HearingRequest) -> DeepgramHearing:
        self._check(request.language)
        trust = self._trust if self._settings.base_url.startswith("wss:") else None
        url = f"{self._settings.base_url.rstrip('/')}/v1/listen?{self._query(request)}"
        socket = await connected(url, self._headers, trust, self._where, self._settings.connect_s)
        hearing = DeepgramHearing(socket, self._where, self._settings, request.wake_phrase, self._open.discard)
        self._open.add(hearing)
        return hearing

    async def close(self) -> None:
        self._is_started = False
        for hearing in list(self._open):
            await hearing.close()

    def _query(self, request: HearingRequest) -> str:
        fields: dict[str, Any] = {
            "model": self._settings.model,
            "language": self._code_of(request.language),
            "encoding": "linear16",
            "sample_rate": RATE_HZ,
            "channels": 1,
            "interim_results": True,
            "endpointing": False,
            "keyterm": self._keyterms_for(request),
            **self._settings.extra,
        }
        written = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in fields.items()}
        return urlencode(written, doseq=True)

    def _keyterms_for(self, request: HearingRequest) -> Sequence[str]:
        if not self._settings.model.startswith(_TAKES_KEYTERMS):
            return ()
        return expected(self._keyterms, request, most=MAX_KEYTERMS, tokens=MAX_KEYTERM_TOKENS)

    def _code_of(self, language: str) -> str:
        return MULTILINGUAL if language == ANY_LANGUAGE else best_code(self._settings.languages, language) or language

    def _check(self, language: str) -> None:
        if not self._is_started:
            raise closed("deepgram")
        check_language("deepgram", self._settings.languages, language)


def _trust() -> ssl.SSLContext:
    """Takes tens of milliseconds, and loads the client beside it, which takes more."""
    importlib.import_module("websockets.asyncio.client")
    return ssl.create_default_context()


def _make(settings: DeepgramSettings, _surroundings: Surroundings) -> SpeechToText:
    key = settings.key()
    if not key:
        raise EngineError("deepgram needs a key: set `api_key`, `api_key_env` or `api_key_file`")
    return Deepgram(settings, key)


def _missing() -> str | None:
    return None if importlib.util.find_spec("websockets") else remedy("deepgram")


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec("deepgram", DeepgramSettings, _make, _missing, auto=False)
