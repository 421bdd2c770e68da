"""The agent with a language model: who answers, what is done, what is remembered."""

import asyncio
from contextlib import aclosing

import pytest
from support.house import open_house
from support.scripted_model import ScriptedModel, call, thinking_house

from roomtone.errors import EngineError
from roomtone_server.agent.base import Request, Said
from roomtone_server.agent.thinking.history import INTERRUPTED
from roomtone_server.agent.thinking.rounds import ONLY_ASKED

FAILED = "Sorry, I cannot think just now: my language model does not answer. I still know the commands of your home."
UNLOCK = [("lock.unlock", "lock.front_door", {})]


@pytest.fixture
def model():
    return ScriptedModel()


def told(model, number=-1):
    """The messages of one request, as (role, text); the last without the situation around it."""
    *before, last = [(each.role, each.text) for each in model.asked[number].messages]
    return [*before, (last[0], last[1].rpartition("\n\n")[2])]


async def test_a_command_of_the_home_needs_no_model(tmp_path, model):
    async with thinking_house(tmp_path, model) as house:
        done = await house.say("turn on the kitchen light")
    assert (done.reply, model.asked) == ("Turned on the light", [])


async def test_what_no_intent_knows_is_the_models(tmp_path, model):
    model.will_answer("Because of ", "the sky. ", "Really.")
    async with thinking_house(tmp_path, model) as house:
        done = await house.say("why is the sea blue")
    assert done.reply == "Because of the sky. Really."
    assert done.finished.understood
    assert not done.finished.expects_answer


async def test_the_model_acts_with_the_homes_tools_and_reads_what_came_of_it(tmp_path, model):
    model.will_answer(call("HassLightSet", name="Kitchen Light", brightness=30), call("HassTurnOff", "c2", name="TV"))
    model.will_answer("It is cosy now.")
    async with thinking_house(tmp_path, model) as house:
        done = await house.say("make it cosy")
    assert done.actions == [
        ("light.turn_on", "light.kitchen", {"brightness_pct": 30}),
        ("media_player.turn_off", "media_player.tv", {}),
    ]
    assert done.reply == "It is cosy now."
    first, second = model.asked[1].messages[-2:]
    assert first.text == "Brightness set (done: Kitchen Light)"
    assert (second.role, second.answers.id) == ("tool", "c2")


async def test_nothing_is_asked_before_it_is_certain_that_somebody_wants_to_know(tmp_path, model):
    async with thinking_house(tmp_path, model) as house:
        prepared = await house.agent.prepare(Request("why is the sea blue"))
    assert (prepared.speculative, prepared.reply, prepared.intent, model.asked) == (False, None, None, [])


async def test_llm_first_asks_the_model_even_for_commands(tmp_path, model):
    model.will_answer("I'd rather not.")
    async with thinking_house(tmp_path, model, order="llm-first") as house:
        assert (await house.say("turn on the kitchen light")).reply == "I'd rather not."
        assert (await house.say("stop")).finished.ends_silently, "that is not worth a thought"


async def test_a_command_that_the_model_cannot_carry_out_is_the_intents_after_all(tmp_path, model):
    model.will_answer(EngineError("it is gone"))
    async with thinking_house(tmp_path, model, order="llm-first") as house:
        done = await house.say("turn on the kitchen light", conversation="c")
        assert done.actions == [("light.turn_on", "light.kitchen", {})]
        assert house.agent._faults == {"llm": "it is gone"}
        model.will_answer("Yes.")
        await house.say("did it work", conversation="c")
        assert house.agent._faults == {}
    assert told(model)[:2] == [("user", "turn on the kitchen light"), ("assistant", "Turned on the light")]


@pytest.mark.parametrize(("steps", "reply"), [([], FAILED), (["It is"], f"It is {FAILED}")])
async def test_a_model_that_fails_is_apologised_for(tmp_path, model, steps, reply):
    model.will_answer(*steps, EngineError("it is gone"))
    async with thinking_house(tmp_path, model) as house:
        done = await house.say("why is the sea blue")
        assert (done.reply, done.finished.understood) == (reply, False)
        assert house.agent._faults == {"llm": "it is gone"}


async def test_a_model_that_has_nothing_to_say_is_apologised_for(tmp_path, model):
    model.will_answer()
    async with thinking_house(tmp_path, model) as house:
        done = await house.say("why is the sea blue")
    assert (done.reply, done.finished.understood) == ("Sorry, I have no answer to that.", False)


async def test_a_model_that_acts_without_a_word_has_answered(tmp_path, model):
    model.will_answer(call("HassTurnOn", name="Desk Lamp"))
    model.will_answer()
    async with thinking_house(tmp_path, model) as house:
        done = await house.say("i want to write a letter")
    assert (done.reply, done.finished.understood) == ("Done.", True)


async def test_what_must_be_asked_back_is_asked_by_the_house_and_done_after_a_yes(tmp_path, model):
    model.will_answer("Sure. ", call("HassTurnOff", name="Front Door"))
    async with thinking_house(tmp_path, model) as house:
        asked = await house.say("let the guests in", conversation="c")
        assert asked.reply == "Sure. \n\nDo you want me to unlock the Front Door?"
        assert asked.finished.expects_answer
        assert asked.actions == []
        assert (await house.say("yes", conversation="c")).actions == UNLOCK
        assert (await house.say("yes", conversation="other")).reply == "There was no question."
        model.will_answer("They are in.")
        await house.say("are they in", conversation="c")
    assert len(model.asked) == 2, "the question was the end of the answer"
    assert told(model) == [
        ("user", "let the guests in"),
        ("assistant", "Sure. "),
        ("tool", "not done: the user is asked: Do you want me to unlock the Front Door?"),
        ("assistant", "Do you want me to unlock the Front Door?"),
        ("user", "yes"),
        ("assistant", "Unlocking"),
        ("user", "are they in"),
    ]


async def test_only_one_question_is_asked_at_a_time(tmp_path, model):
    model.will_answer(call("HassTurnOff", name="Front Door"), call("HassTurnOn", "c2", name="Garage Door"))
    async with thinking_house(tmp_path, model) as house:
        asked = await house.say("open everything", conversation="c")
        assert asked.reply == "Do you want me to unlock the Front Door?"
        assert (await house.say("yes", conversation="c")).actions == UNLOCK
        assert house.entity("cover.garage_door").state == "closed"


async def test_a_question_of_the_houses_is_over_when_the_model_answers_something_else(tmp_path, model):
    model.will_answer("Nobody knows.")
    async with thinking_house(tmp_path, model) as house:
        await house.say("unlock the front door", conversation="c")
        await house.say("why is it dark", conversation="c")
        model.will_answer("What do you mean?")
        done = await house.say("yes", conversation="c")
    assert (done.actions, done.reply) == ([], "What do you mean?")


async def test_yes_to_a_question_of_the_models_is_the_models(tmp_path, model):
    model.will_answer("It is dark. Do you want me to turn on the Desk Lamp?")
    model.will_answer(call("HassTurnOn", name="Desk Lamp"))
    model.will_answer("There you are.")
    async with thinking_house(tmp_path, model) as house:
        assert (await house.say("i cannot read", conversation="c")).finished.expects_answer
        done = await house.say("yes please", conversation="c")
    assert done.actions == [("light.turn_on", "light.desk_lamp", {})]


async def test_what_the_intents_cannot_know_the_model_may(tmp_path, model):
    model.will_answer("The Reading Lamp is best.")
    model.will_answer(call("HassTurnOn", name="Reading Lamp"))
    model.will_answer("It is on.")
    async with thinking_house(tmp_path, model) as house:
        await house.say("where do i read best", conversation="c")
        done = await house.say("turn it on", conversation="c")
    assert done.actions == [("light.turn_on", "light.reading_lamp", {})]


async def test_a_tool_that_only_a_question_leads_to_is_not_used(tmp_path, model):
    model.will_answer(call("HassTurnOn", name="Desk Lamp"), call("GetLiveContext", "c2", name="Desk Lamp"))
    model.will_answer("It is off.")
    async with thinking_house(tmp_path, model) as house:
        done = await house.say("did anybody forget the desk lamp")
    assert (done.actions, done.reply) == ([], "It is off.")
    refused, read = model.asked[1].messages[-2:]
    assert (refused.text, read.text) == (ONLY_ASKED, "Desk Lamp (light, Office): off")


async def test_both_remember_one_conversation(tmp_path, model):
    model.will_answer("That was the light.")
    async with thinking_house(tmp_path, model) as house:
        await house.say("turn on the kitchen light", conversation="c")
        await house.say("turn off the desk lamp", conversation="other")
        await house.say("nevermind", conversation="c")
        await house.say("what was that noise", conversation="c")
    assert told(model) == [
        ("user", "turn on the kitchen light"),
        ("assistant", "Turned on the light"),
        ("user", "nevermind"),
        ("assistant", "[nothing was said]"),
        ("user", "what was that noise"),
    ]


@pytest.mark.parametrize("order", ["intents-first", "llm-first"])
async def test_a_conversation_is_forgotten_when_that_is_wished(tmp_path, model, order):
    async with thinking_house(tmp_path, model, order=order) as house:
        model.will_answer("The Desk Lamp is for you.")
        await house.say("where do i read best", conversation="c")
        await house.say("undo", conversation="c")
        assert (await house.say("forget this conversation", conversation="c")).reply == "Forgotten."
        model.will_answer("I have not the faintest.")
        await house.say("turn it on", conversation="c")
    assert told(model) == [("user", "turn it on")]


async def test_what_the_model_said_and_did_can_be_said_again_and_taken_back(tmp_path, model):
    model.will_answer(call("HassTurnOn", name="Desk Lamp"), call("HassTurnOff", "c2", name="Reading Lamp"))
    model.will_answer("There ", "you are.")
    async with thinking_house(tmp_path, model, order="llm-first") as house:
        await house.say("i want to write", conversation="c")
        assert (await house.say("repeat that", conversation="c")).reply == "There you are."
        await house.say("undo", conversation="c")
        assert (house.entity("light.desk_lamp").state, house.entity("light.reading_lamp").state) == ("off", "on")


async def test_of_a_reply_that_was_interrupted_what_was_heard_is_remembered(tmp_path, model):
    model.will_answer("Once upon a time there was a **small** house. ", asyncio.Event())
    async with thinking_house(tmp_path, model) as house:
        prepared = await house.agent.prepare(Request("a story please", conversation="c"))
        async with aclosing(house.agent.commit(prepared)) as parts:
            assert isinstance(await anext(parts), Said)
        assert model.open == 0, "the model's server has stopped too"
        model.will_answer("Of course.")
        again = Request("shorter please", conversation="c", cut_short="Once upon a time there was a small")
        async with aclosing(house.agent.commit(await house.agent.prepare(again))) as parts:
            assert [part.text async for part in parts if isinstance(part, Said)] == ["Of course."]
    assert told(model) == [
        ("user", "a story please"),
        ("assistant", f"Once upon a time there was a small {INTERRUPTED}"),
        ("user", "shorter please"),
    ]


async def test_what_was_heard_of_something_else_changes_no_reply(tmp_path, model):
    """A timer rang, and was silenced."""
    model.will_answer("It is seven.")
    model.will_answer("Eight.")
    async with thinking_house(tmp_path, model) as house:
        await house.say("tell me something", conversation="c")
        request = Request("and now", conversation="c", cut_short="Your timer")
        async with aclosing(house.agent.commit(await house.agent.prepare(request))) as parts:
            _ = [part async for part in parts]
    assert ("assistant", "It is seven.") in told(model)


async def test_nothing_said_is_no_question_to_a_model(tmp_path, model):
    async with thinking_house(tmp_path, model, order="llm-first") as house:
        assert not (await house.say("  ")).finished.understood


async def test_without_a_model_the_intents_answer_alone(tmp_path):
    async with open_house(tmp_path) as house:
        assert "No language model is set up" in (await house.say("why is the sea blue")).reply
