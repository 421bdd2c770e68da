"""An endpoint's declaration: what validates reaches the handler, all else is refused field by field, and the document
says the same.
"""

import asyncio

import aiohttp
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from support.web import OWNER, DoorsFor, serving

from roomtone.settings import load
from roomtone_server.ports.web.api import endpoint
from roomtone_server.ports.web.api.described import described
from roomtone_server.ports.web.api.endpoint import Endpoint, any_of, routes_of
from roomtone_server.ports.web.api.openapi import document
from roomtone_server.ports.web.api.requests import Announce, ListTurns, OneModel, Volume
from roomtone_server.ports.web.api.settings import settings_endpoints
from roomtone_server.ports.web.api.shapes import Announced, PairingCode
from roomtone_server.settings import ServerSettings


async def echo(call):
    return PairingCode(code=str(call.parameters.model_dump(exclude_none=True) | call.body.model_dump()), expires_s=1.5)


async def nothing(_call):
    return None


ENDPOINTS = any_of(
    Endpoint("GET", "/api/turns", "read", "Turns", echo, ListTurns, answer=PairingCode),
    Endpoint("POST", "/api/volume", "control", "Volume", echo, body=Volume, answer=PairingCode),
    Endpoint("POST", "/api/all/announce", "control", "Say", echo, body=Announce, answer=PairingCode),
    Endpoint("POST", "/api/models/{name:.+}/pull", "admin", "Pull", echo, OneModel, answer=PairingCode),
    Endpoint("DELETE", "/api/nothing", "admin", "Nothing", nothing, refusals={409: "It is in use."}),
)


async def asked(method, path, **more):
    async with (
        serving(routes_of(ENDPOINTS), DoorsFor(OWNER)) as url,
        aiohttp.ClientSession() as session,
        session.request(method, url + path, **more) as answer,
    ):
        return answer.status, await answer.json(content_type=None) if answer.status != 204 else None


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("GET", "/api/turns", None, {"limit": 50}),
        ("GET", "/api/turns?limit=7&area=Kitchen%20%C3%A4", None, {"area": "Kitchen ä", "limit": 7}),
        ("POST", "/api/volume", {"volume": 1}, {"volume": 1.0}),
        ("POST", "/api/models/piper/de_DE-x/pull", None, {"name": "piper/de_DE-x"}),
        ("POST", "/api/models/piper%2Fde_DE-x/pull", None, {"name": "piper/de_DE-x"}),
    ],
)
async def test_what_validates_reaches_the_handler(method, path, body, told):
    assert await asked(method, path, json=body) == (200, {"code": str(told), "expires_s": 1.5})


async def test_no_answer_is_no_content():
    assert await asked("DELETE", "/api/nothing") == (204, None)


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/api/volume", {"volume": "1"}, ["body.volume"]),
        ("/api/volume", {"volume": 1.01}, ["body.volume"]),
        ("/api/volume", {}, ["body.volume"]),
        ("/api/volume", {"volume": 1, "louder": True}, ["body.louder"]),
        ("/api/volume", [1], ["body"]),
        ("/api/all/announce", {"text": " ", "language": "klingon language"}, ["body.text", "body.language"]),
        ("/api/volume?why=not", {"volume": 1}, ["query.why"]),
    ],
)
async def test_what_does_not_validate_is_refused_field_by_field(path, body, where):
    status, problem = await asked("POST", path, json=body)
    assert (status, problem["status"]) == (422, 422)
    assert [fault["where"] for fault in problem["faults"]] == where


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "limit=", "limit=5&limit=6", "outcome=%00", "before=1.5"])
async def test_a_parameter_that_does_not_validate_is_refused(query):
    status, problem = await asked("GET", f"/api/turns?{query}")
    assert (status, problem["faults"][0]["where"]) == (422, f"query.{query.partition('=')[0]}")


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"volume": "\\ud800"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"volume": 1}', "text/plain", 415),
        (b"volume=1", "application/x-www-form-urlencoded", 415),
        (b'{"volume": NaN}', "application/json", 422),
        (b" " * 70_000, "application/json", 413),
    ],
)
async def test_a_body_that_is_none_is_refused(data, content_type, status):
    assert (await asked("POST", "/api/volume", data=data, headers={"Content-Type": content_type}))[0] == status


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(endpoint, "BODY_S", 0.01)

    head = b"POST /api/volume HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    async with serving(routes_of(ENDPOINTS), DoorsFor(OWNER)) as url:
        reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
        writer.write(head + b"{")
        assert b" 408 " in await reader.readline()
        writer.write(b"}")  # what is left of it is thrown away
        writer.write(b"GET /api/turns HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert b"HTTP/1.1 200 OK" in await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_a_refusal_does_not_repeat_what_was_sent():
    _, problem = await asked("POST", "/api/volume", json={"volume": "my secret"})
    assert "secret" not in str(problem)


def test_the_document_describes_what_validates():
    told = document(ENDPOINTS, version="1", session_cookie="session")
    OpenAPIV31SpecValidator(told).validate()
    assert list(told["paths"]) == [
        "/api/turns",
        "/api/volume",
        "/api/all/announce",
        "/api/models/{name}/pull",
        "/api/nothing",
    ]
    limit = next(each for each in told["paths"]["/api/turns"]["get"]["parameters"] if each["name"] == "limit")
    assert limit["schema"] == {"default": 50, "maximum": 200, "minimum": 1, "type": "integer"}
    assert told["components"]["schemas"]["Volume"]["properties"]["volume"]["maximum"] == 1
    assert sorted(told["paths"]["/api/nothing"]["delete"]["responses"]) == ["204", "401", "403", "409", "422"]
    assert Announced.__name__ not in told["components"]["schemas"], "nobody tells it here"


async def test_the_document_is_asked_for_where_it_says():
    endpoints = described(ENDPOINTS, session_cookie="session")
    async with (
        serving(routes_of(endpoints), DoorsFor(OWNER)) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/api/openapi.json") as answer,
    ):
        told = await answer.json()
    assert told["paths"].keys() == document(ENDPOINTS, version="1", session_cookie="s")["paths"].keys() | {
        "/api/openapi.json"
    }


async def test_secrets_in_the_settings_are_masked(tmp_path):
    file = tmp_path / "server.yaml"
    file.write_text("llm: {engine: openai, base_url: 'http://127.0.0.1:9/v1', model: m, api_key: sk-very-secret}")
    endpoints = settings_endpoints(load(ServerSettings, file))
    async with (
        serving(routes_of(endpoints), DoorsFor(OWNER)) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/api/settings") as answer,
    ):
        told = await answer.json()
    assert "sk-very-secret" not in str(told)
    assert (told["settings"]["llm"]["model"], told["settings"]["llm"]["api_key"]) == ("m", "**********")
