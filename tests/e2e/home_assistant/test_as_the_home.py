"""Home Assistant as the home: commands reach it, its names are followed, a restart is survived."""

import time
from contextlib import asynccontextmanager

import pytest

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import HomeGone
from roomtone.link.background import alongside
from roomtone_server.agent.base import Request, ask
from roomtone_server.bench.demo.rooms import RecordedRoom
from roomtone_server.bench.ends import both_ends, watching
from roomtone_server.bench.programs import until
from roomtone_server.bench.scene import WAKE_WORD, compose, spoken
from roomtone_server.bench.turn import COMPLETED, Turn
from roomtone_server.home.base import Order, ServiceCall
from roomtone_server.mind import open_mind
from roomtone_server.settings import ServerSettings

LIGHT = "light.kitchen_lights"
FAN = "fan.ceiling_fan"
LOCK = "lock.front_door"
UNDERSTOOD_S = 10.0
RECOVERED_S = 15.0
SOON_S = 10.0


def settings(running, **more):
    return {"engine": "home-assistant", "url": running.url, "token": running.token, **more}


@asynccontextmanager
async def mind(running, folder, **more):
    """The home and its agent, as a server has them."""
    server = ServerSettings.model_validate({"home": settings(running, **more)})
    home = engines.choose("home", server.home)
    async with open_mind(server, home, Surroundings(folder, folder)) as mind:
        yield mind


async def said(mind, text, **more):
    return await ask(mind.agent, Request(text, conversation="test", satellite="test", **more))


async def holds(what, condition, deadline_s=SOON_S):
    async def check():
        return condition() or None

    await until(what, check, deadline_s, [])


def find(home, entity_id):
    return next((entity for entity in home.entities() if entity.id == entity_id), None)


async def test_a_satellite_turns_on_the_kitchen_lights(home_assistant, tmp_path):
    await home_assistant.call("light.turn_off", LIGHT)
    room = RecordedRoom(compose(spoken(WAKE_WORD), spoken("turn on the kitchen lights")), tmp_path)
    satellite = {"name": "kitchen", "area": "Kitchen", **room.devices}
    async with both_ends(tmp_path) as ends:
        await ends.start_server(None, {"home": settings(home_assistant.running)})
        await ends.pair(satellite)
        turn = Turn()
        async with watching(ends, turn.take):
            await ends.start_satellite(satellite)
            await home_assistant.state_is(LIGHT, "on")

            async def ended():
                return turn.outcome or None

            assert await until("the turn ends", ended, SOON_S, ends.programs) in COMPLETED
    assert home_assistant.running.token not in ends.last_words


async def change_device(home_assistant, entity_id, **changes):
    """Of what is only one thing its device has the name and the area."""
    entry = await home_assistant.command("config/entity_registry/get", entity_id=entity_id)
    await home_assistant.command("config/device_registry/update", device_id=entry["device_id"], **changes)


async def test_exposed_entities_are_known_by_their_names_and_where_they_are(home_assistant, tmp_path):
    floor = await home_assistant.command("config/floor_registry/create", name="Lower", aliases=["basement"])
    larder = {"name": "Larder", "aliases": ["pantry"], "floor_id": floor["floor_id"]}
    await home_assistant.command("config/area_registry/create", **larder)
    await change_device(home_assistant, LIGHT, area_id="larder")
    async with mind(home_assistant.running, tmp_path) as our:
        light = find(our.home, LIGHT)
        assert (light.name, light.area) == ("Kitchen Lights", "Larder")
        assert find(our.home, "lock.openable_lock") is None  # which nobody has exposed
        answer = await said(our, "turn off the lights", area="pantry")
        assert [call.entity for call in answer.actions] == [LIGHT]
        await home_assistant.state_is(LIGHT, "off")
        answer = await said(our, "turn on the lights on the lower floor")
        assert [call.entity for call in answer.actions] == [LIGHT]
        await home_assistant.state_is(LIGHT, "on")


async def test_what_is_renamed_is_understood_within_ten_seconds(home_assistant, tmp_path):
    async with mind(home_assistant.running, tmp_path) as our:
        began = time.monotonic()
        await change_device(home_assistant, LIGHT, name_by_user="Evening Star")
        await holds("the device's new name is known", lambda: find(our.home, LIGHT).name == "Evening Star")
        assert (await said(our, "turn on the evening star")).understood
        assert time.monotonic() - began < UNDERSTOOD_S
        await home_assistant.state_is(LIGHT, "on")
        began = time.monotonic()
        await home_assistant.command("config/entity_registry/update", entity_id=FAN, name="Evening Breeze")
        await holds("the entity's new name is known", lambda: find(our.home, FAN).name == "Evening Breeze")
        assert (await said(our, "turn on the evening breeze")).understood
        assert time.monotonic() - began < UNDERSTOOD_S
        await home_assistant.command("config/entity_registry/update", entity_id=FAN, aliases=["Zephyr", None])
        await holds("the alias is known", lambda: find(our.home, FAN).name == "Zephyr")
        assert find(our.home, FAN).aliases == ("Evening Breeze",)


async def test_what_is_exposed_later_is_known_and_asks_back_where_it_must(home_assistant, tmp_path):
    async with mind(home_assistant.running, tmp_path) as our:
        await home_assistant.command(
            "homeassistant/expose_entity", assistants=["conversation"], entity_ids=[LOCK], should_expose=True
        )
        await holds("the lock is known", lambda: find(our.home, LOCK) is not None)
        question = await said(our, "unlock the front door")
        assert (question.actions, question.expects_answer) == ([], True)
        assert await home_assistant.state(LOCK) == "locked"
        assert [call.service for call in (await said(our, "yes")).actions] == ["lock.unlock"]
        await home_assistant.state_is(LOCK, "unlocked")


ORDERS = [
    (
        ServiceCall("light.turn_on", "light.bed_light", {"brightness_pct": 30}),
        Order("HassLightSet", {"brightness": 30}),
    ),
    (
        ServiceCall("light.turn_on", "light.bed_light", {"color_name": "green"}),
        Order("HassLightSet", {"color": "green"}, "Kitchen", "de"),
    ),
    (
        ServiceCall("cover.set_cover_position", "cover.hall_window", {"position": 40}),
        Order("HassSetPosition", {"position": 40}),
    ),
    (
        ServiceCall("climate.set_temperature", "climate.hvac", {"temperature": 19}),
        Order("HassClimateSetTemperature", {"temperature": 19}),
    ),
    (ServiceCall("media_player.media_pause", "media_player.living_room"), Order("HassMediaPause")),
    (ServiceCall("media_player.media_play", "media_player.living_room"), Order("HassMediaUnpause")),
    (
        ServiceCall("media_player.volume_set", "media_player.living_room", {"volume_level": 0.4}),
        Order("HassSetVolume", {"volume_level": 40}),
    ),
    (
        ServiceCall("fan.set_percentage", "fan.ceiling_fan", {"percentage": 66}),
        Order("HassFanSetSpeed", {"percentage": 66}),
    ),
    (
        ServiceCall("todo.add_item", "todo.shopping_list", {"item": "milk"}),
        Order("HassShoppingListAddItem", {"item": "milk"}),
    ),
    (
        ServiceCall("todo.update_item", "todo.shopping_list", {"item": "milk", "status": "completed"}),
        Order("HassListCompleteItem", {"item": "milk"}),
    ),
    (ServiceCall("vacuum.start", "vacuum.demo_vacuum_0_ground_floor"), Order("HassVacuumStart")),
]


async def test_its_own_handlers_take_what_we_understand(home_assistant, tmp_path, monkeypatch):
    async with mind(home_assistant.running, tmp_path) as our:
        connection = our.home._home._follower.connection
        asked = []
        send = connection.ask

        async def note(kind, **arguments):
            asked.append(kind)
            return await send(kind, **arguments)

        monkeypatch.setattr(connection, "ask", note)
        for call, order in ORDERS:
            await our.home.call(call, order)
        assert "call_service" not in asked
        await holds(
            "the light is green", lambda: find(our.home, "light.bed_light").attributes["rgb_color"] == [0, 255, 0]
        )
        await holds(
            "the window is there", lambda: find(our.home, "cover.hall_window").attributes["current_position"] == 40
        )
        done = [{"summary": "Milk", "status": "completed"}]
        await holds("milk is done", lambda: find(our.home, "todo.shopping_list").attributes["items"] == done)


async def test_its_services_do_what_it_has_no_handler_for(home_assistant, tmp_path):
    async with mind(home_assistant.running, tmp_path) as our:
        await said(our, "turn on the bed light")
        await said(our, "set the bed light to 50 percent")
        await home_assistant.state_is("light.bed_light", "on")
        undone = await said(our, "undo")
        assert undone.actions
        await said(our, "remove milk from the shopping list")
        await holds("milk is gone", lambda: find(our.home, "todo.shopping_list").attributes["items"] == [])


async def test_a_restart_is_said_and_survived(home_assistant, tmp_path):
    async with mind(home_assistant.running, tmp_path) as our:
        await home_assistant.disconnect()
        home_assistant.running.restart()
        await holds("it is missed", lambda: our.home.fault() is not None, 60)
        with pytest.raises(HomeGone):
            await our.home.call(ServiceCall("light.turn_on", LIGHT))
        assert "cannot reach your home" in (await said(our, "turn on the bed light")).reply
        await home_assistant.connect()
        back = time.monotonic()
        await holds("it is found again", lambda: our.home.fault() is None, RECOVERED_S)
        await holds("its lights are known", lambda: find(our.home, "light.bed_light") is not None, RECOVERED_S)
        await said(our, "turn off the bed light")
        await home_assistant.state_is("light.bed_light", "off")
        assert time.monotonic() - back < RECOVERED_S


async def test_a_token_that_was_taken_back_is_said(home_assistant, tmp_path):
    choice = EngineChoice("home-assistant", {"url": home_assistant.running.url, "token": "not-a-token"})
    home = engines.choose("home", choice).make(Surroundings(tmp_path, tmp_path))
    await home.start()
    assert "refuses the token" in home.fault()
    await home.close()


async def test_its_tools_serve_the_model_but_for_those_that_ask_back(home_assistant, tmp_path):
    pytest.importorskip("mcp")
    await home_assistant.add("mcp_server")
    running = home_assistant.running
    choice = EngineChoice("mcp", {"preset": "home-assistant", "url": running.url, "api_key": running.token})
    toolbox = engines.choose("tools", choice).make(Surroundings(tmp_path, tmp_path))
    await toolbox.start(lambda: ())
    async with alongside(toolbox.tend(lambda: None)):
        await holds("its tools are listed", toolbox.tools)
        tools = {tool.spec.name.rpartition("__")[2]: tool for tool in toolbox.tools()}
        assert "HassBroadcast" in tools
        assert "HassTurnOff" not in tools
        items = await tools["get_items"].call({"todo_list": "Shopping list"}, Request("what is on it"))
        assert "items" in items.text
    await toolbox.close()


async def test_what_we_do_not_understand_its_own_agent_answers(home_assistant, tmp_path):
    async with mind(home_assistant.running, tmp_path, fallback="home-assistant") as our:
        assert (await said(our, "broadcast dinner is ready")).reply == "Done"
        assert not (await said(our, "colourless green ideas sleep furiously")).understood


async def test_it_tells_who_administers_it(home_assistant, tmp_path):
    you = await home_assistant.command("auth/current_user")
    guest = await home_assistant.command("config/auth/create", name="Guest", group_ids=["system-users"])
    async with mind(home_assistant.running, tmp_path) as our:
        administrators = await our.home.administrators()
    assert you["id"] in administrators
    assert guest["user"]["id"] not in administrators
