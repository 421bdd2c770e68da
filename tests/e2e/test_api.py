"""The API of a real server, by a token: a home that is asked and told of as it changes, a voice that is heard again, a
model that comes and goes.
"""

import json
from contextlib import asynccontextmanager

import aiohttp
import yaml
from support.model_sources import source

from roomtone_server.bench.ends import both_ends
from roomtone_server.ports.control import call_async
from roomtone_server.ports.web.route import EVERY_SCOPE

MODEL = b"a very small model " * 400


class Api:
    def __init__(self, session):
        self._session = session

    async def get(self, path):
        async with self._session.get(f"/api/{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path, **body):
        async with self._session.post(f"/api/{path}", **body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json() if answer.content_type == "application/json" else await answer.read()

    async def delete(self, path):
        async with self._session.delete(f"/api/{path}") as answer:
            return answer.status

    @asynccontextmanager
    async def stream(self, method, path):
        """Each event as it comes: its name and data."""
        async with self._session.request(method, f"/api/{path}") as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")
            yield _events(answer)


async def _events(answer):
    while not answer.content.at_eof():
        event = (await answer.content.readuntil(b"\n\n")).decode().strip()
        if event and not event.startswith(":"):
            name, data = event.split("\n")
            yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@asynccontextmanager
async def served(folder, **settings):
    async with both_ends(folder) as ends:
        await ends.start_server(None, {"discovery": False, **settings})
        asked = call_async(ends.control, "web-token-add", name="test", scopes=sorted(EVERY_SCOPE))
        [token] = [answer["token"] async for answer in asked]
        address = (await ends.link()).partition("#")[0]
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(address, headers=headers) as session:
            yield Api(session)
        ends.check()


async def test_a_script_asks_listens_speaks_and_is_heard(tmp_path):
    async with served(tmp_path) as api:
        async with api.stream("GET", "events?topics=home,health") as events:
            reply = await api.post("ask", json={"text": "turn on the kitchen light"})
            assert (reply["intent"]["name"], reply["understood"]) == ("HassTurnOn", True)
            assert [action["entity"] for action in reply["actions"]] == ["light.kitchen"]
            event, entity = await anext(events)
            assert (event, entity["id"], entity["state"]) == ("state", "light.kitchen", "on")
        question = await api.post("ask", json={"text": "unlock the front door", "conversation": "a"})
        assert (question["expects_answer"], question["actions"]) == (True, [])
        assert (await api.post("ask", json={"text": "yes", "conversation": "b"}))["actions"] == []
        done = await api.post("ask", json={"text": "yes", "conversation": "a"})
        assert [action["service"] for action in done["actions"]] == ["lock.unlock"]

        spoken = {"text": "turn off the kitchen light", "voice": "en-us"}
        for form in ({}, {"format": "opus"}, {"speed": 0.9}):
            sound = await api.post("tts/generate", json=spoken | form)
            assert sound[:4] == (b"OggS" if form.get("format") else b"RIFF")
            heard = await api.post("stt", data=sound, headers={"Content-Type": "application/octet-stream"})
            assert heard["text"] == "turn off the kitchen light"
        assert (await api.get("home"))["areas"][0]["entities"][0]["state"] == "on", "what is heard there is not done"

        assert "en-us" in {voice["name"] for voice in (await api.get("voices"))["voices"]}
        assert "de" in {language["code"] for language in (await api.get("languages"))["languages"]}
        assert (await api.get("satellites"))["satellites"] == []
        health = await api.get("health")
        assert health["status"] == "ok"
        assert {"server", "home", "agent"} <= {
            found["subject"] for found in health["findings"] if found["state"] == "works"
        }


async def test_a_model_comes_for_two_and_goes(tmp_path):
    async with source(model__onnx=MODEL) as models:
        manifest = tmp_path / "models.yaml"
        file = {"model.onnx": {"about_bytes": len(MODEL)}}
        known = {"name": "en_GB-test", "kind": "piper", "licence": "MIT", "languages": ["en"], "source": models.url}
        manifest.write_text(yaml.safe_dump({"models": [known | {"files": file}]}))
        models.hold()
        async with served(tmp_path, models={"manifest": str(manifest)}) as api:
            path = "models/piper/en_GB-test/pull"
            async with api.stream("POST", path) as gone:
                assert (await anext(gone))[1]["state"] == "pulling"
            await models.was_asked.wait()
            async with api.stream("POST", path) as events:
                begun = await anext(events)
                assert (begun[0], begun[1]["model"], begun[1]["state"]) == ("pull", "piper/en_GB-test", "pulling")
                models.release()
                *_, (_, end) = [each async for each in events]
            assert end == {
                "model": "piper/en_GB-test",
                "state": "done",
                "file": "model.onnx",
                "done_bytes": len(MODEL),
                "total_bytes": len(MODEL),
                "note": "",
            }
            assert [name for name, _ in models.asked] == ["model.onnx"]
            mine = [each for each in (await api.get("models"))["models"] if each["name"] == "piper/en_GB-test"]
            assert [(each["installed"], each["in_use"], each["pull"]) for each in mine] == [(True, False, None)]
            assert await api.delete("models/piper/en_GB-test") == 204
            assert await api.delete("models/piper/en_GB-test") == 404

            [offered] = [found for found in (await api.get("health"))["findings"] if found["subject"] == "piper voices"]
            assert offered["fix"] == "pull:piper/en_GB-test", "the first that fits, of one's own manifest"
            assert (await api.post(f"health/fixes/{offered['fix']}"))["state"] == "pulling"
            async with api.stream("POST", path) as events:
                assert [each[1]["state"] async for each in events][-1] == "done"
