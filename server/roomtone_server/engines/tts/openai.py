"""Text-to-speech by the speech API of OpenAI, which others speak too: Kokoro-FastAPI, LocalAI, Groq, speaches.

    tts: {engine: openai, base_url: "http://kokoro.lan:8880/v1", model: kokoro, voice: af_heart}

Raw PCM at 24 kHz comes as it is made; a server that sends WAV all the same is understood.
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, Field, SecretStr

from roomtone.engines import EngineSpec, Surroundings
from roomtone_server.engines.api_key import ApiKeySettings
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.http_service import Call, NotFound, ServiceUrl
from roomtone_server.engines.tts.services import VoiceServiceSettings, voice_for
from roomtone_server.engines.tts.streamed import Service, StreamedVoice, missing

PCM_RATE_HZ: Final = 24_000  # platform.openai.com/docs/guides/text-to-speech: "pcm", 16-bit, little-endian, no header

# Those of OpenAI's models are Whisper's; what else serves this API says what it has in `languages`.
LANGUAGES: Final = (
    "af ar az be bg bs ca cs cy da de el en es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko lt lv mi mk mr ms ne "
    "nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh"
)


class OpenAISettings(VoiceServiceSettings, ApiKeySettings):
    base_url: ServiceUrl = "https://api.openai.com/v1"
    model: str = "gpt-4o-mini-tts"
    voice: str = Field(default="alloy", description="where neither `voices` nor the request names one")
    languages: tuple[str, ...] = tuple(LANGUAGES.split())
    format: Literal["pcm", "wav"] = Field(default="pcm", description="what is asked for")
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    instructions: str = Field(default="", description="how to speak; for models that follow such")


class _Voice(BaseModel):
    id: str
    name: str = ""


class _Voices(BaseModel):
    voices: list[str | _Voice]


class OpenAISpeech:
    """POST /audio/speech."""

    def __init__(self, settings: OpenAISettings) -> None:
        self._settings = settings

    async def speech(self, service: Service, request: SpeechRequest) -> Call:
        settings = self._settings
        fields = {
            "model": settings.model,
            "voice": voice_for(request, settings, service.name, settings.languages, settings.voice),
            "input": request.text,
            "response_format": settings.format,
            "speed": settings.speed,
            "instructions": settings.instructions,
        }
        usual = {
            "speed": 1.0,
            "instructions": "",
        }  # not every server knows these: they are sent where they say something
        said = {name: value for name, value in fields.items() if value != usual.get(name)}
        return Call("POST", "/audio/speech", json=said)

    async def voices(self, service: Service) -> list[Voice]:
        """Kokoro-FastAPI and speaches tell theirs; OpenAI does not."""
        try:
            told = await service.listing("/audio/voices", _Voices)
        except NotFound:
            return []
        return [Voice(each) if isinstance(each, str) else Voice(each.id, title=each.name) for each in told.voices]


def _make(settings: OpenAISettings, _surroundings: Surroundings) -> TextToSpeech:
    key = settings.key()
    headers = {"Authorization": SecretStr(f"Bearer {key}")} if key else {}
    service = Service("openai", settings.base_url, settings, headers)
    return StreamedVoice(service, OpenAISpeech(settings), PCM_RATE_HZ, PCM_RATE_HZ)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec(
    name="openai", settings=OpenAISettings, make=_make, missing=missing, auto=False
)
