"""What every home promises: the virtual one, and one that is a Home Assistant's."""

from contextlib import aclosing, asynccontextmanager

import pytest
from support.home_assistant_double import SOON_S, serving

from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone.errors import HomeError
from roomtone_server.bench.programs import until
from roomtone_server.home.base import Order, ServiceCall
from roomtone_server.home.ducking import DuckingHome
from roomtone_server.home.home_assistant.engine import HomeAssistant
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.ducked import SqliteDuckedStore


@asynccontextmanager
async def virtual(folder):
    home = choose("home", EngineChoice("virtual")).make(Surroundings(folder, folder))
    await home.start()
    yield home
    await home.close()


@asynccontextmanager
async def home_assistant(folder):
    async with virtual(folder) as behind, serving(behind) as double:
        choice = EngineChoice("home-assistant", double.settings())
        home = choose("home", choice).make(Surroundings(folder, folder))
        await home.start()
        yield home
        await home.close()


@asynccontextmanager
async def ducking(folder):
    """In which somebody talks all the time."""
    async with Database.open(folder / FILE_NAME) as database:
        behind = choose("home", EngineChoice("virtual")).make(Surroundings(folder, folder))
        home = DuckingHome(behind, 0.3, SqliteDuckedStore(database))
        await home.start()
        for area in home.areas():
            home.talk_began(area.name)
        yield home
        await home.close()


HOMES = pytest.mark.parametrize(
    "opened", [virtual, home_assistant, ducking], ids=["virtual", "home-assistant", "ducking"]
)


def find(home, entity_id):
    return next(entity for entity in home.entities() if entity.id == entity_id)


async def seen(home, entity_id, state):
    """What a home does is told of at once; of one on another machine it has still to arrive."""

    async def is_so():
        entity = find(home, entity_id)
        return entity if entity.state == state else None

    return await until(f"{entity_id} is {state}", is_so, SOON_S, [])


@HOMES
async def test_it_knows_areas_and_entities_and_has_no_fault(opened, tmp_path):
    async with opened(tmp_path) as home:
        assert home.fault() is None
        assert {"Kitchen", "Living Room"} <= {area.name for area in home.areas()}
        assert next(area for area in home.areas() if area.name == "Living Room").aliases == ("lounge",)
        light = find(home, "light.kitchen")
        assert (light.name, light.area, light.state) == ("Kitchen Light", "Kitchen", "off")
        known = home.area_of_device(f"device of {light.id}")
        assert known == ("Kitchen" if isinstance(home, HomeAssistant) else None), "it has no devices"
        assert home.area_of_device("of nobody") is None
        assert find(home, "media_player.tv").aliases == ("television",)
        assert find(home, "cover.garage_door").device_class == "garage"
        assert [each["summary"] for each in find(home, "todo.shopping_list").attributes["items"]] == [
            "bread",
            "olive oil",
        ]


@HOMES
async def test_its_words_are_those_of_its_entities(opened, tmp_path):
    async with opened(tmp_path) as home:
        async with aclosing(home.changes()) as changes:
            words = await anext(changes)
        assert {thing.id for thing in words.things} == {entity.id for entity in home.entities()}
        assert {area.names[0] for area in words.areas} == {area.name for area in home.areas()}


@HOMES
async def test_a_service_changes_a_state(opened, tmp_path):
    async with opened(tmp_path) as home:
        await home.call(ServiceCall("light.turn_on", "light.kitchen", {"brightness_pct": 30}))
        assert (await seen(home, "light.kitchen", "on")).attributes["brightness"] == 76
        await home.call(ServiceCall("light.turn_off", "light.kitchen"))
        await seen(home, "light.kitchen", "off")


ORDERS = [
    (ServiceCall("light.turn_on", "light.kitchen"), Order("HassTurnOn", {"area": "Kitchen"}, "Kitchen"), "on"),
    (ServiceCall("lock.unlock", "lock.front_door"), Order("HassTurnOff", {"name": "Front Door"}), "unlocked"),
    (
        ServiceCall("light.turn_on", "light.kitchen", {"brightness_pct": 30}),
        Order("HassLightSet", {"name": "Kitchen Light", "brightness": 30}, "Kitchen", "en"),
        "on",
    ),
    (
        ServiceCall("todo.add_item", "todo.shopping_list", {"item": "milk"}),
        Order("HassShoppingListAddItem", {"item": "milk"}),
        "3",
    ),
    (ServiceCall("scene.turn_on", "scene.movie_night"), Order("RoomtoneUndo"), None),
]


@HOMES
@pytest.mark.parametrize(("call", "order", "state"), ORDERS, ids=[order.intent for _, order, _ in ORDERS])
async def test_an_order_does_what_its_call_does(opened, tmp_path, call, order, state):
    async with opened(tmp_path) as home:
        await home.call(call, order)
        if state is not None:
            await seen(home, call.entity, state)


@HOMES
async def test_an_item_of_a_list_is_found_however_it_is_written(opened, tmp_path):
    async with opened(tmp_path) as home:
        await home.call(ServiceCall("todo.remove_item", "todo.shopping_list", {"item": "Olive Oil"}))
        await seen(home, "todo.shopping_list", "1")


@HOMES
@pytest.mark.parametrize(
    "call",
    [
        ServiceCall("light.turn_on", "light.no_such_light"),
        ServiceCall("light.explode", "light.kitchen"),
        ServiceCall("light.turn_on", "light.kitchen", {"brightness_pct": 300}),
        ServiceCall("todo.remove_item", "todo.shopping_list", {"item": "caviar"}),
    ],
)
async def test_what_cannot_be_done_is_refused_and_changes_nothing(opened, tmp_path, call):
    async with opened(tmp_path) as home:
        before = home.entities()
        with pytest.raises(HomeError):
            await home.call(call)
        assert home.entities() == before


@HOMES
async def test_it_can_be_closed_twice(opened, tmp_path):
    async with opened(tmp_path) as home:
        await home.close()
        await home.close()
