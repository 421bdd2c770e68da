"""Whether a command sounds as if it had ended: what the recogniser makes of a pause."""

import pytest
from support.sound import noise
from support.vocabularies import SMALL
from support.voice import spoken

from roomtone.ears.formats import FRAME_BYTES, RATE_HZ, SAMPLE_BYTES
from roomtone_server.engines.stt.sphinx.listener import Utterance
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser
from roomtone_server.engines.stt.sphinx.speech import sounds
from roomtone_server.grammar.compiler import compile_automaton

COMMANDS = ["turn on the ceiling light", "turn off the radio", "lock the front door"]
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


async def test_following_gives_the_same_whatever_else_was_heard_meanwhile(recogniser):
    """Another satellite's utterance takes the decoder in between."""
    pcm, other = await in_a_room(COMMANDS[0], 400), await in_a_room(COMMANDS[1], 400)
    first_bytes = len(pcm) - 20 * FRAME_BYTES
    heard = recogniser.recognise(pcm[:first_bytes])
    undisturbed = [recogniser.follow(pcm[:end], "", heard) for end in range(first_bytes, len(pcm), FRAME_BYTES)]
    disturbed = []
    for end in range(first_bytes, len(pcm), FRAME_BYTES):
        assert recogniser.recognise(other).text == COMMANDS[1]
        disturbed.append(recogniser.follow(pcm[:end], "", heard))
    assert disturbed == undisturbed
    assert not undisturbed[0].is_finished
    assert undisturbed[-1].is_finished
    assert undisturbed[-1].text == COMMANDS[0]
    assert [segment.phones for segment in undisturbed[-1].claim.segments if segment.phones] == [
        segment.phones for segment in recogniser.recognise(pcm).claim.segments if segment.phones
    ]
