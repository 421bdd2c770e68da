"""Thirty commands to the home of the recordings, with what they must lead to; and the commands that were recorded."""

import json

import pytest
from support.house import NOON, open_house

ON, OFF = {"state": "on"}, {"state": "off"}

# What is said in the Kitchen, one after the other; the states that must follow (`state`, or an attribute), or what the
# reply must contain. "yes" answers the question before it.
THIRTY = [
    (
        "turn on the lights",
        {"light.kitchen_ceiling": {**ON, "brightness": 255}, "light.standing_light": OFF},
        "the lights",
    ),
    ("set the kitchen lights to thirty percent", {"light.kitchen_ceiling": {**ON, "brightness": 76}}, "Brightness set"),
    ("dim the lights", {"light.kitchen_ceiling": {**ON, "brightness": 12}}, "Brightness changed"),
    ("set kitchen lights to green", {"light.kitchen_ceiling": {"rgb_color": [0, 128, 0]}}, "Color set"),
    ("turn off the lights in here", {"light.kitchen_ceiling": OFF}, "Turned off the lights"),
    ("turn Bed Light on", {"light.bed_light": ON}, "Turned on the light"),
    ("set Bed Light brightness to 50 %", {"light.bed_light": {**ON, "brightness": 128}}, "Brightness set"),
    ("toggle the standing light", {"light.standing_light": ON}, "Done"),
    ("how many lights are on", {}, "2"),
    ("which lights are on", {}, "Bed Light and Standing Light"),
    ("switch off all the lights", {"light.bed_light": OFF, "light.standing_light": OFF}, "all of the lights"),
    ("set EcoBee to 22.5 degrees", {"climate.ecobee": {"temperature": 22.5}}, "Temperature set to 22.5 degrees"),
    ("what's the temperature of the EcoBee", {}, "20.5 degrees"),
    ("close the windows in the office", {"cover.office_windows": {"state": "closed"}}, "Closing the windows"),
    ("is any window open", {"cover.kitchen_windows": {"state": "open"}}, "Yes, Kitchen Windows"),
    (
        "set the office blinds to forty percent",
        {"cover.office_blinds": {"state": "open", "current_position": 40}},
        "set",
    ),
    ("open the garage door", {"cover.garage_door": {"state": "closed"}}, "Do you want me to open the Garage Door?"),
    ("yes", {"cover.garage_door": {"state": "open"}}, "Opening"),
    ("unlock the front door", {"lock.front_door": {"state": "locked"}}, "Do you want me to unlock the Front Door?"),
    ("okay, do it", {"lock.front_door": {"state": "unlocked"}}, "Unlocking"),
    ("is the front door locked", {}, "No, unlocked"),
    ("lock the front door", {"lock.front_door": {"state": "locked"}}, "Locking"),
    ("pause", {"media_player.tv": {"state": "paused"}}, "Paused"),
    ("resume the TV", {"media_player.tv": {"state": "playing"}}, "Resumed"),
    ("set the TV volume to 30 percent", {"media_player.tv": {"volume_level": 0.3}}, "Volume set"),
    ("activate mood lighting", {"scene.mood_lighting": {"state": NOON.isoformat()}}, "Activated"),
    ("run party time script", {"script.party_time": {"last_triggered": NOON.isoformat()}}, "Started"),
    ("add oat milk to my shopping list", {"todo.shopping_list": {"state": "1"}}, "Added oat milk"),
    ("what's the New York weather", {}, "21 °C and sunny"),
    ("set a timer for 5 minutes", {}, "Timer set for 5 minutes"),
]


async def test_thirty_commands_lead_to_their_states(recordings, tmp_path):
    assert len(THIRTY) == 30
    async with open_house(tmp_path, recordings / "home.yaml") as house:
        for text, states, reply in THIRTY:
            outcome = await house.say(text)
            assert reply in outcome.reply, text
            for entity_id, wanted in states.items():
                entity = house.entity(entity_id)
                found = {name: entity.state if name == "state" else entity.attributes.get(name) for name in wanted}
                assert found == wanted, text


def spoken(recordings):
    lines = (recordings / "commands" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    clips = [json.loads(line) for line in lines]
    return [clip["text"] for clip in clips if clip["language"] == "en" and clip["text"]]


async def test_every_recorded_english_command_is_understood(recordings, tmp_path):
    texts = spoken(recordings)
    assert len(texts) == 49
    async with open_house(tmp_path, recordings / "home.yaml") as house:
        for text in texts:
            outcome = await house.say(text)
            assert outcome.intent is not None, text
            assert outcome.finished.understood, text


@pytest.mark.parametrize(
    "text", ["turn on lights in the Kitchen", "TURN ON LIGHTS IN THE KITCHEN.", "please turn on the lights"]
)
async def test_turning_on_the_lights_says_so(recordings, tmp_path, text):
    async with open_house(tmp_path, recordings / "home.yaml") as house:
        outcome = await house.say(text)
        assert outcome.actions == [("light.turn_on", "light.kitchen_ceiling", {})]
        assert outcome.reply == "Turned on the lights"
