"""The documentation's own client says a command to a real server."""

import asyncio
import sys
import wave
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soxr
from support import voice

from roomtone.ears.formats import FRAME_BYTES, RATE_HZ
from roomtone.ears.vad.edges import SPEECH_ABOVE
from roomtone.ears.vad.silero import Silero
from roomtone_server.bench.ends import both_ends
from roomtone_server.bench.scene import compose
from roomtone_server.ports.control import call_async

CLIENT = Path(__file__).parents[2] / "docs" / "voice_client.py"
DOCUMENT = CLIENT.parent / "api.md"


@pytest.fixture
def command(tmp_path):
    """A command in a quiet room, as a recording at 48 kHz."""
    scene = compose(voice.user_says("okay nabu"), voice.user_says("turn on the kitchen light"))
    said = scene.sound[scene.command_begin - RATE_HZ // 2 : scene.command_end + RATE_HZ // 2]
    path = tmp_path / "command.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(soxr.resample(said, RATE_HZ, 48_000).tobytes())
    return path


async def test_the_light_goes_on_and_the_reply_is_speech(tmp_path, command):
    async with both_ends(tmp_path) as ends:
        await ends.start_server(None)
        arguments = {"name": "a script", "scopes": ["read", "speak"]}
        (added,) = [answer async for answer in call_async(ends.control, "web-token-add", **arguments)]
        address, token = (await ends.link()).partition("/#")[0], added["token"]
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
            assert await state_of(http, address, "light.kitchen") == "off"
            client = await asyncio.create_subprocess_exec(
                *(sys.executable, CLIENT, address.replace("http", "ws", 1) + "/voice", token, command),
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
            )
            printed, _ = await client.communicate()
            assert client.returncode == 0
            assert await state_of(http, address, "light.kitchen") == "on"
    assert "'type': 'partial', 'turn': 1, 'text': 'turn on" in printed.decode()
    assert "'type': 'ended', 'turn': 1, 'outcome': 'answered'" in printed.decode()
    assert speech_s(tmp_path / "reply.wav") > 0.5


async def state_of(http, address, entity):
    async with http.get(f"{address}/api/home") as answer:
        home = await answer.json()
    return next(each["state"] for area in home["areas"] for each in area["entities"] if each["id"] == entity)


def speech_s(path):
    """How much of it a voice detector takes for speech."""
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        heard = soxr.resample(pcm, file.getframerate(), RATE_HZ).tobytes()
    vad = Silero()
    whole = range(0, len(heard) - FRAME_BYTES + 1, FRAME_BYTES)
    return sum(vad.process(heard[at : at + FRAME_BYTES]) >= SPEECH_ABOVE for at in whole) * 0.02


def test_the_client_is_short():
    lines = CLIENT.read_text().split('"""')[2].splitlines()
    assert len([line for line in lines if line.strip()]) <= 30
    assert CLIENT.name in DOCUMENT.read_text(encoding="utf-8")
