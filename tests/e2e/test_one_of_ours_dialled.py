"""A satellite of ours that waits for Home Assistant, dialled by our server as any is: a real turn between the two."""

import numpy as np
from support import recorded
from support.server_end import free_port

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.bench.devices import NO_CHIMES, WavDevices
from roomtone_server.bench.ends import both_ends, watching
from roomtone_server.bench.programs import until

SAID = "commands/en/1309fe628b.wav"  # "turn on lights in the kitchen"
PATIENCE_S = 60


async def test_it_completes_a_turn(folder, recordings):
    vad = engines.choose("vad", EngineChoice()).make(Surroundings(None, None))
    [command] = [each for each in recorded.commands(recordings) if each.path == recordings / SAID]
    word = recorded.read(recordings / "wake" / "hey_jarvis_1.wav")
    sound = recorded.splice(word[: recorded.speech_end(word, vad)], command, 300)
    devices = WavDevices(np.concatenate([np.asarray(sound, np.int16), np.zeros(8_000, np.int16)]), folder)
    port = free_port()
    satellite = {
        "name": "pantry",
        "mode": "home-assistant",
        "home_assistant": {"port": port},
        "chimes": NO_CHIMES,
        **devices.settings,
    }
    told = {}

    async def ended():
        return told.get("ended")

    async with both_ends(folder) as ends:
        dial = {"satellites": {"dial": [f"tcp://127.0.0.1:{port}"]}}
        await ends.start_server(recordings / "home.yaml", dial)
        async with watching(ends, lambda event: told.setdefault(event["what"], event["data"])):
            await ends.start_satellite(satellite)
            await until("the turn ends", ended, PATIENCE_S, ends.programs)
    assert told["ended"]["outcome"] == "answered"
    assert told["intent"]["name"] == "HassTurnOn"
    assert told["wake"]["name"] == "hey_jarvis"
    [answer] = devices.answers().values()
    assert answer.audible_ns is not None
