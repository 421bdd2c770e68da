"""The real wyoming-piper with a small voice, asked by the engine `wyoming`."""

import asyncio
import importlib.util
import socket
import sys

import pytest

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest, Voice

if importlib.util.find_spec("wyoming_piper") is None:
    pytest.skip("wyoming-piper is not installed", allow_module_level=True)

from support.entry_points import declare, in_project
from support.piper_voices import make_voice

PATIENCE_S = 60


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.tts", in_project("roomtone.tts"))


@pytest.fixture
async def uri(tmp_path):
    """Where wyoming-piper listens."""
    make_voice(tmp_path / "en_US-beeps-low.onnx", rate_hz=16_000)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        free_port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{free_port}"
    options = ("--voice", "en_US-beeps-low", "--uri", address, "--data-dir", str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wyoming_piper", *options, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while b"Ready" not in (line := await process.stderr.readline()):
                assert line, "it ended"
            while not await answers(free_port):  # noqa: ASYNC110 - it says so a little too early, and nothing then
                await asyncio.sleep(0.02)
        yield address
    finally:
        process.terminate()
        await process.communicate()


async def answers(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_its_voice_is_heard_as_it_is_made(uri):
    engine = engines.choose("tts", EngineChoice("wyoming", {"uri": uri})).make(Surroundings(state=None, cache=None))

    async def spoken(text, language="en"):
        return b"".join([chunk async for chunk in engine.speak(SpeechRequest(text, language))])

    await engine.start()
    assert Voice("en_US-beeps-low", ("en-us",)) in await engine.voices()
    one = await spoken("Turned on the light.")
    assert 0.5 < len(one) / 2 / engine.rate_hz < 3
    assert len(await spoken("Turned on the light. Turned on the light.")) > 1.8 * len(one)
    assert await spoken("Closed the blinds.") != one
    with pytest.raises(EngineError, match="no voice for 'xx'"):
        await spoken("hello", "xx")
    speech = engine.speak(SpeechRequest("Turned on the light. " * 200))
    assert await anext(speech)
    await speech.aclose()
    assert len(await spoken("Turned on the light.")) == len(one)
    await engine.close()
