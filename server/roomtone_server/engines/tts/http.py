"""Text-to-speech by any server that returns audio for text: a GET or POST with fields, WAV or raw PCM in return.

    tts: {engine: http, preset: coqui, url: "http://nas.lan:5002"}
    tts:
      engine: http
      url: http://nas.lan:8000/say
      method: POST
      fields: {text: "{text}", speaker: "{voice}", speed: 1.1}

A field's value may hold {text}, {language} and {voice}; one that comes out empty is not sent.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_core import from_json

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.http_service import Call, ServiceUrl
from roomtone_server.engines.tts.services import VoiceServiceSettings, fitting, voice_for
from roomtone_server.engines.tts.streamed import Service, StreamedVoice, missing
from roomtone_server.languages.codes import best_code

Value = str | int | float | bool

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_KNOWN: Final = ("text", "language", "voice")
_OF_A_SPEAKER: Final = ("speaker_embedding", "gpt_cond_latent")  # as XTTS lists its own

_LANGUAGES_OF_XTTS: Final = "ar cs de en es fr hi hu it ja ko nl pl pt ru tr zh"

# A name, and an object of numbers.
_SPEAKER: Final = re.compile(
    rb'("(?:[^"\\]|\\.)*+")\s*:\s*(\{\s*"(?:speaker_embedding|gpt_cond_latent)"[^{}]*+\})', re.DOTALL
)

# What each kind of server wants; every key can be set beside `preset`, and fields are added to these.
PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    # The server of Coqui TTS, and of its fork by Idiap: `tts-server`.
    "coqui": {
        "path": "/api/tts",
        "fields": {"text": "{text}", "speaker_id": "{voice}", "language_id": "{language}"},
    },
    # coqui-ai/xtts-streaming-server.
    "xtts": {
        "path": "/tts_stream",
        "method": "POST",
        "fields": {
            "text": "{text}",
            "language": "{language}",
            "speaker_embedding": "{speaker_embedding}",
            "gpt_cond_latent": "{gpt_cond_latent}",
            "add_wav_header": True,
            "stream_chunk_size": "20",
        },
        "languages": _LANGUAGES_OF_XTTS.split(),
        "rate_hz": 24_000,
    },
    # synesthesiam/opentts; its languages are those of its voices.
    "opentts": {
        "path": "/api/tts",
        "fields": {"text": "{text}", "voice": "{voice}", "lang": "{language}"},
        "languages": (),
    },
}


class HttpSettings(VoiceServiceSettings):
    url: ServiceUrl
    preset: Literal["coqui", "xtts", "opentts"] | None = None
    path: str = Field(default="", description="behind the URL")
    method: Literal["GET", "POST"] = "GET"
    body: Literal["json", "form"] = Field(default="json", description="of a POST")
    fields: dict[str, Value] = Field(default={"text": "{text}"}, description="of the query, or of the body")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="X-Api-Key: ${KEY}, say")
    voice: str = Field(default="", description="where neither `voices` nor the request names one")
    languages: tuple[str, ...] = ("en",)
    format: Literal["wav", "pcm"] = Field(default="wav", description="pcm: raw int16, mono, at `rate_hz`")
    rate_hz: int = Field(default=22_050, ge=8_000, le=48_000, description="a WAV of another rate is converted")

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:  # noqa: ANN401 - as pydantic hands it over, before it is checked
        preset = PRESETS.get(str(given.get("preset"))) if isinstance(given, dict) else None
        if preset is None:
            return given
        fields = given.get("fields", {})
        return {**preset, **given, "fields": {**preset["fields"], **fields} if isinstance(fields, dict) else fields}

    @field_validator("fields")
    @classmethod
    def _known_placeholders(cls, fields: dict[str, Value]) -> dict[str, Value]:
        used = {name for value in fields.values() if isinstance(value, str) for name in _PLACEHOLDER.findall(value)}
        if unknown := used.difference(_KNOWN, _OF_A_SPEAKER):
            raise ValueError(f"{{{min(unknown)}}} is none of {', '.join(f'{{{name}}}' for name in _KNOWN)}")
        if "text" not in used:
            raise ValueError("no field holds {text}")
        return fields


@dataclass(frozen=True, slots=True)
class Listed:
    """A voice as its server lists it: its languages, and what a request for it must bring, as JSON."""

    languages: tuple[str, ...] = ()
    brings: bytes = b"{}"


class _OpenTtsVoice(BaseModel):
    language: str
    locale: str = ""


class HttpSpeech:
    """The request that the settings describe."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._listed: dict[str, Listed] | None = None

    async def speech(self, service: Service, request: SpeechRequest) -> Call:
        settings = self._settings
        listed = await self._list(service)
        languages = {*settings.languages, *(code for voice in listed.values() for code in voice.languages)}
        by_voice = {name: each.languages for name, each in listed.items()}
        default = fitting(by_voice, request.language, settings.voice)
        voice = voice_for(request, settings, service.name, languages, default)
        language = best_code(languages, request.language) or request.language
        values = {"text": request.text, "language": language, "voice": voice}
        fields = _filled(settings.fields, values | (_read(listed[voice].brings) if voice in listed else {}))
        if settings.method == "GET":
            return Call("GET", settings.path, query=fields)
        return Call("POST", settings.path, **{settings.body: fields})

    async def voices(self, service: Service) -> list[Voice]:
        return [Voice(name, each.languages) for name, each in (await self._list(service)).items()]

    async def _list(self, service: Service) -> dict[str, Listed]:
        """Asked once; a server that was not there is asked again."""
        if self._listed is None:
            match self._settings.preset:
                case "opentts":
                    self._listed = await _opentts_voices(service)
                case "xtts":
                    self._listed = await _xtts_speakers(service)
                case _:
                    self._listed = {}
        return self._listed


async def _opentts_voices(service: Service) -> dict[str, Listed]:
    voices = await service.listing("/api/voices", dict[str, _OpenTtsVoice])
    return {name: Listed((each.language, *filter(None, [each.locale]))) for name, each in voices.items()}


async def _xtts_speakers(service: Service) -> dict[str, Listed]:
    """Each is half a megabyte of numbers, 30 in all, which are read once they are needed: reading them all would hold
    the event loop for half a second."""
    call = Call("GET", "/studio_speakers")
    listed = {}
    for found in _SPEAKER.finditer(await service.told(call)):
        listed[_read(found[1])] = Listed(brings=bytes(found[2]))
        await asyncio.sleep(0)
    if not listed:
        raise service.misplaced(call)
    return listed


def _read(told: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return from_json(told)
    except ValueError as problem:
        raise EngineError("http: the server describes a speaker in what is no JSON: see its version") from problem


def _filled(fields: Mapping[str, Value], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with their placeholders replaced, in one pass: braces in a text are text. A field that is nothing but
    a placeholder takes the value as it is, a list too."""

    def fill(template: Value) -> Any:  # noqa: ANN401 - a value of any kind
        if not isinstance(template, str):
            return template
        whole = _PLACEHOLDER.fullmatch(template)
        if whole:
            return values.get(whole[1], "")
        return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), template)

    filled = {name: fill(template) for name, template in fields.items()}
    return {name: value for name, value in filled.items() if value != ""}


def _make(settings: HttpSettings, _surroundings: Surroundings) -> TextToSpeech:
    service = Service("http", settings.url, settings, settings.headers)
    raw_hz = settings.rate_hz if settings.format == "pcm" else None
    return StreamedVoice(service, HttpSpeech(settings), settings.rate_hz, raw_hz)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec(
    name="http", settings=HttpSettings, make=_make, missing=missing, auto=False
)
