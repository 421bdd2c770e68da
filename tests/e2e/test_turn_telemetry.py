"""A whole server, and a paired satellite at which nobody says anything: the turn is counted, kept and shown."""

import asyncio
import json
import time

import aiohttp
import numpy as np
from click.testing import CliRunner
from support.server_end import free_port
from wyoming.audio import AudioChunk

from roomtone import cli
from roomtone.link import events
from roomtone.link.admission import greet, pair
from roomtone.link.pairing import PairingCode
from roomtone.link.security import client_context
from roomtone.link.stream import dial
from roomtone_server.ports.control import call_async, control_path
from roomtone_server.server import running
from roomtone_server.settings import HomeAssistantSettings, ListenSettings, ServerSettings, WebSettings

HOST = "127.0.0.1"
NAME = {"name": "Kitchen", "area": "Kitchen"}
SAID_NOTHING_FRAMES = 4500 // 20
QUIET_ROOM = np.random.default_rng(1).normal(0, 16, 320).astype(np.int16).tobytes()


async def turns(*arguments):
    """`roomtone turns`, as another process would run it beside the server."""
    return await asyncio.to_thread(CliRunner().invoke, cli.roomtone, ["turns", *arguments])


async def figures(port):
    [added] = [each async for each in call_async(control_path(), "web-token-add", name="graphs", scopes=["metrics"])]
    bearer = {"Authorization": f"Bearer {added['token']}"}
    address = f"http://{HOST}:{port}/metrics"
    async with aiohttp.ClientSession(headers=bearer) as session, session.get(address) as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        return await response.text()


async def say_nothing(link):
    """A turn that a wake word began, to its end."""
    link.send(events.event_of(events.Wake(1, "okay_nabu", "okay nabu", 0.9, 0, 0)))
    for number in range(SAID_NOTHING_FRAMES):
        link.send(AudioChunk(16_000, 2, 1, QUIET_ROOM, timestamp=20 * number).event())
    while (await link.receive()).type != "roomtone-turn-ended":
        pass


async def shown(number):
    """A turn, as soon as it is kept."""
    async with asyncio.timeout(10):
        while (answer := await turns("show", number, "--json")).exit_code:
            pass
    return json.loads(answer.stdout)


async def test_a_turn_is_counted_kept_and_shown():
    listen, web = ListenSettings(host=HOST, port=0), WebSettings(host=HOST, port=free_port(), https_port=None)
    services = HomeAssistantSettings(port=0)
    settings = ServerSettings(name="attic", listen=listen, web=web, home_assistant=services, discovery=False)
    async with running(settings) as port:
        assert "There is no turn yet." in (await turns()).stdout
        [answer] = [answer async for answer in call_async(control_path(), "pair")]
        code = PairingCode.parse(answer["code"])
        async with dial(HOST, port, client_context(), fingerprint=code.fingerprint16) as link:
            credentials = await pair(link, code, **NAME)
        async with dial(HOST, port, client_context(), fingerprint=code.fingerprint16) as link:
            await greet(link, credentials, **NAME)
            await say_nothing(link)
            told = await shown("1")
            assert 'roomtone_satellite_connected{satellite="Kitchen"} 1.0' in await figures(web.port)
        assert (told["name"], told["outcome"], told["why"], told["words"]) == (
            "Kitchen",
            "nothing-said",
            "no-speech",
            None,
        )
        assert set(told["engines"]) == {"stt", "tts", "vad", "home"}
        assert abs(told["began_at"] - time.time()) < 60
        assert 'roomtone_turns_total{outcome="nothing-said"} 1.0' in await figures(web.port)
    assert "no speech after the wake word" in (await turns()).stdout, "without a server too"
