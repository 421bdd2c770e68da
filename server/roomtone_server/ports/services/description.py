"""What the server tells of its services, in Wyoming's words; kept, so that the next start can tell it at once."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wyoming.event import Event
from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    HandleModel,
    HandleProgram,
    Info,
    IntentModel,
    IntentProgram,
    TtsProgram,
    TtsVoice,
    TtsVoiceSpeaker,
    WakeModel,
    WakeProgram,
)

from roomtone import __version__
from roomtone_server.languages.codes import primary_code
from roomtone_server.settings import ServerSettings

_LOGGER = logging.getLogger(__name__)

FILE_NAME: Final = "services.json"
MAX_KEPT_BYTES: Final = 1024 * 1024  # guards the start against a file that is not ours
MAX_VOICES: Final = 500  # of some 250 bytes each, within the link's limits

DEFAULT_VOICE: Final = "default"  # where the engine names none
UNNAMED: Final = "Roomtone"
_BY: Final = Attribution("Roomtone", "")


@dataclass(frozen=True, slots=True)
class OfferedVoice:
    name: str
    languages: Sequence[str]
    title: str = ""
    speakers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is, whichever engines it comes from."""

    name: str  # of the server, as its owner calls it: Home Assistant names what it adds by it
    languages: Sequence[str]  # codes, of what is said and answered; the first is the house's
    heard: Sequence[str] = ()  # codes, of what is heard; empty: the same
    ears: Sequence[str] = ()  # names of the recognisers; empty: they are not known yet
    voices: Sequence[OfferedVoice] = ()  # as above
    wake_words: Sequence[str] | None = ()  # names; empty: they are not known yet; None: none are heard


def program_name(settings: ServerSettings) -> str:
    """A host's name says nothing to anybody who chooses a voice."""
    return settings.name if "name" in settings.model_fields_set else UNNAMED


def described(offer: Offer, *, endpointing: bool) -> Event:
    """The `info` event. `endpointing`: the server ends each utterance, so that nobody else needs to."""
    program = offer.name
    heard = list(offer.heard or offer.languages)
    languages = list(offer.languages)
    voices = list(offer.voices[:MAX_VOICES]) or [OfferedVoice(DEFAULT_VOICE, languages)]
    info = Info(
        asr=[
            AsrProgram(
                **_artifact(program, "hears commands, and ends each by itself"),
                models=[AsrModel(**_artifact(name), languages=heard) for name in offer.ears or ("default",)],
                requires_external_vad=not endpointing,
                prefers_auto_gain_enabled=False,
                prefers_noise_reduction_enabled=False,  # it takes more than it gives: see docs/figures.md
            )
        ],
        tts=[
            TtsProgram(
                **_artifact(program, "speaks"),
                voices=[_voice(voice) for voice in voices],
                supports_synthesize_streaming=True,
            )
        ],
        wake=_wake(offer),
        handle=[
            HandleProgram(
                **_artifact(program, "acts on the home, and answers"),
                models=[HandleModel(**_artifact(program), languages=languages)],
                supports_home_control=True,
            )
        ],
        intent=[
            IntentProgram(
                **_artifact(program, "understands commands, and acts on nothing"),
                models=[IntentModel(**_artifact(program), languages=languages)],
            )
        ],
    )
    return info.event()


def _wake(offer: Offer) -> list[WakeProgram]:
    if offer.wake_words is None:
        return []
    phrases = {name: name.replace("_", " ") for name in offer.wake_words}
    models = [WakeModel(**_artifact(name, phrase), languages=["en"], phrase=phrase) for name, phrase in phrases.items()]
    return [WakeProgram(**_artifact(offer.name, "hears wake words"), models=models)]


def _voice(voice: OfferedVoice) -> TtsVoice:
    speakers = [TtsVoiceSpeaker(name) for name in voice.speakers] or None
    return TtsVoice(**_artifact(voice.name, voice.title), languages=list(voice.languages), speakers=speakers)


def _artifact(name: str, description: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "attribution": _BY,
        "installed": True,
        "description": description or name,
        "version": __version__,
    }


class KeptDescription:
    """The description of the last start, as long as the settings are the same. Losing it costs the next start's first
    answer some details, and nothing else."""

    def __init__(self, folder: Path, settings: ServerSettings) -> None:
        self._path = folder / FILE_NAME
        told = f"{__version__} {settings.model_dump_json()}"  # secrets are masked in it
        self._key = hashlib.sha256(told.encode()).hexdigest()

    def load(self) -> Event | None:
        try:
            with self._path.open("rb") as file:
                kept = json.loads(file.read(MAX_KEPT_BYTES))
            if kept["key"] == self._key:
                return Event("info", dict(kept["info"]))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError) as problem:
            _LOGGER.warning("%s is not used: %s", self._path, problem)
        return None

    def keep(self, description: Event) -> None:
        try:
            self._path.write_text(json.dumps({"key": self._key, "info": description.data}), "utf-8")
        except OSError as problem:
            _LOGGER.warning("%s cannot be kept: %s", self._path, problem)


def at_start(settings: ServerSettings) -> Event:
    """What the settings alone tell."""
    return described(
        Offer(program_name(settings), spoken_languages(settings)), endpointing=settings.home_assistant.endpointing
    )


def spoken_languages(settings: ServerSettings) -> list[str]:
    """Codes, the house's first."""
    if not settings.detects_language:
        return [primary_code(settings.language)]
    from roomtone_server.languages.language import languages  # which takes long for the port's first moment

    first = settings.first_language
    return [first, *(each.code for each in languages() if each.phrases and each.code != first)]
