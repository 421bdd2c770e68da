"""The web port's frame: no handler runs for whom the doors do not let in, and whatever fails is told in one form."""

import json

import aiohttp
import pytest
from aiohttp import web
from support.web import FAMILY, OWNER, DoorsFor, serving

from roomtone.errors import HomeError, HomeGone, RoomtoneError, UsageError
from roomtone_server.ports.web.problems import PROBLEM_TYPE, Problem
from roomtone_server.ports.web.route import Route, who_asks


async def asked(url, path="/", method="GET"):
    """Status, the document, and the headers."""
    async with aiohttp.ClientSession() as session, session.request(method, url + path) as answer:
        return answer.status, json.loads(await answer.text() or "null"), answer.headers


def raising(error):
    async def fail(_request):
        raise error

    return [Route("GET", "/", fail, None)]


async def tell_name(request):
    return web.json_response(who_asks(request).name)


@pytest.mark.parametrize(
    ("who", "scope", "status"),
    [
        (None, "read", 401),
        (FAMILY, "read", 200),
        (FAMILY, "admin", 403),
        (OWNER, "admin", 200),
        (OWNER, "metrics", 200),
    ],
)
async def test_a_route_is_for_those_who_have_its_scope(who, scope, status):
    async with serving([Route("GET", "/", tell_name, scope)], DoorsFor(who)) as url:
        found, document, headers = await asked(url)
    assert found == status
    if status == 200:
        assert document == who.name
    else:
        assert (headers["Content-Type"], document["status"]) == (f"{PROBLEM_TYPE}; charset=utf-8", status)


async def test_an_open_route_is_for_everybody():
    async def answer(_request):
        return web.json_response("come in")

    async with serving([Route("GET", "/", answer, None)]) as url:
        assert (await asked(url))[:2] == (200, "come in")


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (UsageError("no such area"), 400, "no such area"),
        (HomeError("the lock refused"), 422, "the lock refused"),
        (HomeGone("the home is away"), 503, "the home is away"),
        (RoomtoneError("the oven is cold"), 500, "the oven is cold"),
        (ValueError("secret"), 500, "the server failed at this; its log says how"),
        (web.HTTPNotFound(), 404, None),
        (web.HTTPRequestEntityTooLarge(10, 20), 413, None),
    ],
)
async def test_whatever_is_raised_becomes_a_problem_document(error, status, detail):
    async with serving(raising(error)) as url:
        found, document, headers = await asked(url)
    assert (found, document["status"], document.get("detail")) == (status, status, detail)
    assert document["type"] == "about:blank"
    assert headers["Content-Type"].startswith(PROBLEM_TYPE)


async def test_a_problem_may_carry_more():
    problem = Problem(429, "Too many tries", "wait a minute", headers={"Retry-After": "60"}, wait_s=60)
    async with serving(raising(problem)) as url:
        _, document, headers = await asked(url)
    assert document == {
        "type": "about:blank",
        "title": "Too many tries",
        "status": 429,
        "detail": "wait a minute",
        "wait_s": 60,
    }
    assert headers["Retry-After"] == "60"


async def test_what_is_not_there_and_what_cannot_be_done_to_it():
    async with serving([Route("GET", "/there", tell_name, "read")]) as url:
        assert (await asked(url, "/elsewhere"))[1] == {"type": "about:blank", "title": "Not Found", "status": 404}
        status, document, headers = await asked(url, "/there", "DELETE")
        assert (status, document["title"], headers["Allow"]) == (405, "Method Not Allowed", "GET")


async def test_an_answer_that_breaks_off_is_not_followed_by_another():
    async def break_off(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"so far")
        raise ValueError

    async with serving([Route("GET", "/", break_off, None)]) as url, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get(url) as answer:
                await answer.read()
