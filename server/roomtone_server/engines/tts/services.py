"""What voices share that ask a service, whatever it speaks: how long they wait, and which voice they ask for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import Field

from roomtone_server.engines.base import SpeechRequest
from roomtone_server.engines.patience import ServiceSettings
from roomtone_server.engines.tts.texts import lacking
from roomtone_server.languages.codes import best_code

PATIENCE: Final = ("first_audio_s", "silence_s")  # the settings of `Patience`


class VoiceServiceSettings(ServiceSettings):
    voices: dict[str, str] = Field(default_factory=dict, description="language code -> voice, where it has its own")
    first_audio_s: float = Field(default=10.0, gt=0, le=120, description="how long it may take to begin to speak")
    silence_s: float = Field(default=5.0, gt=0, le=120, description="how long it may pause while it speaks")


def fitting(languages: Mapping[str, Sequence[str]], wanted: str, preferred: str = "") -> str:
    """Of voices and their languages the preferred one if it speaks the wanted language, else the first that does, as
    near as there is; one of which no language is known speaks any. Empty when none does."""
    known = languages.get(preferred, ())
    if preferred and (not known or best_code(known, wanted)):
        return preferred
    code = best_code((code for codes in languages.values() for code in codes), wanted)
    return next((voice for voice, codes in languages.items() if code in codes or not codes), "")


def voice_for(
    request: SpeechRequest, settings: VoiceServiceSettings, engine: str, languages: Iterable[str], default: str
) -> str:
    """The voice for a request: its own, the one set for its language, the default. Raises EngineError for a language
    that is neither among the engine's nor has a voice set."""
    code = best_code(settings.voices, request.language)
    if code is None and best_code(languages, request.language) is None:
        raise lacking(engine, request.language, {*languages, *settings.voices})
    return request.voice or (settings.voices[code] if code else default)
