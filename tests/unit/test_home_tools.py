"""The home as a model's tools: what each call does, and what the model reads of it."""

import json

import pytest
from support.house import open_house

from roomtone_server.agent.base import Request
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.responses import responses_of
from roomtone_server.agent.tools.base import ToolError
from roomtone_server.agent.tools.home import HomeTools
from roomtone_server.agent.tools.home_kinds import KINDS

KITCHEN = Request("", area="Kitchen", satellite="k1", conversation="c")
FRONT_DOOR = "Do you want me to unlock the Front Door?"


@pytest.fixture
async def house(tmp_path):
    async with open_house(tmp_path) as house:
        yield house


async def use(house, tool_name, request=KITCHEN, /, **arguments):
    (tool,) = [tool for tool in HomeTools(house.agent, house.home).tools() if tool.spec.name == tool_name]
    return await tool.call(arguments, request)


@pytest.mark.parametrize(
    ("name", "arguments", "calls"),
    [
        ("HassTurnOn", {"name": "Counter Light"}, [("light.turn_on", "light.kitchen_counter", {})]),
        ("HassTurnOn", {"name": "the counter light"}, [("light.turn_on", "light.kitchen_counter", {})]),
        ("HassTurnOn", {"name": "television"}, [("media_player.turn_on", "media_player.tv", {})]),
        (
            "HassTurnOn",
            {"domain": "light"},
            [("light.turn_on", "light.kitchen", {}), ("light.turn_on", "light.kitchen_counter", {})],
        ),
        ("HassTurnOff", {"area": "study", "domain": "light"}, [("light.turn_off", "light.desk_lamp", {})]),
        ("HassTurnOn", {"name": "Movie Night"}, [("scene.turn_on", "scene.movie_night", {})]),
        ("HassTurnOff", {"name": "Bedroom Curtains"}, [("cover.close_cover", "cover.bedroom_curtains", {})]),
        ("HassTurnOn", {"name": "Front Door"}, [("lock.lock", "lock.front_door", {})]),
        (
            "HassLightSet",
            {"name": "Kitchen Light", "brightness": "30%", "color": "red", "temperature": None},
            [("light.turn_on", "light.kitchen", {"brightness_pct": 30, "color_name": "red"})],
        ),
        (
            "HassSetPosition",
            {"name": "Living Room Blinds", "position": 40.0},
            [("cover.set_cover_position", "cover.living_room_blinds", {"position": 40})],
        ),
        (
            "HassClimateSetTemperature",
            {"temperature": 19.5},
            [("climate.set_temperature", "climate.thermostat", {"temperature": 19.5})],
        ),
        (
            "HassFanSetSpeed",
            {"area": "Bedroom", "percentage": 50},
            [("fan.set_percentage", "fan.bedroom", {"percentage": 50})],
        ),
        ("HassMediaUnpause", {}, [("media_player.media_play", "media_player.tv", {})]),
        ("HassMediaPause", {"name": "TV"}, [("media_player.media_pause", "media_player.tv", {})]),
        ("HassMediaNext", {"name": "TV"}, [("media_player.media_next_track", "media_player.tv", {})]),
        ("HassMediaPrevious", {"name": "TV"}, [("media_player.media_previous_track", "media_player.tv", {})]),
        (
            "HassMediaPlayerMute",
            {"name": "TV"},
            [("media_player.volume_mute", "media_player.tv", {"is_volume_muted": True})],
        ),
        (
            "HassMediaPlayerUnmute",
            {"area": "lounge"},
            [("media_player.volume_mute", "media_player.tv", {"is_volume_muted": False})],
        ),
        (
            "HassSetVolume",
            {"name": "TV", "volume_level": 20},
            [("media_player.volume_set", "media_player.tv", {"volume_level": 0.2})],
        ),
        (
            "HassMediaSearchAndPlay",
            {"name": "Office Speaker", "search_query": "jazz"},
            [
                (
                    "media_player.play_media",
                    "media_player.office_speaker",
                    {"media_content_id": "jazz", "media_content_type": "music"},
                )
            ],
        ),
        ("HassVacuumStart", {"name": "vacuum cleaner"}, [("vacuum.start", "vacuum.robot", {})]),
        ("HassVacuumReturnToBase", {"area": "everywhere"}, [("vacuum.return_to_base", "vacuum.robot", {})]),
        (
            "RoomtoneArm",
            {"name": "Alarm", "mode": "arm_away"},
            [("alarm_control_panel.alarm_arm_away", "alarm_control_panel.alarm", {})],
        ),
    ],
)
async def test_a_call_does_what_the_command_would(house, name, arguments, calls):
    outcome = await use(house, name, **arguments)
    assert [(call.service, call.entity, dict(call.data)) for call in outcome.acted] == calls
    assert not outcome.asks
    for _, entity, _ in calls:
        assert house.entity(entity).name in outcome.text


async def test_everywhere_is_the_whole_home(house):
    outcome = await use(house, "HassTurnOff", area="everywhere", domain="light")
    assert {call.entity for call in outcome.acted} == {
        entity.id for entity in house.home.entities() if entity.domain == "light"
    }


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("HassTurnOn", {"name": "Kichen Light"}, "perhaps: Kitchen Light"),
        ("HassTurnOn", {"name": "Outdoor Humidity"}, "nothing that can do that is called"),
        ("HassTurnOn", {}, "say a name, or one of these as domain: light, switch"),
        ("HassTurnOn", {"domain": "sensor"}, "'domain' must be one of: light, switch"),
        (
            "HassTurnOn",
            {"domain": "light", "area": "cellar"},
            "there is no area 'cellar'; there are: Kitchen, Living Room",
        ),
        ("HassTurnOn", {"name": "TV", "speed": 3}, "there is no argument 'speed'"),
        ("HassLightSet", {"name": "Kitchen Light"}, "say brightness or color or temperature"),
        ("HassLightSet", {"name": "Kitchen Light", "brightness": 130}, "'brightness' must be from 0 to 100"),
        ("HassLightSet", {"name": "Kitchen Light", "brightness": "bright"}, "'brightness' must be a number"),
        ("HassLightSet", {"name": "Kitchen Light", "brightness": float("nan")}, "'brightness' must be from"),
        ("HassLightSet", {"name": "Desk Lamp", "color": "red"}, "Desk Lamp cannot do that"),
        ("HassClimateSetTemperature", {}, "the argument 'temperature' is missing"),
        ("HassClimateSetTemperature", {"temperature": float("inf")}, "'temperature' must be"),
        ("HassSetPosition", {"position": 3, "area": "Office"}, "say a name|Office"),
        ("RoomtoneArm", {"name": "Alarm", "mode": "on"}, "'mode' must be one of: arm_away"),
        ("GetLiveContext", {"name": "swimming pool"}, "nothing in the home fits that"),
        ("GetLiveContext", {"area": "cellar"}, "there is no area 'cellar'"),
    ],
)
async def test_what_cannot_be_is_told_in_words_that_help(house, name, arguments, words):
    before = house.home.entities()
    with pytest.raises(ToolError, match=words):
        await use(house, name, **arguments)
    assert house.home.entities() == before


async def test_what_the_home_refuses_is_told(house):
    outcome = await use(house, "HassLightSet", name="Kitchen Light", color="mud")
    assert outcome.acted == ()
    assert "there is no colour mud" in outcome.text


async def test_without_a_room_the_model_must_name_one(house):
    with pytest.raises(ToolError, match="in which room"):
        await use(house, "HassTurnOn", Request(""), domain="light")


@pytest.mark.parametrize(
    ("name", "arguments", "question"),
    [
        ("HassTurnOff", {"name": "Front Door"}, FRONT_DOOR),
        ("HassTurnOn", {"name": "Garage Door"}, "Do you want me to open the Garage Door?"),
        ("HassSetPosition", {"name": "Garage Door", "position": 10}, "Do you want me to open the Garage Door?"),
        ("RoomtoneArm", {"name": "Alarm", "mode": "disarm"}, "Do you want me to disarm the Alarm?"),
    ],
)
async def test_what_is_guarded_asks_back_as_for_a_voice(house, name, arguments, question):
    before = house.home.entities()
    outcome = await use(house, name, **arguments)
    assert (outcome.asks, outcome.acted) == (question, ())
    assert house.home.entities() == before
    with pytest.raises(ToolError, match="the user has a question to answer first"):
        await use(house, "HassTurnOn", name="TV")
    yes = await house.say("yes", satellite="k1", conversation="c")
    assert len(yes.actions) == 1


async def test_it_means_what_the_model_acted_upon(house):
    await use(house, "HassTurnOn", name="Desk Lamp")
    off = await house.say("turn it off", conversation="c")
    assert off.actions == [("light.turn_off", "light.desk_lamp", {})]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({"name": "reading lamp"}, ["Reading Lamp (light, Living Room): on, brightness 50 %"]),
        ({"domain": "lock"}, ["Front Door (lock, Hallway): locked"]),
        ({"name": "lights", "area": "hall"}, ["Hallway Light (light, Hallway): off"]),
        ({"domain": "garage"}, ["Garage Door (cover, no area): closed"]),
        ({"name": "list"}, ["Shopping List (todo, no area): 2, items bread, olive oil"]),
        ({"name": "humidity"}, ["Outdoor Humidity (sensor, no area): 62 %"]),
        (
            {"name": "thermostat"},
            ["Thermostat (climate, Living Room): heat, temperature 21, measured temperature 20.5"],
        ),
    ],
)
async def test_states_are_read_as_they_are_now(house, arguments, lines):
    assert (await use(house, "GetLiveContext", **arguments)).text.splitlines() == lines


async def test_the_tools_are_those_that_the_home_has_use_for(tmp_path):
    small = tmp_path / "home.yaml"
    small.write_text("areas: [{name: Hall}]\nentities: [{id: light.hall, name: Hall Light, area: Hall}]\n")
    async with open_house(tmp_path, small) as house:
        specs = [tool.spec for tool in HomeTools(house.agent, house.home).tools()]
        assert [spec.name for spec in specs] == ["HassTurnOn", "HassTurnOff", "HassLightSet", "GetLiveContext"]
        assert "domain" not in specs[0].parameters["properties"], "there is but one"
        assert json.dumps([spec.parameters for spec in specs], sort_keys=True)


def test_every_kind_is_an_intent_of_ours_with_a_reply():
    for kind in KINDS:
        assert kind.intent in HANDLERS
        assert kind.intent in responses_of("en")._intents
