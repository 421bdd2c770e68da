"""A whole server whose settings name engines that do not work: it starts, and says so to whoever asks."""

import aiohttp
from support.entry_points import declare_project
from support.llm_servers import OpenAIServer
from support.server_end import free_port

from roomtone import engines
from roomtone.settings import load
from roomtone_server.engines.base import ChatEnd, TextDelta
from roomtone_server.ports.control import call_async, control_path
from roomtone_server.server import running
from roomtone_server.settings import ServerSettings

OWN = "support.chain_engines"
SETTINGS = """
listen: {{host: 127.0.0.1, port: 0}}
home_assistant: {{port: 0}}
web: {{host: 127.0.0.1, port: {port}, https_port: null}}
discovery: false
stt: [mute, pocketsphinx]
tts: [beeper, {{engine: beeper, fails_at: 0}}]
llm: {{engine: openai, base_url: "{model}/v1"}}
"""


async def test_it_starts_with_those_that_work_and_tells_of_the_others(tmp_path, monkeypatch):
    own = {"roomtone.stt": {"mute": f"{OWN}:MUTE"}, "roomtone.tts": {"beeper": f"{OWN}:BEEPER"}}
    declare_project(monkeypatch, engines, own)
    file, port = tmp_path / "server.yaml", free_port()
    async with OpenAIServer().serving() as model:
        model.will_answer(TextDelta("Hello"), ChatEnd("length"))
        file.write_text(SETTINGS.format(port=port, model=model.url))
        async with running(load(ServerSettings, file)):
            report = await asked(port, "health")
            [status] = [answer async for answer in call_async(control_path(), "status")]
            token = {"name": "graphs", "scopes": ["metrics"]}
            [added] = [answer async for answer in call_async(control_path(), "web-token-add", **token)]
            metrics = await asked(port, "metrics", added["token"])
            await model.was_asked.wait()
        [ahead] = [each.json() for each in model.asked]
        assert ahead["max_tokens"] == 1, "until somebody speaks, the model only learns of the home"
        assert "- Kitchen Light: light" in ahead["messages"][0]["content"]
    assert report["status"] == status["status"] == "degraded"
    assert {kind: engine["name"] for kind, engine in report["engines"].items()} == {
        "stt": "mute, pocketsphinx",
        "tts": "beeper, beeper 2",
        "llm": "openai",
        "vad": "silero",
        "home": "virtual",
    }
    assert {kind: [each["state"] for each in chain] for kind, chain in status["chains"].items()} == {
        "stt": ["rests", "works"],
        "tts": ["works", "works"],
    }
    assert status["chains"]["stt"][0]["why"] == "the stt engine 'mute' cannot work here: pip install a mouth"
    assert 'roomtone_engine_works{engine="mute",kind="stt"} 0.0' in metrics
    assert 'roomtone_engine_works{engine="pocketsphinx",kind="stt"} 1.0' in metrics


async def asked(port, path, token=""):
    bearer, address = {"Authorization": f"Bearer {token}"}, f"http://127.0.0.1:{port}/{path}"
    async with aiohttp.ClientSession(headers=bearer) as session, session.get(address) as response:
        return await (response.json() if path == "health" else response.text())
