"""A guarded command, spoken to real processes: it asks back, listens without a wake word, and acts on a "yes" alone."""

import asyncio
import wave
from contextlib import aclosing

import numpy as np
import pytest
from support.voice import user_says

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone_server.bench.ends import both_ends
from roomtone_server.bench.scene import WAKE_WORD
from roomtone_server.ports.control import call_async

pytest.importorskip(
    "espeakng_loader", reason="these tests speak with the embedded voice: pip install 'roomtone[espeak]'"
)

ASKED_S = 5.0  # from the command's end: 0.8 s of silence, 2 s of question, and a person's second to think


def write(path, *pieces):
    """Pieces of sound, and of quiet room in seconds, one behind the other."""
    noise = np.random.default_rng(1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(RATE_HZ)
        for piece in pieces:
            quiet = isinstance(piece, float)
            sound = noise.normal(0, 16, round(piece * RATE_HZ)).astype(np.int16) if quiet else piece.sound
            file.writeframes(sound.tobytes())


@pytest.mark.parametrize(("answer", "service"), [("yes", "lock.unlock"), ("no", None)])
async def test_unlocking_asks_back(tmp_path, answer, service):
    microphone = tmp_path / "microphone.wav"
    write(
        microphone, 1.0, user_says(WAKE_WORD), 0.3, user_says("unlock the front door"), ASKED_S, user_says(answer), 3.0
    )
    satellite = {
        "name": "bench",
        "microphone": {"device": "wav", "file": str(microphone), "wait_for_server": True},
        "speaker": {"device": "wav", "file": str(tmp_path / "speaker.wav")},
    }
    replies, actions, ended = [], [], []
    async with both_ends(tmp_path) as ends:
        await ends.start_server(None)
        await ends.pair(satellite)
        async with aclosing(call_async(ends.control, "watch", patience_s=60)) as events:
            assert await anext(events) == {"watching": True}
            await ends.start_satellite(satellite)
            async with asyncio.timeout(60):
                while len(ended) < 2:
                    event = await anext(events)
                    if event["what"] == "reply":
                        replies.append(event["data"]["text"])
                    if event["what"] == "action":
                        assert len(ended) == 1, "nothing is done before the answer"
                        actions.append(event["data"]["service"])
                    if event["what"] == "ended":
                        ended.append((event["turn"], event["data"]["outcome"]))
    assert replies[0] == "Do you want me to unlock the Front Door?"
    assert ended == [(1, "answered"), (2, "answered")]
    assert actions == ([service] if service else [])
