"""How words are pronounced, in the phones of the model (ARPAbet, as in CMUdict), where its dictionary does not say."""

import ctypes
import functools
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

import yaml

_STRESS: Final = re.compile(r"[ˈˌ\s_\u0303\u0329\u200d-]")  # and nasal, syllabic and tied sounds' marks
_LONG: Final = "\u02d0"

_IPA: Final = 2
_UTF8: Final = 1
_AUDIO_OUTPUT_RETRIEVAL: Final = 1  # no sound device
_DONT_EXIT: Final = 0x8000  # when the data is missing: without it the library ends the process


@dataclass(frozen=True, slots=True)
class _Tables:
    words: Mapping[str, str]
    alternatives: Mapping[str, str]
    polite: Mapping[str, Sequence[str]]
    sounds: Mapping[str, str]
    sound: re.Pattern[str]


@functools.cache
def _tables() -> _Tables:
    data = yaml.safe_load((resources.files(__package__) / "en.yaml").read_text(encoding="utf-8"))
    longest_first = sorted(data["sounds"], key=len, reverse=True)
    return _Tables(
        data["words"], data["alternatives"], data["polite"], data["sounds"], re.compile("|".join(longest_first))
    )


def alternatives() -> Mapping[str, str]:
    """Words of the model's dictionary that have one more pronunciation, and which."""
    return _tables().alternatives


def polite() -> Mapping[str, Sequence[str]]:
    """Phrases that may stand `before` and `after` each sentence, and say nothing."""
    return _tables().polite


def pronounce(word: str) -> str | None:
    """The phones of a word that the model's dictionary lacks: from the table, else as espeak would say it.

    None when neither knows: espeak is an optional extra.
    """
    if known := _tables().words.get(word):
        return known
    speaker = _espeak()
    return arpabet(_ipa(speaker, word)) if speaker else None


def arpabet(ipa: str) -> str | None:
    """The phones for an IPA transcription; None when it has a sound that English has not."""
    sounds = _STRESS.sub("", ipa)
    tables = _tables()
    phones = [tables.sounds[sound] for sound in tables.sound.findall(sounds)]
    foreign = tables.sound.sub("", sounds).strip(_LONG)
    return " ".join(phones) if phones and not foreign else None


@functools.cache
def _espeak() -> ctypes.CDLL | None:
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError:
        return None
    library = ctypes.CDLL(loader.get_library_path())
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    data = str(loader.get_data_path()).encode()
    rate_hz = library.espeak_Initialize(_AUDIO_OUTPUT_RETRIEVAL, 0, data, _DONT_EXIT)
    return library if rate_hz > 0 and library.espeak_SetVoiceByName(b"en-us") == 0 else None


def _ipa(library: ctypes.CDLL, word: str) -> str:
    text = ctypes.c_char_p(word.encode())
    ipa: bytes = library.espeak_TextToPhonemes(ctypes.byref(text), _UTF8, _IPA) or b""
    return ipa.decode()
