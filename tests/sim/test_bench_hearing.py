"""How `roomtone bench stt` plays a clip to an engine, on virtual time."""

import asyncio

import pytest
from support import virtual_time
from support.scripted import ScriptedStt

from roomtone.errors import EngineError
from roomtone_server.bench.manifest import Clip
from roomtone_server.bench.stt.hearing import hear
from roomtone_server.engines.base import HearingRequest

REQUEST = HearingRequest("en", area="Kitchen")
CLIP = Clip("manifest.jsonl:3", "en/a.wav", "generated", "stop", bytes(2 * 16_000 + 2 * 100))  # 1 s, and 100 samples


def played(stt, pace):
    """What was heard, and how long that took."""

    async def main():
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        heard = await hear(stt, CLIP, REQUEST, pace)
        return heard, loop.time() - began_s

    return virtual_time.run(main())


@pytest.mark.parametrize(("pace", "seconds"), [(1.0, 1.02), (2.0, 0.51), (0.5, 2.04), (0.0, 0.0)])
def test_a_clip_plays_at_its_pace(pace, seconds):
    stt = ScriptedStt(text="stop", final_after_s=0.03)
    heard, took_s = played(stt, pace)
    assert heard.transcript.text == "stop"
    assert heard.final_ms == pytest.approx(30)
    assert took_s == pytest.approx(seconds + 0.03)
    assert stt.heard_bytes == len(CLIP.pcm)
    assert stt.requests == [REQUEST]
    assert stt.open == 0


def test_an_engine_that_is_behind_is_late_with_its_transcript():
    stt = ScriptedStt(feed_takes_s=0.03, final_after_s=0.0)
    heard, took_s = played(stt, 1.0)
    assert took_s == pytest.approx(0.02 + 51 * 0.03)
    assert heard.final_ms == pytest.approx(30)  # the last samples were handed over when it took them


def test_an_engine_that_fails_is_told_with_the_recording():
    with pytest.raises(EngineError, match=r"^manifest\.jsonl:3: en/a\.wav: it has no model$"):
        played(ScriptedStt(fails="it has no model"), 1.0)
