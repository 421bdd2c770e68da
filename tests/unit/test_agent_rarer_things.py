"""What people say to the domains that the example home has none of, and what becomes of it."""

from support.house import open_house

RARE_HOME = """
areas: [{name: Kitchen}, {name: Barn}, {name: Loft}]
entities:
  - {id: vacuum.robot, name: Dusty, area: Barn}
  - {id: lawn_mower.mower, name: Bella}
  - {id: climate.stove, name: Stove, area: Barn, state: heat, fan_modes: [low, high]}
  - {id: sensor.loft, name: Loft Thermometer, area: Loft, device_class: temperature, state: 17.5, unit: °C}
  - {id: media_player.radio, name: Radio, area: Barn, state: playing, volume_level: 0.5}
  - {id: media_player.stereo, name: Stereo, area: Loft, state: idle}
  - {id: light.bulb, name: Bulb, area: Loft, dimmable: false}
  - {id: light.strip, name: Strip, area: Barn, state: "on", brightness: 200}
  - {id: light.spot, name: Spot, area: Barn}
  - {id: todo.chores, name: Chores, items: [dishes]}
  - {id: valve.water, name: Water}
  - {id: button.bell, name: Bell}
  - {id: cover.barn, name: Barn Blind, area: Barn, device_class: blind, state: open}
"""

RARE_COMMANDS = [
    ("start dusty", [("vacuum.start", "vacuum.robot", {})], "Started"),
    ("return dusty to base", [("vacuum.return_to_base", "vacuum.robot", {})], "Returning"),
    ("clean the loft with dusty", [("vacuum.start", "vacuum.robot", {})], "Cleaning loft"),
    ("mow the lawn", [("lawn_mower.start_mowing", "lawn_mower.mower", {})], "Started"),
    ("dock bella", [("lawn_mower.dock", "lawn_mower.mower", {})], "Docking"),
    (
        "set stove fan mode to low",
        [("climate.set_fan_mode", "climate.stove", {"fan_mode": "low"})],
        "Fan mode set to low",
    ),
    ("what's the temperature in the loft", [], "17.5 degrees"),
    ("what's the temperature of the stove", [], "Sorry, Stove does not say how warm it is."),
    ("skip this song", [("media_player.media_next_track", "media_player.radio", {})], "Playing next"),
    ("go back", [("media_player.media_previous_track", "media_player.radio", {})], "Playing previous"),
    ("quieter", [("media_player.volume_set", "media_player.radio", {"volume_level": 0.4})], "Volume set"),
    ("mute", [("media_player.volume_mute", "media_player.radio", {"is_volume_muted": True})], "Muted"),
    ("unmute the radio", [("media_player.volume_mute", "media_player.radio", {"is_volume_muted": False})], "Unmuted"),
    ("play jazz", [], "Sorry, more than one device matched your request"),
    ("is the radio playing", [], "Yes"),
    ("set loft brightness to 10 percent", [], "Sorry, Bulb cannot do that."),
    ("set barn lights to blue", [], "Sorry, no device supports the required features"),
    ("dim the barn lights", [("light.turn_on", "light.strip", {"brightness_step_pct": -25})], "Brightness changed"),
    ("toggle the barn lights", [("light.turn_off", "light.strip", {}), ("light.turn_on", "light.spot", {})], "Done"),
    ("add sweeping to my chores", [("todo.add_item", "todo.chores", {"item": "sweeping"})], "Added sweeping"),
    ("add milk to the shopping list", [("todo.add_item", "todo.chores", {"item": "milk"})], "Added milk"),
    ("open the water", [("valve.open_valve", "valve.water", {})], "Opening"),
    ("close the water", [("valve.close_valve", "valve.water", {})], "Closing"),
    ("press the bell", [("button.press", "button.bell", {})], "Pressed"),
    ("stop the barn blinds", [("cover.stop_cover", "cover.barn", {})], "Stopped"),
    ("turn on the stereo in the barn", [], "Sorry, I am not aware of any device called Stereo in the Barn area"),
    ("what's the weather", [], "Sorry, nothing in your home knows the weather."),
    ("open the curtains", [], "Sorry, I am not aware of any curtains in the Kitchen area"),
    ("is the strip on", [], "No, off"),
]


async def test_rarer_things_are_spoken_to_as_well(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(RARE_HOME, encoding="utf-8")
    async with open_house(tmp_path, file) as house:
        for text, actions, reply in RARE_COMMANDS:
            outcome = await house.say(text)
            assert (outcome.reply, outcome.actions) == (reply, actions), text
