"""The weather: the home's own first, a service's where the settings name a place, and what may go wrong with that."""

import contextlib

import pytest
from support.entry_points import declare_project
from support.threaded_servers import Fault
from support.weather_server import weather_server

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import SettingsError
from roomtone_server.agent.base import Request
from roomtone_server.agent.tools.base import ToolError
from roomtone_server.home.base import Entity

OWN = Entity("weather.home", "Weather", "partlycloudy", attributes={"temperature": 14})
BERLIN = {"latitude": 52.52, "longitude": 13.41}


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare_project(monkeypatch, engines)


@pytest.fixture
def server():
    with weather_server() as server:
        yield server


@contextlib.asynccontextmanager
async def weather(*entities, **options):
    toolbox = engines.choose("tools", EngineChoice("weather", options)).make(Surroundings(state=None, cache=None))
    await toolbox.start(lambda: entities)
    await toolbox.tend(lambda: None)
    (tool,) = toolbox.tools()
    assert not tool.acts

    async def ask(**arguments):
        return (await tool.call(arguments, Request("what's the weather"))).text

    try:
        yield ask
    finally:
        await toolbox.close()
        await toolbox.close()


async def test_the_homes_own_weather_comes_first_and_nobody_else_is_asked(server):
    async with weather(OWN, **BERLIN, url=server.url) as ask:
        assert await ask() == "Weather: partlycloudy, temperature 14"
    assert server.asked == []


async def test_without_a_place_nobody_is_asked():
    async with weather(OWN) as ask:
        assert await ask() == "Weather: partlycloudy, temperature 14"
        with pytest.raises(ToolError, match="only the weather now is known"):
            await ask(day="tomorrow")
    async with weather() as ask:
        with pytest.raises(ToolError, match="no weather is known: the settings of this house name no place"):
            await ask()


async def test_a_place_is_asked_for(server):
    async with weather(**BERLIN, url=server.url) as ask:
        assert await ask() == (
            "Now: light rain, 7.4 °C, humidity 81 %, wind 18.4 km/h."
            " Wednesday, 04 March: light rain, 3.1 to 8.2 °C, chance of rain 80 %."
        )
    (asked,) = server.asked
    assert (asked.query["latitude"], asked.query["longitude"]) == ("52.52", "13.41")
    assert asked.query["timezone"] == "auto"


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("today", "Wednesday, 04 March: light rain, 3.1 to 8.2 °C, chance of rain 80 %."),
        ("tomorrow", "Thursday, 05 March: overcast, 2 to 9 °C, chance of rain 20 %."),
        ("on Friday", "Friday, 06 March: clear, 0.5 to 11.5 °C, chance of rain 0 %."),
        ("2026-03-08", "Sunday, 08 March: thunderstorm, 0 to 4 °C."),
    ],
)
async def test_days_to_come_are_the_services_also_where_the_home_knows_the_weather_now(server, day, told):
    async with weather(OWN, **BERLIN, url=server.url) as ask:
        assert await ask(day=day) == told


@pytest.mark.parametrize("day", ["2026-03-20", "someday"])
async def test_a_day_that_is_not_foreseen(server, day):
    async with weather(**BERLIN, url=server.url) as ask:
        with pytest.raises(ToolError, match="no day from 2026-03-04 to 2026-03-10"):
            await ask(day=day)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.BAD_KEY, "refuses the key"),
        (Fault.NOT_FOUND, "look at the place in its settings"),
        (Fault.TOO_MANY, "takes no more requests"),
        (Fault.FAILS, "failed"),
        (Fault.MOVED, "has moved"),
        (Fault.CUT, "broke its answer off"),
        (Fault.STALLS, "was silent for 0.2 s"),
        (Fault.SILENT, "was silent for 0.2 s"),
        (Fault.EMPTY, "is that its address"),
        (Fault.NO_SOUND, "is that its address"),
    ],
)
async def test_what_goes_wrong_is_told_to_the_model_and_the_next_question_is_answered(server, fault, told):
    async with weather(**BERLIN, url=server.url, answer_s=0.2) as ask:
        server.fault = fault
        with pytest.raises(ToolError, match=told):
            await ask()
        server.fault = Fault.NONE
        assert (await ask()).startswith("Now: light rain")


async def test_a_service_that_cannot_be_reached():
    async with weather(**BERLIN, url="http://127.0.0.1:1") as ask:
        with pytest.raises(ToolError, match="cannot be reached"):
            await ask()


def test_half_a_place_is_refused():
    with pytest.raises(SettingsError, match="latitude and its longitude"):
        engines.choose("tools", EngineChoice("weather", {"latitude": 52.5}))
