"""How audio enters a pocketsphinx decoder, of words or of phones alike. Blocking."""

import math
from typing import Any, Final

from roomtone_server.engines.stt.sphinx.speech import in_a_room

# A score is exp(log-likelihood / 1024): pocketsphinx shifts the scores of its acoustic model right by 10 bits
# (SENSCR_SHIFT in its hmm.h).
_SCORE_SCALE: Final = 1024


def decode(decoder: Any, pcm: bytes) -> Any:  # noqa: ANN401 - the library has no types
    """A whole utterance (int16, mono, 16 kHz), as if it were the decoder's first: what it learnt of the noise in
    another room would make the result depend on what was decoded before.

    Returns the likeliest hypothesis, wherever in the grammar it stops, or None; the decoder then has the likeliest that
    stops where a sentence does.
    """
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(in_a_room(pcm), full_utt=True)
    so_far = decoder.hyp()
    decoder.end_utt()
    return so_far


def log_likelihood(score: float) -> float:
    """Of a hypothesis or a segment with that score."""
    return math.log(score) * _SCORE_SCALE
