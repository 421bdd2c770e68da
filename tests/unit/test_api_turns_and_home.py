"""Turns over HTTP, as the store has them; the home as it is, and its services."""

import asyncio
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from support.house import open_house
from support.traces import ANSWERED, trace
from support.web import OWNER, DoorsFor, serving

from roomtone_server.ports.web.api.endpoint import routes_of
from roomtone_server.ports.web.api.home import home_endpoints
from roomtone_server.ports.web.api.turns import BUCKETS, turn_endpoints
from roomtone_server.store.base import PairedSatellite
from roomtone_server.store.database import Database
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.folding import fold
from roomtone_server.telemetry.record import to_json

HOUR_S = 3600.0


class Api:
    def __init__(self, url, session):
        self._url = url
        self._session = session

    async def get(self, path):
        async with self._session.get(self._url + path) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, path, body):
        async with self._session.post(self._url + path, json=body) as answer:
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def asking(endpoints):
    async with serving(routes_of(endpoints), DoorsFor(OWNER)) as url, aiohttp.ClientSession() as session:
        yield Api(url, session)


@asynccontextmanager
async def turns_kept(tmp_path):
    """Three turns: one two days ago in the kitchen; two now, one of them by a satellite that was revoked since."""
    answered = fold(trace(*ANSWERED), began_at=time.time())
    async with Database.open(tmp_path / "roomtone.db") as database:
        await SqliteSatelliteStore(database).add(PairedSatellite("k1", "Kitchen unit", "Kitchen", b"", 0.0))
        store = SqliteTurnStore(database)
        for record in (
            replace(answered, began_at=answered.began_at - 48 * HOUR_S),
            answered,
            replace(answered, satellite="gone", outcome="not-understood", why="no-words", v2v_ms=None),
        ):
            await store.add(record.satellite, record.began_at, to_json(record))
        async with asking(turn_endpoints(store)) as asked:
            yield asked


async def numbers(api, query):
    status, told = await api.get(f"/api/turns?{query}")
    assert status == 200
    return [turn["number"] for turn in told["turns"]], told["more"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ([3, 2, 1], False)),
        ("limit=2", ([3, 2], True)),
        ("limit=2&before=2", ([1], False)),
        ("satellite=k1", ([2, 1], False)),
        ("satellite=Kitchen%20unit&limit=1", ([2], True)),
        ("area=Kitchen", ([2, 1], False)),
        ("outcome=not-understood", ([3], False)),
        ("area=Attic", ([], False)),
    ],
)
async def test_the_last_turns_are_told_the_newest_first(tmp_path, query, found):
    async with turns_kept(tmp_path) as api:
        assert await numbers(api, query) == found


async def test_a_summary_says_who_where_and_why(tmp_path):
    async with turns_kept(tmp_path) as api:
        _, told = await api.get("/api/turns")
        newest, before = told["turns"][:2]
        assert (newest["satellite"], newest["satellite_name"], newest["area"]) == ("gone", "gone", None)
        assert (newest["why"], newest["why_words"]) == ("no-words", "no words were recognised")
        assert (before["satellite_name"], before["area"], before["why_words"]) == ("Kitchen unit", "Kitchen", "")


async def test_one_turn_is_told_with_its_stages(tmp_path):
    async with turns_kept(tmp_path) as api:
        status, turn = await api.get("/api/turns/2")
        assert status == 200
        assert turn["stages"]["silence"][1] - turn["stages"]["silence"][0] == pytest.approx(turn["silence_ms"], abs=30)
        assert turn["engines"] == {}
        assert turn["words"] is None
        assert turn["lengths"]["partials"] == 2


async def test_a_turn_that_never_was_is_not_found(tmp_path):
    async with turns_kept(tmp_path) as api:
        status, problem = await api.get("/api/turns/4")
        assert (status, problem["title"]) == (404, "No such turn")


async def test_figures_are_of_the_last_hours_in_all_and_in_stretches(tmp_path):
    async with turns_kept(tmp_path) as api:
        _, day = await api.get("/api/turns/stats")
        assert (day["turns"], day["outcomes"], day["whys"]) == (
            2,
            {"answered": 1, "not-understood": 1},
            {"no-words": 1},
        )
        assert day["v2v_ms"]["count"] == 1
        assert len(day["buckets"]) == BUCKETS
        assert [bucket["turns"] for bucket in day["buckets"]] == [0] * (BUCKETS - 1) + [2]
        assert day["buckets"][-1]["stages"]["stt"]["count"] == 2
        assert (await api.get("/api/turns/stats?hours=72&area=Kitchen"))[1]["turns"] == 2


CONFIRM = ("unlock", "garage", "alarm")


async def test_the_home_is_told_area_by_area(tmp_path):
    async with open_house(tmp_path) as house, asking(home_endpoints(house.home, CONFIRM)) as api:
        _, told = await api.get("/api/home")
    areas = {area["id"]: {entity["id"] for entity in area["entities"]} for area in told["areas"]}
    assert "light.kitchen" in areas["Kitchen"]
    assert "cover.garage_door" in {entity["id"] for entity in told["elsewhere"]}
    assert told["fault"] is None


async def _next(states):
    return await anext(states)


async def test_a_service_is_called_and_its_followers_are_told(tmp_path):
    async with (
        open_house(tmp_path) as house,
        asking(home_endpoints(house.home, CONFIRM)) as api,
        aclosing(house.home.states()) as states,
        asyncio.TaskGroup() as tasks,
    ):
        changed = tasks.create_task(_next(states))
        status, entity = await api.post("/api/home/call", {"service": "light.turn_on", "entity": "light.kitchen"})
        assert (status, entity["state"]) == (200, "on")
        assert [(each.id, each.state) for each in await changed] == [("light.kitchen", "on")]


@pytest.mark.parametrize(
    ("service", "entity", "status"),
    [
        ("light.turn_on", "light.nowhere", 404),
        ("light.explode", "light.kitchen", 422),
        ("lock.unlock", "lock.front_door", 409),
        ("cover.open_cover", "cover.garage_door", 409),
        ("lock.lock", "lock.front_door", 200),
    ],
)
async def test_what_cannot_be_called_is_refused_and_changes_nothing(tmp_path, service, entity, status):
    async with open_house(tmp_path) as house, asking(home_endpoints(house.home, CONFIRM)) as api:
        before = house.home.entities()
        assert (await api.post("/api/home/call", {"service": service, "entity": entity}))[0] == status
        assert house.home.entities() == before


async def test_what_asks_back_is_done_when_it_is_confirmed(tmp_path):
    async with open_house(tmp_path) as house, asking(home_endpoints(house.home, CONFIRM)) as api:
        body = {"service": "lock.unlock", "entity": "lock.front_door", "confirmed": True}
        assert (await api.post("/api/home/call", body))[1]["state"] == "unlocked"
