"""How audio enters a pocketsphinx decoder, of words or of phones alike. Blocking."""

from typing import Any

from roomtone_server.engines.stt.sphinx.speech import in_a_room


def decode(decoder: Any, pcm: bytes) -> None:  # noqa: ANN401 - the library has no types
    """A whole utterance (int16, mono, 16 kHz), as if it were the decoder's first: what it learnt of the noise in
    another room would make the result depend on what was decoded before."""
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(in_a_room(pcm), full_utt=True)
    decoder.end_utt()
