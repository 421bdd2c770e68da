"""What the demo says of the home before and after a turn."""

import pytest

from roomtone.engines import Surroundings
from roomtone.errors import UsageError
from roomtone_server.bench.demo.states import changes
from roomtone_server.bench.home import read_home
from roomtone_server.home.base import ServiceCall
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "home.yaml"
    path.write_text(
        """
areas: [{name: Attic}, {name: Kitchen}]
entities:
  - {id: light.kitchen, name: Kitchen Light, area: Kitchen}
  - {id: light.attic, name: Attic Light, area: Attic, state: "on", brightness: 10}
"""
    )
    return path


async def after(file, state, *calls):
    home = VirtualHome(VirtualHomeSettings(file=file), Surroundings(state, state))
    await home.start()
    for call in calls:
        await home.call(call)
    await home.close()
    return await read_home(file, state)


async def test_a_changed_state_is_told_with_what_it_was(file, tmp_path):
    before = await read_home(file, tmp_path / "state")
    now = await after(file, tmp_path / "state", ServiceCall("light.turn_on", "light.kitchen"))
    (line,) = changes(before, now, ["light.kitchen"])
    assert line.startswith("Kitchen Light (light.kitchen): off → on")


async def test_a_changed_attribute_is_told_too(file, tmp_path):
    before = await read_home(file, tmp_path / "state")
    now = await after(file, tmp_path / "state", ServiceCall("light.turn_on", "light.attic", {"brightness": 200}))
    assert changes(before, now, []) == ["Attic Light (light.attic): on, brightness 200"]


async def test_what_was_acted_upon_is_told_even_when_nothing_changed(file, tmp_path):
    home = await read_home(file, tmp_path / "state")
    assert changes(home, home, ["light.attic", "light.gone"]) == ["Attic Light (light.attic): on"]
    assert changes(home, home, []) == []


async def test_the_satellite_stands_in_an_area_of_the_home(file, tmp_path):
    home = await read_home(file, tmp_path / "state")
    assert home.area(None) == "Kitchen"
    assert home.area("attic") == "Attic"
    with pytest.raises(UsageError, match=r"no area 'Cellar'; it has: Attic, Kitchen"):
        home.area("Cellar")


async def test_the_example_home_has_a_kitchen_with_a_light(tmp_path):
    home = await read_home(None, tmp_path / "state")
    assert home.area(None) == "Kitchen"
    assert home.entities["light.kitchen"].name == "Kitchen Light"
