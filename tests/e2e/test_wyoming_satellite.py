"""The real wyoming-satellite, in each of its modes, completes turns with a whole server, on real recordings."""

from contextlib import AsyncExitStack, aclosing

import numpy as np
import pytest
from support import recorded
from support.entry_points import declare_project
from support.sound import silence
from support.wyoming_satellite import environment, wyoming_satellite

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.settings import load
from roomtone_server.ports.control import call_async, control_path
from roomtone_server.server import running
from roomtone_server.settings import ServerSettings

SETTINGS = """
listen: {{host: 127.0.0.1, port: 0}}
home_assistant: {{port: 0}}
web: {{enabled: false}}
discovery: false
home: {{engine: virtual, file: "{home}"}}
satellites: {{dial: [{dial}]}}
"""
MODES = {"always": (), "voice": ("--vad",), "word": ("--wake",)}
WORDS = {"always": "hey_jarvis_1", "voice": "okay_nabu_1", "word": "alexa_1"}  # so that none answers for another
SAID = "commands/en/1309fe628b.wav"  # "turn on lights in the kitchen"


@pytest.fixture
def scenes(recordings):
    """What each microphone hears in a turn."""
    vad = engines.choose("vad", EngineChoice()).make(Surroundings(None, None))
    [command] = [each for each in recorded.commands(recordings) if each.path == recordings / SAID]
    heard = {}
    for mode, word in WORDS.items():
        spoken = recorded.read(recordings / "wake" / f"{word}.wav")
        sound = recorded.splice(spoken[: recorded.speech_end(spoken, vad)], command, 300)
        heard[mode] = np.asarray(sound, np.int16).tobytes() + silence(0.5)
    return heard


@pytest.mark.usefixtures("_declared")
async def test_each_mode_completes_turns_one_after_the_other(folder, recordings, scenes):
    python = environment()
    async with AsyncExitStack() as stack:
        satellites = {
            mode: await stack.enter_async_context(wyoming_satellite(python, folder / mode, mode, *options))
            for mode, options in MODES.items()
        }
        settings = folder / "server.yaml"
        dial = ", ".join(f'"{each.uri}"' for each in satellites.values())
        settings.write_text(SETTINGS.format(home=recordings / "home.yaml", dial=dial))
        await stack.enter_async_context(running(load(ServerSettings, settings)))
        events = await stack.enter_async_context(aclosing(call_async(control_path(), "watch", patience_s=60)))
        assert await anext(events) == {"watching": True}
        for number in (1, 2):
            await satellites["voice"].has_said("Waiting for speech", number)  # five seconds after it began to stream
            before = {mode: len(satellite.played) for mode, satellite in satellites.items()}
            for mode, satellite in satellites.items():
                satellite.hear(scenes[mode])
            ended, intents = {}, {}
            while len(ended) < len(MODES):
                event = await anext(events)
                if event["what"] == "intent":
                    intents[event["satellite"]] = event["data"]["name"]
                if event["what"] == "ended":
                    ended[event["satellite"]] = event["data"]["outcome"]
            uris = {satellite.uri for satellite in satellites.values()}
            assert ended == dict.fromkeys(uris, "answered")
            assert intents == dict.fromkeys(uris, "HassTurnOn")
            for mode, satellite in satellites.items():
                reply = np.frombuffer(satellite.played[before[mode] :], np.int16)
                assert len(reply) > 22_050 / 2, "more than half a second of an answer"
                assert np.abs(reply).max() > 3_000


@pytest.fixture
def _declared(monkeypatch):
    declare_project(monkeypatch, engines)
