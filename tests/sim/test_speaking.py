"""A reply in pieces, on virtual time: made ahead, paced, and known as far as it was heard."""

import asyncio

import numpy as np
import pytest
from support import virtual_time
from support.scripted import RATE_HZ, ScriptedSatellite, ScriptedTts

from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.speaking import speaking

STORY = "It is seven o'clock. The sun shines on the roof. All windows are closed."


def spoken(main, tts, **options):
    """What `main` does with a speaker; the satellite that heard it."""

    async def run():
        satellite = ScriptedSatellite()
        begun = []
        async with speaking(satellite, Replies(tts), 1, "en", lambda: begun.append(1), **options) as speaker:
            await main(speaker, satellite)
        assert begun == [1] * bool(satellite.of("begin"))
        return satellite

    return virtual_time.run(run())


def test_the_next_piece_is_made_while_one_sounds():
    """Each takes half a second to make and a second to say: only the first is waited for."""

    async def main(speaker, _):
        for word in STORY.split():
            await speaker.say(word + " ")
        assert await speaker.finish() == pytest.approx(0.2)

    tts = ScriptedTts(seconds=1.0, delay_s=0.5)
    satellite = spoken(main, tts)
    assert tts.asked == ["It is seven o'clock.", "The sun shines on the roof.", "All windows are closed."]
    played = [at for at, entry in zip(satellite.times, satellite.log, strict=True) if entry[0] == "play"]
    assert played[0] == pytest.approx(0.5)
    sounding_s = [0.1 * number for number in range(len(played))]
    assert all(at <= played[0] + due + 1e-6 for at, due in zip(played, sounding_s, strict=True)), "it never runs dry"


def test_what_is_whole_is_spoken_at_once_and_as_it_would_be_in_pieces():
    async def main(speaker, _):
        await speaker.say("Turned on the light", whole=True)
        await asyncio.sleep(0.3)
        assert tts.asked == ["Turned on the light"], "nobody waits for a full stop that may still come"
        await speaker.say(f" {STORY}")
        await speaker.finish()

    tts = ScriptedTts(seconds=0.1)
    spoken(main, tts)
    assert tts.asked[1:] == ["It is seven o'clock.", "The sun shines on the roof.", "All windows are closed."]


def test_no_more_is_made_than_can_wait():
    async def main(speaker, _):
        async with asyncio.TaskGroup() as tasks:
            saying = tasks.create_task(speaker.say("One more sentence is said. " * 100))
            await asyncio.sleep(1)
            assert not saying.done()
            assert len(tts.asked) < 10
            saying.cancel()
        await speaker.finish()

    tts = ScriptedTts(seconds=1.0)
    spoken(main, tts)


@pytest.mark.parametrize(
    ("seconds", "heard"),
    [(0, ""), (0.5, "It is"), (1, "It is seven o'clock."), (1.5, "It is seven o'clock. The sun shines"), (9, STORY)],
)
def test_what_was_heard_is_known_to_the_word(seconds, heard):
    async def main(speaker, _):
        await speaker.say(STORY)
        await speaker.finish()
        speaker.reached(round(seconds * RATE_HZ), done=False)
        assert speaker.heard == heard

    spoken(main, ScriptedTts(seconds=1.0))


def test_nothing_to_say_is_no_reply():
    async def main(speaker, satellite):
        await speaker.say("...")
        assert await speaker.finish() == 0.0
        assert satellite.log == []

    spoken(main, ScriptedTts())


def test_a_voice_that_fails_says_so():
    class Broken(ScriptedTts):
        async def speak(self, _: SpeechRequest):
            raise EngineError("the voice is gone")
            yield b""

    async def main(speaker, _):
        await speaker.say(STORY)
        await speaker.finish()

    with pytest.raises(EngineError, match="the voice is gone"):
        spoken(main, Broken())


@pytest.mark.parametrize(
    ("waits_s", "said"),
    [(1.4, ["It is seven."]), (1.6, ["One moment.", "It is seven."]), (9, ["One moment.", "It is seven."])],
)
def test_who_waits_long_for_a_reply_is_told_so_once(waits_s, said):
    async def main(speaker, _):
        await asyncio.sleep(waits_s)
        await speaker.say("It is seven.\n\n")
        await asyncio.sleep(5)
        await speaker.finish()
        speaker.reached(9 * RATE_HZ, done=False)
        assert speaker.heard == "It is seven.", "history keeps the reply"

    tts = ScriptedTts(seconds=1.0)
    spoken(main, tts, one_moment="One moment.")
    assert tts.asked == said


def test_nobody_waits_for_what_is_over():
    async def main(speaker, satellite):
        await speaker.finish()
        await asyncio.sleep(5)
        assert satellite.log == []

    spoken(main, ScriptedTts(), one_moment="One moment.")


def test_a_reply_may_be_softer():
    class Ear(ScriptedSatellite):
        def play(self, _turn, pcm):
            self.log.append(("heard", np.frombuffer(pcm, np.int16).max()))

    class Shout(ScriptedTts):
        async def speak(self, _request):
            yield np.full(160, 20_000, np.int16).tobytes()

    async def run(gain):
        ear = Ear()
        async with speaking(ear, Replies(Shout()), 1, "en", lambda: None, gain=gain) as speaker:
            await speaker.say("Good night.")
            await speaker.finish()
        return ear.of("heard")

    assert [virtual_time.run(run(gain)) for gain in (1.0, 0.25)] == [[(20_000,)], [(5_000,)]]


def test_a_reply_begins_with_what_can_be_heard():
    """Only the reply: between its sentences there is room to breathe."""

    class Ear(ScriptedSatellite):
        def play(self, _turn, pcm):
            self.log.append(("heard", np.frombuffer(pcm, np.int16).tolist()))

    class Breathing(ScriptedTts):
        async def speak(self, _request):
            yield np.array([0, 9, 20_000, 0], np.int16).tobytes()
            yield np.array([0, 7, 10_000], np.int16).tobytes()

    async def run():
        ear = Ear()
        async with speaking(ear, Replies(Breathing()), 1, "en", lambda: None) as speaker:
            await speaker.say("Good night. Sleep well.")
            await speaker.finish()
        return [samples for (samples,) in ear.of("heard")]

    assert virtual_time.run(run()) == [[20_000, 0], [0, 7, 10_000], [0, 9, 20_000, 0], [0, 7, 10_000]]
