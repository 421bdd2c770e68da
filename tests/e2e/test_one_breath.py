"""A command said in one breath with the wake word loses nothing: real recordings, real engines, the real turn."""

import asyncio
from contextlib import asynccontextmanager

import numpy as np
import pytest
from support import recorded
from support.scripted import ScriptedSatellite, ScriptedTts

from roomtone import engines
from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.mind import open_mind
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.house import House
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.session import Audio, Woken
from roomtone_server.settings import ServerSettings

GAPS_MS = (0, 50, 150, 300)
SPLICES = 20
PREROLL_SAMPLES = 500 * SAMPLES_PER_MS
SILENCE_AFTER = np.zeros(RATE_HZ, np.int16)


@asynccontextmanager
async def a_house(recordings, folder):
    """The server's own engines and agent over the recordings' home; only the reply is not spoken."""
    surroundings = Surroundings(folder, folder)
    home = EngineChoice("virtual", {"file": str(recordings / "home.yaml")})
    stt = engines.choose("stt", EngineChoice()).make(surroundings)
    vad = engines.choose("vad", EngineChoice())
    await stt.start()
    try:
        async with open_mind(ServerSettings(), engines.choose("home", home), surroundings) as mind:
            tts = ScriptedTts(seconds=0)
            house = House(Parts(stt, Replies(tts), lambda: vad.make(surroundings), mind.agent, Hints(folder)))
            async with asyncio.TaskGroup() as tasks:
                following = tasks.create_task(house.follow(mind.home))
                await house.taught.wait()
                yield house
                following.cancel()
    finally:
        await stt.close()


async def understood(house, microphone, woken):
    """The intent that a turn over this audio leads to."""
    satellite = ScriptedSatellite(name="Kitchen")
    intent = None
    with house.parts.trace.watch() as happened:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(house.attend(satellite))
            satellite.send(woken)
            sent = np.concatenate([microphone[woken.first_sample :], SILENCE_AFTER, SILENCE_AFTER])
            for number, frame in enumerate(recorded.frames(sent)):
                satellite.send(Audio(frame, woken.first_sample + number * FRAME_SAMPLES))
            while (event := await happened.get()).what != "ended":
                if event.what == "intent":
                    intent = (event.data["name"], event.data["slots"])
            satellite.switch_off()
    return intent


def detection(wake, microphone):
    """Where, and as what, the wake engine hears the wake word."""
    wake.reset()
    for number, frame in enumerate(recorded.frames(microphone)):
        if found := wake.process(frame):
            return found, (number + 1) * FRAME_SAMPLES
    return None, 0


@pytest.mark.usefixtures("recordings")
async def test_twenty_splices_lose_at_most_one_intent(recordings, tmp_path):
    surroundings = Surroundings(tmp_path, tmp_path)
    wake = engines.choose("wake", EngineChoice()).make(surroundings)
    vad = engines.choose("vad", EngineChoice()).make(surroundings)
    spoken = [each for each in recorded.commands(recordings) if each.language == "en" and each.kind == "generated"]
    words = [recorded.read(path) for path in sorted((recordings / "wake").glob("*.wav"))]
    words = [word[: recorded.speech_end(word, vad)] for word in words]

    lost = []
    async with a_house(recordings, tmp_path) as house:
        for number, command in enumerate(spoken[:SPLICES]):
            gap_ms = GAPS_MS[number % len(GAPS_MS)]
            alone = await understood(house, command.samples(), Woken(1, "", "", 1.0, 0, 0))
            microphone = recorded.splice(words[number % len(words)], command, gap_ms)
            found, at = detection(wake, microphone)
            assert found, f"the wake word was not heard before {command.text!r}"
            first = max(0, at - PREROLL_SAMPLES) // FRAME_SAMPLES * FRAME_SAMPLES
            woken = Woken(1, found.name, found.phrase, found.score, at, first)
            heard = await understood(house, microphone, woken)
            if alone is not None and heard != alone:
                lost.append((command.text, gap_ms, found.name, alone, heard))
    wake.close()
    assert len(lost) <= 1, lost
