"""pocketsphinx with a home's automaton: an utterance in, its words out. Blocking; it lives in the worker process."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any, Final

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone_server.engines.stt.sphinx.decoding import begin, log_likelihood, prepare
from roomtone_server.engines.stt.sphinx.distance import Segment
from roomtone_server.engines.stt.sphinx.lexicon import alternatives, polite, pronounce
from roomtone_server.engines.stt.sphinx.phone_loop import segments_of
from roomtone_server.engines.stt.sphinx.speech import Stretch, in_a_room, length_ms, utterances
from roomtone_server.grammar.automaton import Automaton, Completeness
from roomtone_server.grammar.words import words

# Measured with bench/recogniser.py on recordings and on bench/speech_set.py's rooms. The best path through the word
# lattice loses to the first pass on a grammar this small. Eight Gaussians a frame instead of four hear 3 points more in
# noise, for a fifth more time; 16 gain 2 more, for another 40 %. Silence and noise likelier than pocketsphinx's own
# (0.005 and 1e-8, which lose 3 of 20 commands that follow a wake word at once) swallow words.
DECODING: Final = {"bestpath": False, "silprob": 0.02, "fillprob": 1e-4, "topn": 8}

# The satellite sends 500 ms from before the detection, which comes at most 300 ms before the wake word's end.
WAKE_LEAD_MS: Final = 900
# What loudness says of an edge moves by this much as an utterance grows; no word is so short.
TOLERANCE_MS: Final = 100

# A sentence sounds finished when nothing else, cut short or going on, is likelier than it by this much. Of recorded
# commands that were cut in the midst, with 60 to 400 ms of room behind them, 188 were heard as some sentence: none of
# them within 6. Of whole ones half are as good as the likeliest 160 ms after their last word, 44 of 49 after 400 ms.
FINISHED_WITHIN: Final = 4.0

MIN_WAKE_PHONES: Final = 2  # one phone alone would be heard in any breath
MAX_WAKE_PHRASES: Final = 8  # each costs a grammar's memory, and satellites name them

# Somebody who says the wake word and waits has said nothing yet: what can be its rest alone, is. A command is too long
# to be taken for it, down to 1e-20; at 1e-30 short ones are lost. Rests of eight recorded wake words, decoded as they
# grow: 29 of 128 would act at 1e-4, 13 at 1e-12 (all of one recording).
BEHIND_WAKE_WORD: Final = 1e-12

# From state, to state, probability; without a word it is free. As pocketsphinx takes it.
Arc = tuple[int, int, float] | tuple[int, int, float, str]

_SENTENCES: Final = frozenset({Completeness.COMPLETE, Completeness.EXTENDABLE})


@dataclass(frozen=True, slots=True)
class Claim:
    """What a text says of the audio, for a phone loop to confirm."""

    stretch: Stretch  # that was recognised
    segments: Sequence[Segment]  # of it, but for the rest of a wake phrase, what is before that, and courtesy behind it


def claim_of(plain: Mapping[str, Any] | None) -> Claim | None:
    """The inverse of `dataclasses.asdict`, for the pipe between the workers."""
    if plain is None:
        return None
    segments = [Segment(**{**segment, "phones": tuple(segment["phones"])}) for segment in plain["segments"]]
    return Claim(Stretch(**plain["stretch"]), segments)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What an utterance was heard as so far."""

    text: str  # a sentence, or the likeliest beginning of one
    stretch: Stretch  # the likeliest to be recognised
    claim: Claim
    mean_until_ms: int  # of the utterance: its cepstra were normalised by the mean of what is before that
    is_sentence: bool = True
    is_finished: bool = False  # it sounds like a sentence that has ended


class Recogniser:
    """One home's sentences, ready to be recognised. Raises RuntimeError when pocketsphinx does not load."""

    def __init__(self, automaton: Automaton) -> None:
        from pocketsphinx import Config, Decoder

        self._decoder = Decoder(Config(lm=None, loglevel="FATAL", **DECODING))
        vocabulary = automaton.vocabulary()
        self.unsayable: Final = frozenset(word for word in vocabulary if not self._is_sayable(word))
        self.automaton: Final = automaton.without(self.unsayable)
        for word, phones in alternatives().items():
            if word in vocabulary:
                self._add_word(f"{word}(2)", phones)
        prepare(self._decoder)
        self._wake_words: OrderedDict[str, str] = OrderedDict()
        self._wakes_named = 0
        self._is_open = False  # the decoder is in the midst of an utterance
        self._amid: Recognised | None = None  # what was heard of it
        self._wake_phrase = ""  # before it
        self._fed_bytes = 0  # of it

    @property
    def wake_phrases(self) -> list[str]:
        """Those that it is ready for, the latest last."""
        return list(self._wake_words)

    def recognise(self, pcm: bytes, wake_phrase: str = "", *, in_haste: bool = False) -> Recognised | None:
        """The words of an utterance (int16, mono, 16 kHz), without what is left of the wake phrase: a sentence, if one
        can be found. None when nothing in it sounds like speech. In haste only the likeliest stretch is tried."""
        stretches = likely(pcm, wake_phrase)
        beginning = None
        for stretch in stretches[: 1 if in_haste else None]:
            heard = self._begin(pcm, stretch, stretches[0], wake_phrase)
            found = heard if heard.is_sentence else self.conclude(heard)
            if found.is_sentence:
                return found
            beginning = beginning or found
        return beginning

    def begin(self, pcm: bytes, wake_phrase: str = "") -> Recognised | None:
        """What an utterance has been heard as so far, whose last word may not have ended yet. The decoder stays in the
        midst of it, to `follow` it. None when nothing in it sounds like speech."""
        stretches = likely(pcm, wake_phrase)
        return self._begin(pcm, stretches[0], stretches[0], wake_phrase) if stretches else None

    def follow(self, pcm: bytes, heard: Recognised) -> Recognised:
        """What has been heard, now that the utterance has grown: it takes little more than what has come since. Only
        while it `is_amid`; normalised by the mean that `heard` was."""
        stretch = replace(heard.claim.stretch, end_ms=length_ms(pcm))
        self._feed(stretch.of(pcm)[self._fed_bytes :])
        return self._so_far(replace(heard.stretch, end_ms=stretch.end_ms), stretch, heard.mean_until_ms)

    def conclude(self, heard: Recognised) -> Recognised:
        """The likeliest sentence of it, which goes on no more; `heard` itself, where there is none. Only while it
        `is_amid`."""
        so_far = self._decoder.hyp()
        self._end()
        found = self._decoder.hyp()
        text = self._said(found)
        if not self._is_sentence(text):
            return heard
        claim = self._claim(text, heard.claim.stretch)
        return replace(heard, text=text, claim=claim, is_sentence=True, is_finished=_is_nearly(found, so_far))

    def is_amid(self, heard: Recognised | None) -> bool:
        """Whether the decoder can go on from there."""
        return self._is_open and self._amid is heard

    def _begin(self, pcm: bytes, stretch: Stretch, likeliest: Stretch, wake_phrase: str) -> Recognised:
        wake_word, self._wake_phrase = self.listen_for(wake_phrase), wake_phrase
        begin(self._decoder, wake_word, stretch.of(pcm))
        self._is_open, self._fed_bytes = True, 0
        self._feed(stretch.of(pcm))
        return self._so_far(likeliest, stretch, stretch.end_ms)

    def _so_far(self, likeliest: Stretch, stretch: Stretch, mean_until_ms: int) -> Recognised:
        text = self._said(self._decoder.hyp())
        claim, is_sentence = self._claim(text, stretch), self._is_sentence(text)
        is_finished = is_sentence and not claim.segments[-1].phones
        self._amid = Recognised(text, likeliest, claim, mean_until_ms, is_sentence, is_finished)
        return self._amid

    def _feed(self, pcm: bytes) -> None:
        if pcm:  # the decoder cannot take nothing
            self._decoder.process_raw(in_a_room(pcm, self._fed_bytes // SAMPLE_BYTES))
            self._fed_bytes += len(pcm)

    def _end(self) -> None:
        if self._is_open:
            self._decoder.end_utt()
            self._is_open = False

    def _claim(self, text: str, stretch: Stretch) -> Claim:
        """What the decoder found in a stretch."""
        segments = segments_of(self._decoder, stretch.start_ms, behind=self._wake_words[self._wake_phrase])
        return Claim(stretch, _without_courtesy(text, segments) if self._wake_phrase else segments)

    def _said(self, hypothesis: Any) -> str:  # noqa: ANN401 - the library has no types
        wake_word = self._wake_words[self._wake_phrase]
        heard = hypothesis.hypstr.split() if hypothesis is not None else []
        return " ".join(word for word in heard if word != wake_word)

    def _is_sentence(self, text: str) -> bool:
        return self.automaton.hint(text) in _SENTENCES

    def listen_for(self, wake_phrase: str) -> str:
        """Lets the rest of a wake phrase stand before each sentence; returns the word that it will be recognised as.

        Done ahead, it saves the first utterance behind that phrase a tenth of a second.
        """
        self._end()
        if wake_phrase not in self._wake_words:
            if len(self._wake_words) == MAX_WAKE_PHRASES:
                _, oldest = self._wake_words.popitem(last=False)
                self._decoder.remove_search(oldest)
            self._wake_words[wake_phrase] = self._add_grammar(wake_phrase)
        self._wake_words.move_to_end(wake_phrase)
        wake_word = self._wake_words[wake_phrase]
        self._decoder.activate_search(wake_word)
        return wake_word

    def _add_grammar(self, wake_phrase: str) -> str:
        """A grammar and the one word for the phrase's rest, by one name, which no word of a sentence can have."""
        name = f"_wake_{self._wakes_named}"
        self._wakes_named += 1
        states = count(len(self.automaton.arcs))
        start, awake, end, past_end = islice(states, 4)
        arcs: list[Arc] = [(state, to, 1.0, word) for state, to, word in self.automaton.transitions()]
        arcs += [(state, end, 1.0) for state in self.automaton.final]
        arcs += [(start, awake, BEHIND_WAKE_WORD), (awake, 0, 1.0), (end, past_end, 1.0)]
        arcs += _phrases(polite()["before"], awake, 0, states)
        arcs += _phrases(polite()["after"], end, past_end, states)
        rests = self._rests(wake_phrase)
        for number, phones in enumerate(rests, start=1):
            self._add_word(name if number == 1 else f"{name}({number})", phones)
        if rests:
            arcs += [(start, awake, BEHIND_WAKE_WORD, name), (start, past_end, 1.0, name)]
        self._decoder.add_fsg(name, self._decoder.create_fsg(name, start, past_end, arcs))
        return name

    def _rests(self, wake_phrase: str) -> list[str]:
        """The phrase's pronunciation, and all that can be left of it when its beginning was not sent."""
        spoken = words(wake_phrase, self.automaton.language)
        if not all(self._is_sayable(word) for word in spoken):
            return []
        phones = " ".join(self._decoder.lookup_word(word) for word in spoken).split()
        return [" ".join(phones[first:]) for first in range(max(0, len(phones) - MIN_WAKE_PHONES + 1))]

    def _is_sayable(self, word: str) -> bool:
        if self._decoder.lookup_word(word) is not None:
            return True
        phones = pronounce(word)
        if phones is not None:
            self._add_word(word, phones)
        return phones is not None

    def _add_word(self, word: str, phones: str) -> None:
        # Each grammar comes after its words: without `update=False`, each word would build the active one anew.
        self._decoder.add_word(word, phones, update=False)


def likely(pcm: bytes, wake_phrase: str) -> list[Stretch]:
    """What to recognise of an utterance, the likeliest first; none when nothing in it sounds like speech."""
    return utterances(pcm, WAKE_LEAD_MS if wake_phrase else 0)


def _is_nearly(found: Any, likeliest: Any) -> bool:  # noqa: ANN401 - as above
    """Whether a hypothesis is as good as the likeliest; one without a word is None."""
    if likeliest is None:
        return False
    return log_likelihood(likeliest.score) - log_likelihood(found.score) <= FINISHED_WITHIN


def _without_courtesy(text: str, segments: Sequence[Segment]) -> Sequence[Segment]:
    """The rest of a wake word is sometimes heard as "please", which may stand before any sentence: that is no claim."""
    courtesy = next((phrase for phrase in polite()["before"] if f"{text} ".startswith(f"{phrase} ")), "")
    spoken = [number for number, segment in enumerate(segments) if segment.phones]
    count = len(courtesy.split())
    return segments[spoken[count] :] if 0 < count < len(spoken) else segments


def _phrases(phrases: Iterable[str], start: int, end: int, states: Iterator[int]) -> Iterator[Arc]:
    """Paths from one state to another, over fresh states."""
    for phrase in phrases:
        *first_words, last_word = phrase.split()
        state = start
        for word in first_words:
            following = next(states)
            yield state, following, 1.0, word
            state = following
        yield state, end, 1.0, last_word
