"""The virtual home: its file and what is wrong in it, its services, what it keeps."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone.errors import HomeError
from roomtone_server.home.base import ServiceCall
from roomtone_server.home.services import SERVICES
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUSE = """
areas:
  - name: Den
entities:
  - {id: light.lamp, name: Lamp, area: Den, color: true}
  - {id: light.bulb, name: Bulb, dimmable: false}
  - {id: light.plain, name: Plain}
  - {id: climate.stove, name: Stove, state: heat, temperature: 20, min_temp: 5, max_temp: 25, fan_modes: [low, high]}
  - {id: cover.gate, name: Gate, device_class: gate}
  - {id: lock.door, name: Door}
  - {id: media_player.radio, name: Radio, state: paused, volume_level: 0.5}
  - {id: fan.fan, name: Fan}
  - {id: todo.list, name: List, items: [milk, bread]}
  - {id: script.loop, name: Loop, calls: [{service: script.turn_on, entity: script.loop}]}
  - id: scene.dark
    name: Dark
    calls: [{service: light.turn_off, entity: light.lamp}, {service: lock.lock, entity: lock.door}]
"""


@pytest.fixture
def house(tmp_path):
    """Makes the home of a text, again and again over the same state folder."""

    def make(text=HOUSE):
        file = tmp_path / "house.yaml"
        file.write_text(text)
        return VirtualHome(VirtualHomeSettings(file=file), Surroundings(tmp_path, tmp_path), now=lambda: NOON)

    return make


def find(home, entity_id):
    return next(entity for entity in home.entities() if entity.id == entity_id)


async def test_without_a_file_it_is_the_example_home(tmp_path):
    home = choose("home", EngineChoice()).make(Surroundings(tmp_path, tmp_path))
    await home.start()
    assert {area.name for area in home.areas()} >= {"Kitchen", "Living Room"}
    assert find(home, "light.kitchen").area == "Kitchen"
    vocabularies = [vocabulary async for vocabulary in home.changes()]
    assert [thing.id for thing in vocabularies[0].things] == [entity.id for entity in home.entities()]
    await home.close()


async def test_every_scene_and_script_of_the_example_home_works(tmp_path):
    home = choose("home", EngineChoice()).make(Surroundings(tmp_path, tmp_path))
    await home.start()
    for entity in home.entities():
        if entity.domain in {"scene", "script"}:
            await home.call(ServiceCall(f"{entity.domain}.turn_on", entity.id))
    assert find(home, "light.reading_lamp").state == "off"
    await home.close()


CALLS = [
    ("light.turn_on", "light.lamp", {}, "on", {"brightness": 255}),
    ("light.turn_on", "light.lamp", {"brightness_pct": 30}, "on", {"brightness": 76}),
    ("light.turn_on", "light.lamp", {"brightness_step_pct": -25}, "off", {"brightness": 0}),
    ("light.turn_on", "light.lamp", {"color_name": "green"}, "on", {"rgb_color": [0, 128, 0]}),
    ("light.turn_on", "light.lamp", {"color_temp_kelvin": 2700}, "on", {"color_temp_kelvin": 2700, "rgb_color": None}),
    ("light.toggle", "light.lamp", {}, "on", {"brightness": 255}),
    ("light.turn_on", "light.bulb", {}, "on", {}),
    ("climate.set_temperature", "climate.stove", {"temperature": 22.5}, "heat", {"temperature": 22.5}),
    ("climate.set_fan_mode", "climate.stove", {"fan_mode": "low"}, "heat", {"fan_mode": "low"}),
    ("climate.turn_off", "climate.stove", {}, "off", {}),
    ("cover.open_cover", "cover.gate", {}, "open", {"current_position": 100}),
    ("cover.set_cover_position", "cover.gate", {"position": 40}, "open", {"current_position": 40}),
    ("cover.set_cover_position", "cover.gate", {"position": 0}, "closed", {"current_position": 0}),
    ("cover.toggle", "cover.gate", {}, "open", {"current_position": 100}),
    ("lock.unlock", "lock.door", {}, "unlocked", {}),
    ("media_player.media_play", "media_player.radio", {}, "playing", {}),
    ("media_player.media_next_track", "media_player.radio", {}, "playing", {"media_track": 2}),
    ("media_player.media_previous_track", "media_player.radio", {}, "playing", {"media_track": 1}),
    ("media_player.volume_set", "media_player.radio", {"volume_level": 0.2}, "paused", {"volume_level": 0.2}),
    ("media_player.volume_up", "media_player.radio", {}, "paused", {"volume_level": 0.6}),
    ("media_player.volume_mute", "media_player.radio", {"is_volume_muted": True}, "paused", {"is_volume_muted": True}),
    ("fan.set_percentage", "fan.fan", {"percentage": 60}, "on", {"percentage": 60}),
    ("scene.turn_on", "scene.dark", {}, NOON.isoformat(), {}),
]


@pytest.mark.parametrize(("service", "entity", "data", "state", "attributes"), CALLS)
async def test_a_service_leads_to_a_state(house, service, entity, data, state, attributes):
    home = house()
    await home.start()
    await home.call(ServiceCall(service, entity, data))
    after = find(home, entity)
    assert after.state == state
    assert {name: after.attributes[name] for name in attributes} == attributes
    await home.close()


async def test_a_list_takes_items_completes_and_loses_them(house):
    home = house()
    await home.start()
    await home.call(ServiceCall("todo.add_item", "todo.list", {"item": "Salt"}))
    await home.call(ServiceCall("todo.update_item", "todo.list", {"item": "MILK", "status": "completed"}))
    await home.call(ServiceCall("todo.remove_item", "todo.list", {"item": "bread"}))
    assert find(home, "todo.list").attributes["items"] == [
        {"summary": "milk", "status": "completed"},
        {"summary": "Salt", "status": "needs_action"},
    ]
    assert find(home, "todo.list").state == "1"
    await home.close()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (ServiceCall("light.turn_on", "light.ghost"), "there is no entity light.ghost"),
        (ServiceCall("light.explode", "light.lamp"), "light.lamp has no service light.explode; it has: light.turn_on"),
        (ServiceCall("lock.lock", "light.lamp"), "light.lamp has no service lock.lock"),
        (ServiceCall("light.turn_on", "light.lamp", {"brightness_pct": 101}), "brightness_pct: .* 100"),
        (ServiceCall("light.turn_on", "light.lamp", {"color_name": "puce"}), "no colour puce; known are: black"),
        (ServiceCall("light.turn_on", "light.lamp", {"colour": "red"}), "light.turn_on on light.lamp: colour"),
        (ServiceCall("light.turn_on", "light.plain", {"color_name": "red"}), "Plain has no colours"),
        (ServiceCall("light.turn_on", "light.bulb", {"brightness_pct": 5}), "Bulb can only be switched on and off"),
        (ServiceCall("climate.set_temperature", "climate.stove", {"temperature": 26}), "Stove takes 5 to 25 degrees"),
        (
            ServiceCall("climate.set_fan_mode", "climate.stove", {"fan_mode": "top"}),
            "no fan mode top; it has low, high",
        ),
        (ServiceCall("todo.remove_item", "todo.list", {"item": "eggs"}), "eggs is not on List"),
        (ServiceCall("script.turn_on", "script.loop"), "script.loop calls itself"),
    ],
)
async def test_a_refused_call_says_why_and_changes_nothing(house, call, message):
    home = house()
    await home.start()
    before = home.entities()
    with pytest.raises(HomeError, match=message):
        await home.call(call)
    assert home.entities() == before
    await home.close()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{id: light.x, name: X, area: Attic}", "line 5: light.x: there is no area 'Attic'; known: Den"),
        ("{id: light.x, name: X}\n  - {id: light.x, name: Y}", "line 5: the entity light.x is there 2 times"),
        ("{id: lamp.x, name: X}", "line 5: lamp.x: there is no domain 'lamp'; known are: alarm"),
        ("{id: light.x, name: X, state: lit}", "a light has no state 'lit'; its states are: off, on"),
        ("{id: light.x, name: X, brightness: 300}", "line 5: light.x: brightness: .*255"),
        ("{id: light.x, name: X, volume_level: 0.3}", "a light has no volume_level; its attributes are: brightness"),
        ("{id: cover.x, name: X, device_class: garge}", "cover has no device_class 'garge'; known are: awning"),
        ("{id: light.x, name: X, colour: true}", "light.x: colour: Extra inputs are not permitted"),
        ("{id: light.x}", "light.x: name: Field required"),
        ("{id: Light X, name: X}", "Light X: id: String should match"),
        ("{id: scene.x, name: X, calls: [{service: light.turn_on, entity: light.y}]}", "scene.x calls light.y, which"),
        ("just words", "line 5: entity 0: "),
        ("{", "is not YAML"),
    ],
)
async def test_a_mistake_in_the_file_is_one_clear_sentence(house, line, message):
    home = house(f"areas:\n  - name: Den\n\nentities:\n  - {line}\n")
    with pytest.raises(HomeError, match=message) as caught:
        await home.start()
    assert "house.yaml" in str(caught.value)
    await home.close()


async def test_a_file_that_is_missing_is_named(tmp_path):
    home = VirtualHome(VirtualHomeSettings(file=tmp_path / "none.yaml"), Surroundings(tmp_path, tmp_path))
    with pytest.raises(HomeError, match=r"none\.yaml cannot be read"):
        await home.start()
    await home.close()


async def test_states_outlive_a_restart_and_a_removed_entity_is_forgotten(house, tmp_path):
    home = house()
    await home.start()
    async with asyncio.TaskGroup() as tasks:
        for call in (
            ServiceCall("light.turn_on", "light.lamp", {"color_name": "red"}),
            ServiceCall("lock.unlock", "lock.door"),
            ServiceCall("todo.add_item", "todo.list", {"item": "salt"}),
        ):
            tasks.create_task(home.call(call))
    before = home.entities()
    await home.close()
    again = house()
    await again.start()
    assert again.entities() == before
    smaller = house(
        HOUSE.replace("  - {id: lock.door, name: Door}\n", "").replace(", {service: lock.lock, entity: lock.door}", "")
    )
    await smaller.start()
    await smaller.call(ServiceCall("light.turn_off", "light.lamp"))
    for each in (again, smaller):
        await each.close()
    assert "lock.door" not in json.loads((tmp_path / "virtual-home.json").read_text())


async def test_what_the_file_says_anew_of_an_untouched_attribute_stands(house):
    home = house()
    await home.start()
    await home.call(ServiceCall("climate.set_temperature", "climate.stove", {"temperature": 22}))
    await home.close()
    edited = house(HOUSE.replace("max_temp: 25", "max_temp: 30"))
    await edited.start()
    assert find(edited, "climate.stove").attributes["temperature"] == 22
    assert find(edited, "climate.stove").attributes["max_temp"] == 30
    await edited.close()


@pytest.mark.parametrize("content", ["{", "[]", '{"light.lamp": 3}', '{"light.lamp": {"state": "on"}}'])
async def test_damaged_states_are_named_with_what_to_do(house, tmp_path, content):
    (tmp_path / "virtual-home.json").write_text(content)
    home = house()
    with pytest.raises(HomeError, match=r"virtual-home\.json are damaged: delete the file"):
        await home.start()
    await home.close()


class SlowDisk(ThreadPoolExecutor):
    """Takes nothing until it is let."""

    def __init__(self):
        super().__init__(1)
        self.lets = threading.Event()
        self.writes = 0

    def submit(self, work, *arguments):
        def delayed():
            self.lets.wait()
            self.writes += 1
            return work(*arguments)

        return super().submit(delayed)


async def test_no_call_waits_for_the_disk_and_those_that_come_during_a_write_share_the_next(tmp_path):
    around, disk = Surroundings(tmp_path, tmp_path), SlowDisk()
    disk.lets.set()
    home = VirtualHome(VirtualHomeSettings(), around, executor=disk)
    await home.start()
    disk.lets.clear()
    disk.writes = 0
    for percent in (10, 20, 30, 40):
        await home.call(ServiceCall("light.turn_on", "light.kitchen", {"brightness_pct": percent}))
    left = home.entities()
    disk.lets.set()
    await home.close()
    assert disk.writes == 2
    disk.shutdown()
    again = VirtualHome(VirtualHomeSettings(), around)
    await again.start()
    assert again.entities() == left
    await again.close()


async def test_states_that_could_not_be_kept_are_a_home_error_of_the_next_call(house, tmp_path, caplog):
    home = house()
    await home.start()
    (tmp_path / "virtual-home.new").mkdir()
    await home.call(ServiceCall("lock.unlock", "lock.door"))
    await home._states.settled()
    for _ in range(2):
        with pytest.raises(HomeError, match="cannot be kept: Is a directory"):
            await home.call(ServiceCall("lock.unlock", "lock.door"))
        await home._states.settled()
    assert caplog.text.count("cannot be kept") == 1
    (tmp_path / "virtual-home.new").rmdir()
    with pytest.raises(HomeError):
        await home.call(ServiceCall("lock.lock", "lock.door"))
    await home._states.settled()
    await home.call(ServiceCall("lock.lock", "lock.door"))
    await home.close()
    assert json.loads((tmp_path / "virtual-home.json").read_text())["lock.door"]["state"] == "locked"


JUNK = st.dictionaries(
    st.sampled_from(["brightness_pct", "rgb_color", "temperature", "position", "item", "volume_level", "x"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=4),
    max_size=3,
)


@settings(max_examples=30, deadline=None)
@given(calls=st.lists(st.tuples(st.sampled_from([*SERVICES, "x.y", ""]), st.integers(0, 10), JUNK), max_size=20))
def test_only_home_errors_escape_from_any_call(tmp_path_factory, calls):
    folder = tmp_path_factory.mktemp("house")
    (folder / "house.yaml").write_text(HOUSE)

    async def run():
        home = VirtualHome(VirtualHomeSettings(file=folder / "house.yaml"), Surroundings(folder, folder))
        await home.start()
        for service, number, data in calls:
            try:
                await home.call(ServiceCall(service, home.entities()[number].id, data))
            except HomeError:
                continue
        left = home.entities()
        await home.close()
        again = VirtualHome(VirtualHomeSettings(file=folder / "house.yaml"), Surroundings(folder, folder))
        await again.start()
        assert again.entities() == left
        await again.close()

    asyncio.run(run())
