"""How words are pronounced, in the phones of the model (ARPAbet as in CMUdict), where its dictionary does not say."""

import ctypes
import functools
import importlib
import re
from collections.abc import Mapping
from typing import Final

# Wake words, and everyday words that CMUdict lacks. "off" with the vowel of "cot" is how half of America says it.
PRONUNCIATIONS: Final[Mapping[str, str]] = {
    "nabu": "N AA B UW",
    "jarvis": "JH AA R V AH S",
    "mycroft": "M AY K R AO F T",
    "alexa": "AH L EH K S AH",
    "awnings": "AO N IH NG Z",
    "unmute": "AH N M Y UW T",
    "unpause": "AH N P AO Z",
}
ALTERNATIVES: Final[Mapping[str, str]] = {"off": "AA F"}

# The IPA that espeak writes for American English, longest first where one begins another.
_ARPABET: Final[Mapping[str, str]] = {
    **{"tʃ": "CH", "dʒ": "JH", "eɪ": "EY", "aɪ": "AY", "ɔɪ": "OY", "aʊ": "AW", "oʊ": "OW", "əʊ": "OW", "əl": "AH L"},
    **{"iː": "IY", "uː": "UW", "ɑː": "AA", "ɔː": "AO", "oː": "AO", "ɜː": "ER", "aː": "AA", "iə": "IY AH"},
    **{"p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "f": "F", "v": "V", "θ": "TH", "ð": "DH", "s": "S"},
    **{"z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH", "m": "M", "n": "N", "ŋ": "NG", "l": "L", "ɹ": "R", "r": "R"},
    **{"j": "Y", "w": "W", "x": "K", "ɾ": "T", "ʔ": "T", "i": "IY", "ɪ": "IH", "ᵻ": "IH", "e": "EH", "ɛ": "EH"},
    **{"æ": "AE", "a": "AA", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "o": "OW", "ʊ": "UH", "u": "UW", "ʌ": "AH", "ɐ": "AH"},
    **{"ə": "AH", "ɚ": "ER", "ɜ": "ER"},
}
_SOUND: Final = re.compile("|".join(sorted(_ARPABET, key=len, reverse=True)))
_STRESS: Final = re.compile(r"[ˈˌ\s_\u0303\u0329\u200d-]")  # and nasal, syllabic and tied sounds' marks

_IPA: Final = 2
_UTF8: Final = 1
_AUDIO_OUTPUT_RETRIEVAL: Final = 1  # no sound device


def pronounce(word: str) -> str | None:
    """The phones of a word that the model's dictionary lacks: from the table, else as espeak would say it.

    None when neither knows: espeak is an optional extra.
    """
    if known := PRONUNCIATIONS.get(word):
        return known
    speaker = _espeak()
    return arpabet(_ipa(speaker, word)) if speaker else None


def arpabet(ipa: str) -> str | None:
    """The phones for an IPA transcription; None when it has a sound that English has not."""
    sounds = _STRESS.sub("", ipa)
    phones = [_ARPABET[sound] for sound in _SOUND.findall(sounds)]
    foreign = _SOUND.sub("", sounds).strip("ː")
    return " ".join(phones) if phones and not foreign else None


@functools.cache
def _espeak() -> ctypes.CDLL | None:
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError:
        return None
    library = ctypes.CDLL(loader.get_library_path())
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    rate_hz = library.espeak_Initialize(_AUDIO_OUTPUT_RETRIEVAL, 0, str(loader.get_data_path()).encode(), 0)
    return library if rate_hz > 0 and library.espeak_SetVoiceByName(b"en-us") == 0 else None


def _ipa(library: ctypes.CDLL, word: str) -> str:
    text = ctypes.c_char_p(word.encode())
    ipa: bytes = library.espeak_TextToPhonemes(ctypes.byref(text), _UTF8, _IPA) or b""
    return ipa.decode()
