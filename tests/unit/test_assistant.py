"""The agent with a language model: who answers, what is done, what is remembered."""


import pytest
from support.scripted_model import ScriptedModel, call, thinking_house


@pytest.fixture
def model():
    return ScriptedModel()


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
