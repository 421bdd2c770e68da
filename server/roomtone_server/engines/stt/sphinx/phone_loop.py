"""pocketsphinx without words: any phone may follow any other. Blocking; it lives in a worker process of its own."""

import math
import os
from typing import Any, Final

from roomtone_server.engines.stt.sphinx.decoding import decode
from roomtone_server.engines.stt.sphinx.distance import Phones

# As pocketsphinx's own manual has it for phones: a wider beam finds nothing more, the words' weight of the language
# model makes up phones that nobody said.
DECODING: Final = {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20}
MODEL: Final = "en-us/en-us-phone.lm.bin"

# A segment's score is exp(log-likelihood / 1024): pocketsphinx shifts the scores of its acoustic model right by 10 bits
# (SENSCR_SHIFT in its hmm.h).
_SCORE_SCALE: Final = 1024
_NO_SOUND_OF_SPEECH: Final = ("SIL", "+")  # how silence begins, and noises


class PhoneLoop:
    """Raises RuntimeError when pocketsphinx or its phone model does not load."""

    def __init__(self) -> None:
        from pocketsphinx import Config, Decoder, get_model_path

        # Without the dictionary of words it needs 25 MB less.
        model = get_model_path(MODEL)
        self._decoder = Decoder(Config(lm=None, dict=os.devnull, allphone=model, loglevel="FATAL", **DECODING))

    def phones(self, pcm: bytes) -> Phones:
        """What is heard in int16, mono, 16 kHz; some 60 ms for a second of it."""
        decode(self._decoder, pcm)
        return phones_of(self._decoder)


def phones_of(decoder: Any) -> Phones:  # noqa: ANN401 - the library has no types
    """The phones of the utterance that a decoder, of words or of phones, ended last."""
    names: list[str] = []
    spoken_frames = 0
    log_likelihood = 0.0
    for segment in decoder.seg() or ():
        log_likelihood += math.log(segment.ascore) * _SCORE_SCALE
        phones = (decoder.lookup_word(segment.word) or _phone(segment.word)).split()
        if phones and not phones[0].startswith(_NO_SOUND_OF_SPEECH):
            names += phones
            spoken_frames += segment.end_frame - segment.start_frame + 1
    return Phones(names, spoken_frames, decoder.n_frames(), log_likelihood)


def _phone(word: str) -> str:
    """A phone loop's words are phones; what joins a grammar's states, "(NULL)", is nothing."""
    return "" if word.startswith("(") else word
