"""What is kept, with a language model: the sentences come first, the tools do the same, and what was told is shown."""

import pytest
from support.scripted_model import ScriptedModel, call, thinking_house

from roomtone.errors import EngineError
from roomtone_server.agent.tools.weather import WeatherSettings, WeatherTools


@pytest.fixture
def model():
    return ScriptedModel()


def situation(model, number=-1):
    return model.asked[number].messages[-1].text


async def test_a_reminder_in_words_that_no_sentence_has(tmp_path, model):
    model.will_answer(call("RoomtoneAddReminder", what="feed the cat", when="tomorrow at 7 am"))
    model.will_answer("I will think of the cat.")
    async with thinking_house(tmp_path, model) as house:
        assert (await house.say("make sure that I feed the cat tomorrow at seven")).reply == "I will think of the cat."
        assert model.asked[-1].messages[-1].text == "I will remind you tomorrow at 7 AM: feed the cat."
        assert (await house.say("what are my reminders")).reply == "Reminders: tomorrow at 7 AM: feed the cat."


async def test_a_time_that_nobody_understands_is_told_to_the_model_which_may_try_again(tmp_path, model):
    model.will_answer(call("RoomtoneAddReminder", what="feed the cat", when="when the moon is full"))
    model.will_answer(call("RoomtoneAddReminder", what="feed the cat", when="2026-03-03 19:00"))
    model.will_answer("Noted.")
    async with thinking_house(tmp_path, model) as house:
        await house.say("make sure that I feed the cat when the moon is full")
        assert "Please say when" in model.asked[1].messages[-1].text
        assert (await house.say("what are my reminders")).reply == "Reminders: on Tuesday at 7 PM: feed the cat."


async def test_a_question_sets_no_reminder(tmp_path, model):
    model.will_answer(call("RoomtoneAddReminder", what="feed the cat", when="tomorrow at 7"))
    model.will_answer("You have not said.")
    async with thinking_house(tmp_path, model) as house:
        await house.say("when should I feed the cat?")
        assert (await house.say("what are my reminders")).reply == "There are no reminders."


async def test_what_was_told_stands_in_the_part_that_changes_and_never_in_the_prefix(tmp_path, model):
    model.always = ["Under the pot."]
    async with thinking_house(tmp_path, model) as house:
        await house.say("who am I")
        await house.say("remember that the spare key is under the pot")
        assert (await house.say("where is the spare key")).reply == "Under the pot."
        assert "The user asked to be remembered: the spare key is under the pot." in situation(model)
    first, second = model.asked
    assert first.system == second.system
    assert first.tools == second.tools
    assert "spare key" not in second.system


async def test_where_the_model_fails_what_was_told_is_found_by_its_words(tmp_path, model):
    model.always = [EngineError("no model")]
    async with thinking_house(tmp_path, model) as house:
        await house.say("remember that the spare key is under the pot")
        assert (await house.say("where is the spare key")).reply == "You told me: the spare key is under the pot."


async def test_tools_of_the_settings_stand_behind_ours(tmp_path, model):
    toolbox = WeatherTools(WeatherSettings())
    model.will_answer(call("HassGetWeather"))
    model.will_answer("Fair enough.")
    async with thinking_house(tmp_path, model, more=[toolbox]) as house:
        await toolbox.start(house.home.entities)
        assert (await house.say("do I need an umbrella")).reply == "Fair enough."
    assert model.asked[0].tools[-1].name == "HassGetWeather"
    assert model.asked[1].messages[-1].text == "Weather: partlycloudy, temperature 14"


@pytest.mark.parametrize(
    ("text", "excuse"),
    [
        ("remind me to call mum", "Please say when"),
        ("remind me every day at 8 to take pills", "Sorry, I can remind you once only."),
        ("delete the reminder about the cat", "Sorry, I couldn't find that reminder."),
        ("forget about the moon", "You told me nothing about that."),
        ("what's the weather", "Sorry, nothing in your home knows the weather."),
    ],
)
async def test_what_the_sentences_cannot_do_a_model_may(tmp_path, model, text, excuse):
    home = tmp_path / "home.yaml"
    home.write_text("areas: [{name: Kitchen}]\nentities: [{id: light.kitchen, name: Kitchen Light, area: Kitchen}]\n")
    async with thinking_house(tmp_path, model, file=home) as house:
        model.will_answer("Let me see.")
        assert (await house.say(text)).reply == "Let me see."
        model.will_answer(EngineError("no model"))
        assert (await house.say(text)).reply.startswith(excuse)
