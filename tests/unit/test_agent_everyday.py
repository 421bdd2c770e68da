"""Other ways to say it: what people say where another sentence would have done."""

import pytest
from support.house import open_house

UNKNOWN = "Sorry, I did not understand that. No language model is set up, so I only know the commands of your home."

# Said in the Kitchen of the example home: what is called, and the whole reply.
EVERYDAY = [
    ("are the lights on", [], "No"),
    ("are the lights on in the living room", [], "Yes, Reading Lamp"),
    ("are the lights off in the kitchen", [], "Yes"),
    ("turn on the coffee machine", [("switch.turn_on", "switch.coffee_machine", {})], "Turned on the Coffee Machine"),
    ("turn off the tv", [("media_player.turn_off", "media_player.tv", {})], "Turned off the TV"),
    ("is the tv on", [], "Yes"),
    ("is the tv off", [], "No, paused"),
    ("is the thermostat on", [], "Yes"),
    ("is the heating on", [], "Yes, Thermostat"),
    ("is the alarm on", [], "No, disarmed"),
    (
        "set the kitchen light to half brightness",
        [("light.turn_on", "light.kitchen", {"brightness_pct": 50})],
        "Brightness set",
    ),
    (
        "turn the reading lamp down",
        [("light.turn_on", "light.reading_lamp", {"brightness_step_pct": -25})],
        "Brightness changed",
    ),
    ("turn the reading lamp back on", [("light.turn_on", "light.reading_lamp", {})], "Turned on the light"),
    ("turn off the reading lamp again", [("light.turn_off", "light.reading_lamp", {})], "Turned off the light"),
    (
        "dim the living room",
        [("light.turn_on", "light.reading_lamp", {"brightness_step_pct": -25})],
        "Brightness changed",
    ),
    (
        "turn the bedroom lights to warm white",
        [("light.turn_on", "light.bedroom", {"color_temp_kelvin": 2700})],
        "Color temperature set",
    ),
    ("make it warmer", [("climate.set_temperature", "climate.thermostat", {"temperature": 22})], "22 degrees"),
    (
        "turn down the thermostat",
        [("climate.set_temperature", "climate.thermostat", {"temperature": 20})],
        "20 degrees",
    ),
    ("turn the heating off", [("climate.turn_off", "climate.thermostat", {})], "Turned off the heating"),
    (
        "open the living room blinds halfway",
        [("cover.set_cover_position", "cover.living_room_blinds", {"position": 50})],
        "Position set",
    ),
    ("close all the blinds", [("cover.close_cover", "cover.living_room_blinds", {})], "Closing the blinds"),
    ("open the garage", [], "Do you want me to open the Garage Door?"),
    ("open all the garage doors", [], "Do you want me to open the Garage Door?"),
    ("is the garage open", [], "No"),
    ("is the window open", [], "No"),
    ("are the windows closed", [], "Yes"),
    ("lock the doors", [("lock.lock", "lock.front_door", {})], "Locking"),
    ("unlock the door", [], "Do you want me to unlock the Front Door?"),
    ("is the door locked", [], "Yes"),
    ("what's the status of the front door", [], "Front door is locked"),
    ("play some music", [("media_player.media_play", "media_player.tv", {})], "Resumed"),
    (
        "turn up the tv volume",
        [("media_player.volume_set", "media_player.tv", {"volume_level": 0.4})],
        "Volume set",
    ),
    ("start movie night", [("scene.turn_on", "scene.movie_night", {})], "Activated"),
    ("start vacuuming", [("vacuum.start", "vacuum.robot", {})], "Started"),
    ("send the robot home", [("vacuum.return_to_base", "vacuum.robot", {})], "Returning"),
    ("read me my shopping list", [], "On Shopping List: bread and olive oil"),
    (
        "remove olive oil",
        [("todo.remove_item", "todo.shopping_list", {"item": "olive oil"})],
        "Removed olive oil",
    ),
    ("delete the caviar", [], "the caviar is not on Shopping List."),
    (
        "clear the shopping list",
        [
            ("todo.remove_item", "todo.shopping_list", {"item": "bread"}),
            ("todo.remove_item", "todo.shopping_list", {"item": "olive oil"}),
        ],
        "Shopping List is empty now",
    ),
    (
        "delete everything from the list",
        [
            ("todo.remove_item", "todo.shopping_list", {"item": "bread"}),
            ("todo.remove_item", "todo.shopping_list", {"item": "olive oil"}),
        ],
        "Shopping List is empty now",
    ),
    ("what do I need to buy", [], "On Shopping List: bread and olive oil"),
    (
        "take olive oil off my shopping list",
        [("todo.remove_item", "todo.shopping_list", {"item": "olive oil"})],
        "Removed olive oil",
    ),
    ("dock the robot", [("vacuum.return_to_base", "vacuum.robot", {})], "Returning"),
    ("turn off the music", [], "Nothing is playing."),
    ("that's all", [], ""),
    ("what day is it", [], "Sunday, March 1"),
    ("what is the temperature outside", [], "14 °C and partly cloudy"),
    ("is it raining", [], "14 °C and partly cloudy"),
    ("thank you", [], "You are welcome."),
    ("help", [], "Try: turn on the lights. Set a timer for five minutes. What's the weather?"),
    ("set a timer", [], "Please say for how long, as in: set a timer for five minutes."),
    ("wake me up in 20 minutes", [], "Timer set for 20 minutes"),
    ("start a timer for an hour and a half", [], "Timer set for 1 hour and 30 minutes"),
    ("set a timer for 10 minutes for the eggs", [], "Timer set for 10 minutes named eggs"),
    ("how many timers do i have", [], "3 running timers."),
    ("add a minute to the eggs timer", [], "1 minute added to timer named eggs"),
    ("start a 30 minute pasta timer", [], "Timer set for 30 minutes named pasta"),
    ("set a laundry timer for half an hour", [], "Timer set for 30 minutes named laundry"),
    ("clear all timers", [], "Canceled 5 timers."),
    ("set timer 10 minutes", [], "Timer set for 10 minutes"),
    ("extend my timer by 5 minutes", [], "5 minutes added to timer"),
    ("check the timer", [], "15 minutes left."),
    ("delete the timer", [], "Timer cancelled"),
    ("do i have any timers", [], "No timers."),
]


LIGHTS = ["kitchen", "kitchen_counter", "living_room", "reading_lamp", "bedroom", "desk_lamp", "hallway"]


@pytest.mark.parametrize("said", ["turn {} all the lights", "turn all lights {}", "all lights {}"])
@pytest.mark.parametrize("state", ["on", "off"])
async def test_all_lights_are_those_of_the_home(tmp_path, said, state):
    async with open_house(tmp_path) as house:
        outcome = await house.say(said.format(state))
        assert outcome.actions == [(f"light.turn_{state}", f"light.{name}", {}) for name in LIGHTS]
        assert outcome.reply == f"Turned {state} all of the lights"


async def test_back_is_part_of_a_name_where_it_stands_in_one(tmp_path):
    async with open_house(tmp_path) as house:
        outcome = await house.say("unlock the back door")
        assert outcome.reply == "Sorry, I am not aware of any device called back door"
        assert not outcome.finished.understood


async def test_each_is_carried_out_and_answered(tmp_path):
    async with open_house(tmp_path) as house:
        for text, actions, reply in EVERYDAY:
            async with house.as_new():
                outcome = await house.say(text)
            assert outcome.actions == actions, text
            assert reply in outcome.reply, text
            assert outcome.finished.understood, text


@pytest.mark.parametrize(
    "text",
    [
        "did I leave the lights on",
        "why is the kitchen light on",
        "should I turn on the lights",
        "don't turn on the lights",
        "do not unlock the door",
        "who turned on the kitchen light",
        "set the kitchen light to 150 percent",
    ],
)
async def test_what_is_no_command_does_nothing_and_finds_no_strangers(tmp_path, text):
    async with open_house(tmp_path) as house:
        outcome = await house.say(text)
        assert (outcome.actions, outcome.reply, outcome.finished.understood) == ([], UNKNOWN, False)


async def test_a_player_that_does_not_tell_how_loud_it_is_takes_its_own_step(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text("entities: [{id: media_player.radio, name: Radio, state: playing}]")
    async with open_house(tmp_path, file) as house:
        assert (await house.say("volume up")).actions == [("media_player.volume_up", "media_player.radio", {})]
        assert (await house.say("volume down")).actions == [
            ("media_player.volume_set", "media_player.radio", {"volume_level": 0.5})
        ]


async def test_a_thermostat_that_is_set_to_nothing_cannot_be_set_warmer(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text("entities: [{id: climate.stove, name: Stove, state: heat}]")
    async with open_house(tmp_path, file) as house:
        assert (await house.say("make it warmer")).reply == "Sorry, no device supports the required features"
