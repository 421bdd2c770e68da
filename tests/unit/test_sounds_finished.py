"""Whether a command sounds as if it had ended: what the recogniser makes of a pause."""

import pytest
from support.sound import noise
from support.vocabularies import SMALL
from support.voice import spoken

from roomtone.ears.formats import FRAME_BYTES, RATE_HZ, SAMPLE_BYTES
from roomtone_server.engines.stt.sphinx.listener import ENOUGH_MS, Utterance
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser, likely
from roomtone_server.engines.stt.sphinx.speech import SHORT_MS, sounds
from roomtone_server.grammar.compiler import compile_automaton

COMMANDS = ["turn on the ceiling light", "turn off the radio", "lock the front door"]
LONG = "set a timer for ten minutes and twenty seconds"
BEGINNINGS = ["set the ceiling light to", "turn off the", "set a timer for"]


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser(compile_automaton(SMALL))


async def in_a_room(text, silence_ms):
    """A sentence, cut so long behind its last sound."""
    pcm = await spoken(text) + noise(1, peak=30)
    end_ms = sounds(pcm)[-1].end_ms + silence_ms
    return pcm[: end_ms * RATE_HZ // 1000 * SAMPLE_BYTES]


def listen(recogniser, pcm):
    """The partials that an utterance gives while it comes in, frame by frame."""
    utterance, partials = Utterance(recogniser, ""), []
    for start in range(0, len(pcm), FRAME_BYTES):
        utterance.pcm += pcm[start : start + FRAME_BYTES]
        if utterance.is_due:
            utterance.hear_ahead()
            if partial := utterance.partial():
                partials.append(partial)
    return partials


@pytest.mark.parametrize("text", COMMANDS)
async def test_a_command_sounds_finished_once_silence_follows_it(recogniser, text):
    heard = recogniser.recognise(await in_a_room(text, 400))
    assert (heard.text, heard.is_sentence, heard.is_finished) == (text, True, True)


@pytest.mark.parametrize("text", BEGINNINGS)
@pytest.mark.parametrize("silence_ms", [100, 400])
async def test_the_beginning_of_one_does_not_whatever_sentence_is_made_of_it(recogniser, text, silence_ms):
    heard = recogniser.recognise(await in_a_room(text, silence_ms))
    assert not heard.is_finished


@pytest.mark.parametrize("text", COMMANDS)
async def test_a_pause_is_followed_and_ends_with_a_command_that_sounds_finished(recogniser, text):
    *guesses, last = listen(recogniser, await in_a_room(text, 500))
    assert (last["text"], last["finished"]) == (text, True)
    assert not any(guess["finished"] for guess in guesses)


@pytest.mark.parametrize("text", BEGINNINGS)
async def test_a_pause_behind_a_beginning_never_does(recogniser, text):
    assert not any(partial["finished"] for partial in listen(recogniser, await in_a_room(text, 500)))


async def test_a_short_word_that_stands_alone_in_front_belongs_to_it(recogniser):
    """It may be a click; but what is behind it is no sentence."""
    pcm = await in_a_room("lock", 400) + await in_a_room("the front door", 500)
    pcm = pcm[(sounds(pcm)[0].end_ms - SHORT_MS + 20) * RATE_HZ // 1000 * SAMPLE_BYTES :]
    assert len(likely(pcm, "")) > 1
    utterance = listened(recogniser, pcm)
    assert utterance.heard.text in {"lock the front door", "lock front door"}
    utterance.hear(ahead=True)
    assert utterance.heard.text in {"lock the front door", "lock front door"}


def listened(recogniser, pcm):
    utterance = Utterance(recogniser, "")
    for start in range(0, len(pcm), FRAME_BYTES):
        utterance.pcm += pcm[start : start + FRAME_BYTES]
        if utterance.is_due:
            utterance.hear_ahead()
    return utterance


async def test_two_that_share_the_decoder_are_both_understood(recogniser):
    pcms = [await in_a_room(text, 500) for text in COMMANDS[:2]]
    utterances = [Utterance(recogniser, "") for _ in pcms]
    for start in range(0, max(map(len, pcms)), FRAME_BYTES):
        for utterance, pcm in zip(utterances, pcms, strict=True):
            utterance.pcm += pcm[start : start + FRAME_BYTES]
            if utterance.is_due:
                utterance.hear_ahead()
    assert [(each.heard.text, each.heard.is_finished) for each in utterances] == [(text, True) for text in COMMANDS[:2]]


async def test_what_is_followed_ends_as_what_is_decoded_at_once(recogniser):
    pcm = await in_a_room(COMMANDS[0], 400)
    first_bytes = len(pcm) - 20 * FRAME_BYTES
    heard = recogniser.begin(pcm[:first_bytes])
    for end in range(first_bytes, len(pcm) + 1, FRAME_BYTES):
        assert recogniser.is_amid(heard)
        heard = recogniser.follow(pcm[:end], heard)
    assert (heard.text, heard.is_finished) == (COMMANDS[0], True)
    assert phones_of(heard) == phones_of(recogniser.recognise(pcm))
    assert not recogniser.is_amid(heard)


def phones_of(heard):
    return [segment.phones for segment in heard.claim.segments if segment.phones]


async def test_nothing_is_decoded_twice(recogniser, monkeypatch):
    utterance = Utterance(recogniser, "", bytearray(await in_a_room(COMMANDS[0], 500)))
    utterance.hear()
    heard = utterance.heard
    assert heard.is_sentence
    monkeypatch.setattr(recogniser, "recognise", None)
    utterance.pcm += noise(0.3, peak=30)
    utterance.hear()
    assert utterance.heard is heard


@pytest.fixture
def decodings(recogniser, monkeypatch):
    """The lengths, in ms, of what was decoded as a whole."""
    lengths_ms, begin = [], recogniser.begin

    def counted(pcm, wake_phrase):
        lengths_ms.append(len(pcm) * 1000 // (RATE_HZ * SAMPLE_BYTES))
        return begin(pcm, wake_phrase)

    monkeypatch.setattr(recogniser, "begin", counted)
    return lengths_ms


async def test_a_long_command_is_followed_while_it_sounds(recogniser, decodings):
    pcm = await in_a_room(LONG, 500)
    partials = listen(recogniser, pcm)
    assert (partials[-1]["text"], partials[-1]["finished"]) == (LONG, True)
    assert len(partials) > len(decodings)
    enough_ms = sounds(pcm)[0].start_ms + ENOUGH_MS
    assert sum(length_ms > enough_ms for length_ms in decodings) <= 1


async def test_to_ask_in_the_midst_of_it_does_not_break_it_off(recogniser):
    pcm = await in_a_room(LONG, 0)
    utterance = listened(recogniser, pcm[: len(pcm) * 3 // 8 * 2])
    followed = utterance.followed
    utterance.hear(ahead=True)
    assert recogniser.is_amid(followed)
    utterance.hear()
    assert not recogniser.is_amid(followed)
