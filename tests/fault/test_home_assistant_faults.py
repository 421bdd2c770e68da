"""A Home Assistant that refuses, vanishes, comes back, stumbles, or sends what it should not."""

import asyncio
import logging
from contextlib import aclosing, asynccontextmanager

import pytest
from support.home_assistant_double import TOKEN, serving

from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone.errors import HomeError, HomeGone
from roomtone.link.security import make_certificate
from roomtone_server.health import Health
from roomtone_server.home.base import Order, ServiceCall
from roomtone_server.home.home_assistant import connection, follower
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings

ON = ServiceCall("light.turn_on", "light.kitchen")
OFF = ServiceCall("light.turn_off", "light.kitchen")


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """What is waited for between two tries is not what is tested."""
    monkeypatch.setattr(follower, "FIRST_REST_S", 0.01)
    monkeypatch.setattr(follower, "LONGEST_REST_S", 0.02)
    monkeypatch.setattr(follower, "SETTLE_S", 0.0)


@asynccontextmanager
async def there(folder):
    home = VirtualHome(VirtualHomeSettings(), Surroundings(folder, folder))
    await home.start()
    async with serving(home) as double:
        yield double
    await home.close()


@asynccontextmanager
async def entered(double, **more):
    folder = double.home._kept_path.parent
    home = choose("home", EngineChoice("home-assistant", double.settings(**more))).make(Surroundings(folder, folder))
    try:
        await home.start()
        yield home
    finally:
        await home.close()


def find(home, entity_id):
    return next(entity for entity in home.entities() if entity.id == entity_id)


async def test_a_renamed_entity_has_other_words(tmp_path):
    async with there(tmp_path) as double, entered(double) as home, aclosing(home.changes()) as changes:
        await anext(changes)
        await double.rename("light.kitchen", "Sun")
        await double.has(lambda: find(home, "light.kitchen").name == "Sun")
        words = await anext(changes)
        assert "Sun" in {thing.names[0] for thing in words.things}


async def test_a_new_alias_is_known_and_one_may_stand_first(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        await double.alias("light.kitchen", "Herd lamp")
        await double.has(lambda: find(home, "light.kitchen").aliases == ("Herd lamp",))
        double.aliases["light.kitchen"] = ["Lamp", None]
        await double.rename("light.hallway", "Hall")
        await double.has(lambda: find(home, "light.kitchen").name == "Lamp")
        assert find(home, "light.kitchen").aliases == ("Kitchen Light",)


async def test_states_that_change_elsewhere_are_followed(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        await double.act(ON)
        await double.has(lambda: find(home, "light.kitchen").state == "on")


async def test_only_what_is_exposed_is_there_and_by_default_once_its_assistant_has_looked(tmp_path):
    async with there(tmp_path) as double:
        double.exposed = {"light.kitchen", "todo.shopping_list"}
        double.decides_exposure = True
        async with entered(double) as home:
            assert [entity.id for entity in home.entities()] == ["light.kitchen", "todo.shopping_list"]
            with pytest.raises(HomeError, match=r"there is no entity light\.hallway"):
                await home.call(ServiceCall("light.turn_on", "light.hallway"))
            double.exposed = {"light.hallway"}
            await double.rename("light.kitchen", "Sun")
            await double.has(lambda: [entity.id for entity in home.entities()] == ["light.hallway"])


async def test_a_lost_home_is_said_once_refuses_at_once_and_is_found_again(tmp_path, caplog):
    async with there(tmp_path) as double:
        caplog.set_level(logging.INFO)
        async with entered(double) as home:
            await double.stop()
            await double.has(lambda: home.fault() is not None)
            with pytest.raises(HomeGone):
                await home.call(ON)
            assert find(home, "light.kitchen").state == "off"
            await double.home.call(ON)
            await double.start()
            await double.has(lambda: home.fault() is None)
            await double.has(lambda: find(home, "light.kitchen").state == "on")
            await home.call(OFF)
        warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) == 1


async def test_a_home_that_is_not_there_yet_keeps_nobody_waiting(tmp_path):
    async with there(tmp_path) as double:
        await double.stop()
        async with entered(double) as home:
            assert "cannot be reached" in home.fault()
            assert home.entities() == ()
            async with aclosing(home.changes()) as changes:
                assert (await anext(changes)).things == ()
                await double.start()
                while not (await anext(changes)).things:
                    pass
            await double.has(lambda: home.fault() is None)


async def test_a_refused_token_says_what_to_do_and_is_not_tried_again(tmp_path, caplog):
    async with there(tmp_path) as double:
        double.faults.refuses_token = True
        async with entered(double) as home:
            assert "refuses the token: make a new one" in home.fault()
            await double.stop()
            await double.start()
            assert double.logins == 1
        assert TOKEN not in caplog.text


async def test_a_certificate_of_its_own_is_trusted_only_by_who_says_so(tmp_path):
    async with there(tmp_path) as double:
        await double.stop()
        double.certificate = make_certificate(tmp_path).context
        await double.start()
        async with entered(double) as home:
            assert "has a certificate that is not trusted" in home.fault()
        async with entered(double, verify_ssl=False) as home:
            await home.call(ON, Order("HassTurnOn"))
            await double.has(lambda: find(home, "light.kitchen").state == "on")


async def test_certificates_that_cannot_be_read_are_said(tmp_path):
    async with there(tmp_path) as double:
        with pytest.raises(HomeError, match="ca_file"):
            async with entered(double, ca_file=tmp_path / "nobody.pem"):
                pass
        (tmp_path / "empty.pem").touch()
        with pytest.raises(HomeError, match="it holds no certificate"):
            async with entered(double, ca_file=tmp_path / "empty.pem"):
                pass


async def test_who_asks_how_the_server_fares_learns_that_its_home_is_away(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        health = Health("test")
        health.home = home
        assert health.report()["faults"] == {}
        await double.stop()
        await double.has(lambda: home.fault() is not None)
        assert "Home Assistant at 127.0.0.1" in health.report()["faults"]["home"]


async def test_who_is_asked_when_the_connection_breaks_learns_of_it(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        double.faults.drops_at = {"call_service"}
        with pytest.raises(HomeGone):
            await home.call(ON)
        double.faults.drops_at = set()
        await double.has(lambda: home.fault() is None)
        await home.call(ON)


async def test_an_answer_that_does_not_come_is_not_waited_for(tmp_path):
    async with there(tmp_path) as double, entered(double, call_s=0.05) as home:
        double.faults.deaf_to = {"call_service"}
        with pytest.raises(HomeError, match=r"took longer than 0\.05 s"):
            await home.call(ON)


async def test_one_that_is_there_and_tells_nothing_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(follower, "READ_S", 0.02)
    async with there(tmp_path) as double:
        double.faults.deaf_to = {"config/area_registry/list"}
        async with entered(double) as home:
            assert "does not answer" in home.fault()
            double.faults.deaf_to = set()
            await double.has(lambda: home.fault() is None)


async def test_a_result_that_comes_late_or_for_nobody_is_let_pass(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        double.faults.answers = {"call_service": '{"id": 99999, "type": "result", "success": true, "result": null}'}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await home.call(ON)
        double.faults.answers = {}
        await home.call(ON)
        assert home.fault() is None


STRANGE = {
    "no JSON": "{",
    "no object": "[]",
    "no id": '{"type": "result"}',
    "deep": "[" * 10_000,
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
async def test_what_no_home_assistant_says_ends_the_connection(tmp_path, text):
    async with there(tmp_path) as double, entered(double) as home:
        double.faults.answers = {"call_service": text}
        with pytest.raises(HomeGone):
            await home.call(ON)
        double.faults.answers = {}
        await double.has(lambda: home.fault() is None)


async def test_a_message_beyond_all_measure_ends_the_connection(tmp_path, monkeypatch):
    async with there(tmp_path) as double:
        monkeypatch.setattr(connection, "MAX_MESSAGE_BYTES", 200_000)
        async with entered(double) as home:
            double.faults.answers = {"call_service": "x" * 300_000}
            with pytest.raises(HomeGone):
                await home.call(ON)
            await double.has(lambda: home.fault() is None)


RUBBISH = [
    "null",
    "[]",
    '{"exposed_entities": [1]}',
    '{"exposed_entities": {"light.kitchen": {"conversation": 1}, "": {}}}',
]


@pytest.mark.parametrize("result", RUBBISH)
async def test_results_of_another_shape_are_no_home(tmp_path, result):
    async with there(tmp_path) as double:
        listing = "homeassistant/expose_entity/list"
        text = f'{{"id": NUMBER, "type": "result", "success": true, "result": {result}}}'
        double.faults.answers = {listing: text}
        async with entered(double, connect_s=0.2) as home:
            assert home.entities() == ()


async def test_an_intent_that_nobody_handles_is_done_by_its_service(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        double.faults.knows_no_intent = True
        await home.call(ON, Order("HassTurnOn", {}, "Kitchen"))
        await double.has(lambda: find(home, "light.kitchen").state == "on")
        assert double.handled[-1]["name"] == "HassTurnOn"
        assert "call_service" in {each["type"] for each in double.asked}


async def test_a_handler_is_told_the_entity_the_speakers_area_and_what_was_said(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        order = Order(
            "HassLightSet", {"name": "Kitchen Light", "brightness": 30, "area": "Kitchen"}, "living room", "de"
        )
        await home.call(ServiceCall("light.turn_on", "light.kitchen", {"brightness_pct": 30}), order)
    assert double.handled == [
        {
            "name": "HassLightSet",
            "data": {"brightness": 30, "preferred_area_id": "living_room", "name": "light.kitchen", "domain": "light"},
            "language": "de",
            "assistant": "conversation",
        }
    ]


async def test_a_handler_that_refuses_is_quoted_and_its_service_is_not_tried(tmp_path):
    async with there(tmp_path) as double, entered(double) as home:
        with pytest.raises(HomeError, match="takes 7 to 35 degrees"):
            await home.call(
                ServiceCall("climate.set_temperature", "climate.thermostat", {"temperature": 60}),
                Order("HassClimateSetTemperature", {"temperature": 60}),
            )
        assert "call_service" not in {each["type"] for each in double.asked}


@pytest.mark.parametrize("status", [302, 400, 404, 502])
async def test_an_answer_that_is_none_is_an_error(tmp_path, status):
    async with there(tmp_path) as double, entered(double) as home:
        double.faults.stumbles = status
        with pytest.raises(HomeError):
            await home.call(ON, Order("HassTurnOn"))
