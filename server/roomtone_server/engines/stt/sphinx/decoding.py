"""How audio enters a pocketsphinx decoder, of words or of phones alike. Blocking."""

import math
from typing import Any, Final

from roomtone_server.engines.stt.sphinx.speech import in_a_room

# A score is exp(log-likelihood / 1024): pocketsphinx shifts the scores of its acoustic model right by 10 bits
# (SENSCR_SHIFT in its hmm.h).
_SCORE_SCALE: Final = 1024


_SILENCE: Final = "_silence"  # a grammar that makes features, and has next to nothing to decode


def prepare(decoder: Any) -> None:  # noqa: ANN401 - the library has no types
    """Once for each decoder that is to `begin`."""
    decoder.add_fsg(_SILENCE, decoder.create_fsg(_SILENCE, 0, 0, [(0, 0, 1.0)]))


def begin(decoder: Any, search: str, pcm: bytes) -> None:  # noqa: ANN401 - as above
    """Begins an utterance, as if it were the decoder's first: what it learnt of the noise in another room would make
    the result depend on what was decoded before. Normalises by the mean of this audio (int16, mono, 16 kHz), which is
    to be fed yet. That takes a seventh of the time of decoding it.
    """
    decoder.activate_search(_SILENCE)
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(in_a_room(pcm), full_utt=True)
    decoder.end_utt()
    mean = decoder.get_cmn(update=False)
    decoder.activate_search(search)
    decoder.reinit_feat()
    decoder.set_cmn(mean)
    decoder.start_utt()


def log_likelihood(score: float) -> float:
    """Of a hypothesis or a segment with that score."""
    return math.log(score) * _SCORE_SCALE
