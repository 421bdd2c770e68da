"""How words are pronounced, in the phones of the model (ARPAbet, as in CMUdict), where its dictionary does not say."""

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

import yaml

from roomtone_server.engines import libespeak

_STRESS: Final = re.compile(r"[ˈˌ\s_\u0303\u0329\u200d-]")  # and nasal, syllabic and tied sounds' marks
_LONG: Final = "\u02d0"

_VOICE: Final = "en-us"  # whose sounds the tables map


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

    None when neither knows: espeak is an optional extra, and names letters of other scripts instead of reading them.
    """
    if known := _tables().words.get(word):
        return known
    return None if libespeak.missing() or not _is_latin(word) else arpabet(libespeak.library().phonemes(word, _VOICE))


def _is_latin(word: str) -> bool:
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in word if letter.isalpha())


def arpabet(ipa: str) -> str | None:
    """The phones for an IPA transcription; None when it has a sound that English has not."""
    sounds = _STRESS.sub("", ipa)
    tables = _tables()
    phones = [tables.sounds[sound] for sound in tables.sound.findall(sounds)]
    foreign = tables.sound.sub("", sounds).strip(_LONG)
    return " ".join(phones) if phones and not foreign else None
