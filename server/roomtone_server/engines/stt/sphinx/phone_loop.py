"""pocketsphinx without words: any phone may follow any other. Blocking; it lives in a worker process of its own."""

import os
from typing import Any, Final

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone_server.engines.stt.sphinx.decoding import begin, log_likelihood, prepare
from roomtone_server.engines.stt.sphinx.distance import Segment
from roomtone_server.engines.stt.sphinx.speech import STEP_MS, in_a_room

# As pocketsphinx's own manual has it for phones: a wider beam finds nothing more, the words' weight of the language
# model makes up phones that nobody said.
DECODING: Final = {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20}
MODEL: Final = "en-us/en-us-phone.lm.bin"

# What is streamed is normalised by the mean of its beginning. A second of it tells recorded speech that is no command
# from commands as well as the whole does, 0.8 s a little worse, 0.4 s much worse.
NORMALISED_BY_MS: Final = 1200

_NO_SOUND_OF_SPEECH: Final = ("SIL", "+")  # how silence begins, and noises
_BETWEEN_STATES: Final = "(NULL)"  # of a grammar; it takes no time


class PhoneLoop:
    """Hears one utterance at a time, as it comes. Raises RuntimeError when pocketsphinx or its phone model does not
    load."""

    def __init__(self) -> None:
        from pocketsphinx import Config, Decoder, get_model_path

        # Without the dictionary of words it needs 25 MB less.
        model = get_model_path(MODEL)
        self._decoder = Decoder(Config(lm=None, dict=os.devnull, allphone=model, loglevel="FATAL", **DECODING))
        self._phones = self._decoder.current_search()
        prepare(self._decoder)
        self._start_ms = 0
        self._samples = 0
        self._is_hearing = False

    def begin(self, pcm: bytes, start_ms: int) -> None:
        """Hears int16, mono, 16 kHz, which begins so much behind the utterance's start, and forgets what was before.

        The mean of its first NORMALISED_BY_MS normalises all that follows.
        """
        if self._is_hearing:
            self._decoder.end_utt()
        begin(self._decoder, self._phones, pcm[: NORMALISED_BY_MS * RATE_HZ // 1000 * SAMPLE_BYTES])
        self._is_hearing = True
        self._start_ms = start_ms
        self._samples = 0
        self.hear(pcm)

    def hear(self, pcm: bytes) -> None:
        """What follows; some 50 ms for a second of it."""
        if pcm:
            self._decoder.process_raw(in_a_room(pcm, self._samples))
            self._samples += len(pcm) // SAMPLE_BYTES

    def segments(self) -> list[Segment]:
        """The phones and silences of what was heard so far, but for some last 50 ms."""
        return segments_of(self._decoder, self._start_ms)


def segments_of(decoder: Any, start_ms: int, behind: str = "") -> list[Segment]:  # noqa: ANN401 - the library has no types
    """What a decoder, of words or of phones, made of audio that begins so much behind the utterance's start; of what
    stands behind a word, where that was found."""
    found: list[Segment] = []
    first = start_ms // STEP_MS
    for segment in decoder.seg() or ():
        if segment.word == _BETWEEN_STATES:
            continue
        phones = tuple((decoder.lookup_word(segment.word) or segment.word).split())  # a phone loop's words are phones
        if phones[0].startswith(_NO_SOUND_OF_SPEECH):
            phones = ()
        if behind and segment.word.partition("(")[0] == behind:  # which of its pronunciations it was does not matter
            found.clear()
            continue
        start, end = first + segment.start_frame, first + segment.end_frame + 1
        found.append(Segment(phones, start, end, log_likelihood(segment.ascore)))
    return found
