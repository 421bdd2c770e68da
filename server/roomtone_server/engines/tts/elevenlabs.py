"""Text-to-speech by ElevenLabs, streamed. A service in the cloud: what is spoken leaves the house, and costs.

    tts: {engine: elevenlabs, api_key: "${ELEVENLABS_API_KEY}", voice: JBFqnCBsd6RMkjVDRZzb}

Its voices have ids for names; `title` is what people call them.
"""

from typing import Any, Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field, SecretStr

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.api_key import ApiKeySettings
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.http_service import Call, ServiceUrl
from roomtone_server.engines.tts.services import VoiceServiceSettings, voice_for
from roomtone_server.engines.tts.streamed import Service, StreamedVoice, missing
from roomtone_server.languages.codes import primary_code

# elevenlabs.io/docs/overview/models: Multilingual v2, and what Flash v2.5 adds to it.
LANGUAGES: Final = "ar bg cs da de el en es fi fil fr hi hr hu id it ja ko ms nl no pl pt ro ru sk sv ta tr uk vi zh"
# The others guess the language from the text, and refuse to be told.
_TOLD_THE_LANGUAGE: Final = ("eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_v3")


class ElevenLabsSettings(VoiceServiceSettings, ApiKeySettings):
    base_url: ServiceUrl = "https://api.elevenlabs.io"
    model: str = Field(default="eleven_flash_v2_5", description="the one that begins to speak soonest")
    voice: str = Field(default="JBFqnCBsd6RMkjVDRZzb", description="its id, where nothing else names one")
    languages: tuple[str, ...] = tuple(LANGUAGES.split())
    rate_hz: Literal[16_000, 22_050, 24_000, 44_100] = Field(default=22_050, description="the last for some plans only")
    speed: float | None = Field(default=None, ge=0.7, le=1.2)
    stability: float | None = Field(default=None, ge=0, le=1)
    similarity_boost: float | None = Field(default=None, ge=0, le=1)


class _Language(BaseModel):
    language: str


class _Voice(BaseModel):
    voice_id: str
    name: str = ""
    verified_languages: list[_Language] | None = None


class _Voices(BaseModel):
    voices: list[_Voice]


class ElevenLabsSpeech:
    """POST /v1/text-to-speech/VOICE/stream."""

    def __init__(self, settings: ElevenLabsSettings) -> None:
        self._settings = settings

    async def speech(self, service: Service, request: SpeechRequest) -> Call:
        settings = self._settings
        voice = voice_for(request, settings, service.name, settings.languages, settings.voice)
        fields: dict[str, Any] = {"text": request.text, "model_id": settings.model}
        if settings.model in _TOLD_THE_LANGUAGE:
            fields["language_code"] = primary_code(request.language)
        if manner := settings.model_dump(include={"speed", "stability", "similarity_boost"}, exclude_none=True):
            fields["voice_settings"] = manner
        path = f"/v1/text-to-speech/{quote(voice, safe='')}/stream"
        return Call("POST", path, query={"output_format": f"pcm_{settings.rate_hz}"}, json=fields)

    async def voices(self, service: Service) -> list[Voice]:
        return [
            Voice(voice.voice_id, tuple(sorted({each.language for each in voice.verified_languages or ()})), voice.name)
            for voice in (await service.listing("/v1/voices", _Voices)).voices
        ]


def _make(settings: ElevenLabsSettings, _surroundings: Surroundings) -> TextToSpeech:
    key = settings.key()
    if not key:
        raise EngineError("elevenlabs needs a key: set `api_key`, `api_key_env` or `api_key_file`")
    service = Service("elevenlabs", settings.base_url, settings, {"xi-api-key": SecretStr(key)})
    return StreamedVoice(service, ElevenLabsSpeech(settings), settings.rate_hz, settings.rate_hz)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec(
    name="elevenlabs", settings=ElevenLabsSettings, make=_make, missing=missing, auto=False
)
