"""Where one command ends and the next begins."""

import pytest
from support.house import open_house

from roomtone_server.agent.base import Request
from roomtone_server.agent.several import MAX_PIECES, divided

COMMANDS = {
    "turn on the kitchen light",
    "turn on the bedroom light",
    "turn on the salt and pepper lamp",
    "turn on the salt",
    "close the blinds",
    "set the lamp to 5",
    "set the fan to 5",
    "set the tv to 5",
    "play jazz",
}
NAMES = {"kitchen", "kitchen light", "bedroom", "bedroom light", "salt and pepper lamp", "lamp", "fan", "tv"}


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("close the blinds", ["close the blinds"]),
        ("close the blinds and play jazz", ["close the blinds", "play jazz"]),
        ("Close the blinds, then play jazz.", ["Close the blinds", "play jazz."]),
        (
            "close the blinds. Play jazz and then close the blinds",
            ["close the blinds", "Play jazz", "close the blinds"],
        ),
        ("turn on the salt and pepper lamp and play jazz", ["turn on the salt and pepper lamp", "play jazz"]),
        ("turn on the kitchen and the bedroom light", ["turn on the kitchen light", "turn on the bedroom light"]),
        ("turn on the kitchen light and bedroom light", ["turn on the kitchen light", "turn on the bedroom light"]),
        ("set the lamp, the fan and the tv to 5", ["set the lamp to 5", "set the fan to 5", "set the tv to 5"]),
        ("set the lamp and the fan to 5 and play jazz", ["set the lamp to 5", "set the fan to 5", "play jazz"]),
        ("close the blinds and", []),
        ("close the blinds and dance", []),
        ("dance and close the blinds", []),
        ("turn on the stove and the bedroom light", []),
        ("play jazz and " * 5 + "play jazz", []),
        ("", []),
    ],
)
def test_the_fewest_commands_that_make_up_all_of_it_are_meant(text, commands):
    said = [each.strip(".") for each in divided(text, "en", NAMES, lambda each: each.strip(".").casefold() in COMMANDS)]
    assert said == [each.strip(".") for each in commands]


def test_a_long_story_is_not_tried_in_every_way():
    asked = []
    divided("and then ".join(["he came "] * (MAX_PIECES + 1)), "en", NAMES, lambda text: bool(asked.append(text)))
    assert len(asked) == 1


@pytest.fixture
async def house(tmp_path):
    async with open_house(tmp_path) as house:
        yield house


@pytest.mark.parametrize(
    ("text", "reply", "actions"),
    [
        (
            "lights off and close the blinds",
            "Turned off the lights. Closing the blinds.",
            [
                "light.turn_off light.living_room",
                "light.turn_off light.reading_lamp",
                "cover.close_cover cover.living_room_blinds",
            ],
        ),
        (
            "turn on the kitchen light and set the living room to 20 degrees",
            "Turned on the light. Temperature set to 20 degrees.",
            ["light.turn_on light.kitchen", "climate.set_temperature climate.thermostat"],
        ),
        (
            "Turn off the TV, then lock the door.",
            "Turned off the TV. Locking.",
            ["media_player.turn_off media_player.tv", "lock.lock lock.front_door"],
        ),
        (
            "turn off the kitchen and the bedroom light",
            "Turned off the light",
            ["light.turn_off light.kitchen", "light.turn_off light.bedroom"],
        ),
        (
            "turn on the desk lamp and make it 30 percent",
            "Turned on the light. Brightness set.",
            ["light.turn_on light.desk_lamp", "light.turn_on light.desk_lamp"],
        ),
        (
            "play jazz on the tv and turn off the desk lamp",
            "Playing media. Turned off the light.",
            ["media_player.play_media media_player.tv", "light.turn_off light.desk_lamp"],
        ),
        ("play rock and roll on the tv", "Playing media", ["media_player.play_media media_player.tv"]),
        ("add milk and eggs to my shopping list", "Added milk and eggs", ["todo.add_item todo.shopping_list"]),
        (
            "add milk and eggs to my shopping list and turn off the desk lamp",
            "Added milk and eggs. Turned off the light.",
            ["todo.add_item todo.shopping_list", "light.turn_off light.desk_lamp"],
        ),
        (
            "set the desk lamp to fifty percent and set a timer for ten minutes",
            "Brightness set. Timer set for ten minutes.",
            ["light.turn_on light.desk_lamp"],
        ),
        (
            "turn off the desk lamp and set a salt and pepper timer for ten minutes",
            "Turned off the light. Timer set for ten minutes named salt and pepper.",
            ["light.turn_off light.desk_lamp"],
        ),
        ("is the front door locked and is the reading lamp on", "Yes. Yes.", []),
    ],
)
async def test_each_is_carried_out_in_turn_and_answered_in_a_sentence(house, text, reply, actions):
    outcome = await house.say(text, area="Living Room")
    assert (outcome.reply, [f"{service} {entity}" for service, entity, _ in outcome.actions]) == (reply, actions)


@pytest.mark.parametrize("text", ["turn on the light and the fan", "turn on light and fan", "light and fan on"])
async def test_kinds_are_joined_as_names_are(house, text):
    outcome = await house.say(text, area="Bedroom")
    assert outcome.reply == "Turned on the lights. Turned on the fans."
    assert [entity for _, entity, _ in outcome.actions] == ["light.bedroom", "fan.bedroom"]


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("turn on the kitchen light and close the blinds", "Sorry, I am not aware of any blinds in the Kitchen area"),
        (
            "turn on the kitchen light and turn on the disco ball",
            "Sorry, I am not aware of any device called disco ball",
        ),
        ("turn on the kitchen light and do a dance", "Sorry, I did not understand that."),
        ("yes and turn on the kitchen light", "Sorry, I did not understand that."),
        ("turn on the kitchen light and undo", "Sorry, I did not understand that."),
    ],
)
async def test_all_of_it_is_understood_or_nothing_is_done(house, text, reply):
    outcome = await house.say(text)
    assert outcome.reply.startswith(reply)
    assert outcome.actions == []


async def test_whatever_asks_back_is_asked_once_and_a_yes_does_all(house):
    asked = await house.say("turn on the kitchen light, unlock the front door and open the garage door")
    assert asked.reply == "Do you want me to unlock the Front Door and open the Garage Door?"
    assert asked.finished.expects_answer
    assert asked.actions == []
    done = await house.say("yes")
    assert done.reply == "Turned on the light. Unlocking. Opening."
    assert [service for service, _, _ in done.actions] == ["light.turn_on", "lock.unlock", "cover.open_cover"]


async def test_several_may_be_meant_for_later(house):
    outcome = await house.say("turn off the reading lamp and lock the door in five minutes")
    assert (outcome.reply, outcome.actions) == ("Command will be executed in five minutes", [])
    [timer] = house.agent._kept.timers.all()
    due = await house.agent._rung(timer, Request(""))
    assert due.text == "Turned off the light. Locking."
    assert house.entity("light.reading_lamp").state == "off"


async def test_what_asks_back_later_asks_now(house):
    asked = await house.say("turn off the reading lamp and unlock the door in five minutes")
    assert asked.reply == "Do you want me to unlock the Front Door later?"
    await house.say("yes")
    [timer] = house.agent._kept.timers.all()
    assert timer.confirmed
