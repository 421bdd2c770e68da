"""Recorded commands, in echo, noise and behind clicks, reach their intents: the embedded recogniser and the agent."""

from collections import Counter

import pytest
from support import recorded
from support.house import open_house

from roomtone_server.agent.base import Request
from roomtone_server.engines.stt.sphinx.phone_loop import PhoneLoop
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser
from roomtone_server.grammar.compiler import compile_automaton

# Fewer than what bench/recogniser.py measures, so that a new sentence does not fail this at once: 33 and 12.
ENOUGH = {"generated": 31, "recorded": 10}


@pytest.fixture
async def house(recordings, tmp_path):
    async with open_house(tmp_path, recordings / "home.yaml") as house:
        yield house


async def test_most_commands_reach_their_intent(recordings, house):
    recogniser = Recogniser(compile_automaton(await anext(house.home.changes())))

    async def meaning(text):
        intent = (await house.agent.prepare(Request(text, area="Kitchen"))).intent
        return intent and (intent.name, intent.slots)

    reached = Counter()
    for command in recorded.commands(recordings):
        if command.language == "en" and command.text:
            heard = recogniser.recognise(command.samples().tobytes())
            text = heard.text if heard is not None and heard.is_sentence else ""
            expected = await meaning(command.text)
            assert expected is not None, command.text
            reached[command.kind] += await meaning(text) == expected
    assert all(reached[kind] >= enough for kind, enough in ENOUGH.items()), reached


async def test_the_command_of_the_demo_is_heard_word_by_word(recordings, house):
    recogniser = Recogniser(compile_automaton(await anext(house.home.changes())))
    clip = recorded.read(recordings / "commands" / "en" / "1309fe628b.wav")
    heard = recogniser.recognise(clip.tobytes())
    assert heard is not None
    assert heard.text == "turn on lights in the kitchen"


async def test_what_is_heard_does_not_depend_on_what_was_heard_before(recordings, house):
    recogniser, loop = Recogniser(compile_automaton(await anext(house.home.changes()))), PhoneLoop()
    clips = [each.samples().tobytes() for each in recorded.commands(recordings) if each.language == "en"][:6]

    def heard(pcm):
        loop.begin(pcm, 0)
        return recogniser.recognise(pcm, "okay nabu"), loop.segments()

    first = [heard(pcm) for pcm in clips]
    for pcm in reversed(clips):
        heard(pcm[: len(pcm) // 3 * 2])
    assert [heard(pcm) for pcm in clips] == first
