"""Speech-to-text by the speech API of OpenAI, which others speak too: Groq, speaches, LocalAI.

    stt: {engine: openai, base_url: "http://gpu-box:8000/v1", model: Systran/faster-distil-whisper-small.en}

The utterance is sent whole, when it has ended or may have: there are no partials.
"""

import importlib.util
import io
import wave
from typing import Any, Final

from pydantic import BaseModel, Field, SecretStr

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.engines import EngineSpec, Surroundings
from roomtone.extras import remedy
from roomtone_server.engines.api_key import ApiKeySettings
from roomtone_server.engines.base import ANY_LANGUAGE, HearingRequest, SpeechToText, Transcript
from roomtone_server.engines.http_service import Call, HttpService, ServiceUrl
from roomtone_server.engines.stt.services import PATIENCE, HearingServiceSettings, check_language, expected, names_of
from roomtone_server.engines.stt.wake_words import without_wake_phrase
from roomtone_server.engines.stt.whisper_languages import LANGUAGES
from roomtone_server.engines.stt.whole import WholeHearing
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.languages.codes import primary_code
from roomtone_server.languages.language import language_of

# Whisper reads the last 224 tokens of a prompt.
MAX_PROMPT_NAMES: Final = 100
MAX_PROMPT_TOKENS: Final = 200


class OpenAISettings(HearingServiceSettings, ApiKeySettings):
    base_url: ServiceUrl = "https://api.openai.com/v1"
    model: str = "gpt-4o-mini-transcribe"
    languages: tuple[str, ...] = Field(default=tuple(LANGUAGES.split()), description="what the model hears")
    prompt: str = Field(default="", max_length=400, description="stands before the home's names")
    extra: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="whatever else the server takes in a request"
    )


class _Answer(BaseModel):
    text: str


class OpenAIHearing:
    """POST /audio/transcriptions, behind the SpeechToText Protocol."""

    def __init__(self, settings: OpenAISettings) -> None:
        key = settings.key()
        headers = {"Authorization": SecretStr(f"Bearer {key}")} if key else {}
        self._settings = settings
        self._service = HttpService(
            "openai",
            settings.base_url,
            headers,
            settings,
            patience=PATIENCE,
            subject="the model and the language",
        )
        self._names: list[str] = []
        self._open: set[WholeHearing] = set()

    async def start(self) -> None:
        await self._service.open()

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        self._check(vocabulary.language)
        if self._settings.tell_names:
            self._names = names_of(vocabulary, most=MAX_PROMPT_NAMES, tokens=self._tokens_for_names)
        return []

    async def hear(self, request: HearingRequest) -> WholeHearing:
        self._check(request.language)
        names = expected(self._names, request, most=MAX_PROMPT_NAMES, tokens=self._tokens_for_names)
        prompt = " ".join(filter(None, (self._settings.prompt, ", ".join(names))))

        async def transcribe(pcm: bytes) -> Transcript:
            return await self._transcribe(pcm, request, prompt)

        hearing = WholeHearing(transcribe, self._open.discard)
        self._open.add(hearing)
        return hearing

    @property
    def _tokens_for_names(self) -> int:
        return MAX_PROMPT_TOKENS - len(self._settings.prompt) // 2

    async def close(self) -> None:
        for hearing in list(self._open):
            await hearing.close()
        await self._service.close()

    async def _transcribe(self, pcm: bytes, request: HearingRequest, prompt: str) -> Transcript:
        fields = {
            "model": self._settings.model,
            "language": "" if request.language == ANY_LANGUAGE else _code(request.language),
            "response_format": "json",
            "prompt": prompt,
            **self._settings.extra,
        }
        form = {name: _written(value) for name, value in fields.items() if value != ""}
        files = {"file": ("speech.wav", _wav(pcm), "audio/wav")}
        answer = await self._service.answer(Call("POST", "/audio/transcriptions", form=form, files=files), _Answer)
        text = without_wake_phrase(answer.text, request.wake_phrase)
        return Transcript(text, spoken=bool(text))

    def _check(self, language: str) -> None:
        self._service.check_open()
        check_language("openai", self._settings.languages, language)


def _code(language: str) -> str:
    return language_of(language).whisper or primary_code(language)


def _written(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wav(pcm: bytes) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm)
    return written.getvalue()


def _make(settings: OpenAISettings, _surroundings: Surroundings) -> SpeechToText:
    return OpenAIHearing(settings)


def _missing() -> str | None:
    return None if importlib.util.find_spec("httpx") else remedy("openai")


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec("openai", OpenAISettings, _make, _missing, auto=False)
