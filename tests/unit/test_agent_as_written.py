"""What is kept of a command keeps its punctuation."""

import pytest
from support.house import open_house

from roomtone_server.agent.as_written import as_written


@pytest.mark.parametrize(
    ("fact", "text", "written"),
    [
        ("dinner is at 12 30", "Remember that dinner is at 12:30.", "dinner is at 12:30"),
        ("my mail is bob@x org", "remember my mail is bob@x.org", "my mail is bob@x.org"),
        ("the code is blue not red", 'remember: the code is "blue (not red)"!', 'the code is "blue (not red)"'),
        ("the heating is on at 20 percent", "remember the heating is on at 20 %", "the heating is on at 20 %"),
        ("a  b", "remember a,\n b", "a, b"),
        ("what nobody wrote", "remember something else", "what nobody wrote"),
        ("a.*", "remember axx, and a.*", "a.*"),
        ("", "remember", ""),
    ],
)
def test_free_words_are_as_they_were_written(fact, text, written):
    slots = {"fact": fact, "name": "dinner is at 12 30", "count": 3}
    assert as_written(slots, text, "en") == slots | {"fact": written}


async def test_what_is_told_comes_back_as_it_was_told(tmp_path):
    async with open_house(tmp_path) as house:
        for text in ("Remember that dinner is at 12:30.", "add 1.5 l of milk, fresh, to my shopping list, please."):
            assert (await house.say(text)).finished.understood, text
        assert (await house.say("what do you remember")).reply == "You told me: dinner is at 12:30."
        assert (await house.say("what's on my shopping list")).reply.endswith("olive oil and 1.5 l of milk, fresh")
        said = await house.say('Remind me tomorrow at 18:30. Call "Bob (the plumber)"; bring the key!')
        assert said.reply == 'I will remind you tomorrow at 6:30 PM: Call "Bob (the plumber)"; bring the key.'
