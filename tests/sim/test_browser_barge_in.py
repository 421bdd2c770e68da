"""Somebody speaks into a browser's reply, with the runtime behind it, on virtual time."""

import asyncio

import pytest
from support import virtual_time
from support.browser_voice import COUGH, SILENCE, SPEECH, WORD, at_home
from support.satellite_parts import ScriptedWake
from support.scripted import RATE_HZ, LoudnessVad, ScriptedAgent, ScriptedStt, ScriptedTts, parts

from roomtone_server.runtime.house import House

UTTERANCE = SPEECH * 50 + SILENCE * 60
FRAME_BYTES = 640


def home(**scripted) -> House:
    return House(parts(**scripted))


class InAReply:
    """A browser to which a story of three seconds is told, and of which a second has sounded."""

    def __init__(self, mode="hold"):
        self.mode = mode
        self.stt, self.tts = ScriptedStt(), ScriptedTts(seconds=1.0)
        self.agent = ScriptedAgent(reply="It is seven o'clock. The sun shines on the roof. All windows are closed.")
        self.house = home(stt=self.stt, agent=self.agent, tts=self.tts)

    def run(self, main):
        async def run():
            async with at_home(self.house, mode=self.mode, plays=False, wake=ScriptedWake) as browser:
                browser.tell("hold")
                await browser.stream(SPEECH * 40)
                browser.tell("release")
                await browser.until_audio(1, 2 * RATE_HZ)
                browser.played(1, RATE_HZ)
                await main(browser)
            return browser

        return virtual_time.run(run())


def test_a_cough_pauses_the_reply_and_costs_nothing_of_it():
    scene = InAReply()

    async def main(browser):
        began = asyncio.get_running_loop().time()
        await browser.stream(COUGH)
        assert browser.at("pause") - began <= 0.1, "at the third frame of it"
        assert 0.25 <= browser.at("resume") - began <= 0.3
        await browser.stream(SILENCE * 150)
        await browser.until("audio-end")
        assert len(browser.audio[1]) == 3 * 2 * RATE_HZ
        browser.played(1, done=True)
        await browser.until("ended")

    browser = scene.run(main)
    assert [kind for kind in browser.kinds() if kind in ("pause", "resume", "flush")] == ["pause", "resume"]
    assert browser.of("ended") == [{"turn": 1, "outcome": "answered", "text": ""}]


@pytest.mark.parametrize("tells", [True, False])
def test_a_voice_that_is_louder_than_an_echo_can_be_need_not_be_sure(tells):
    """Where the browser tells when what was heard, and when what sounded."""

    class Unsure(LoudnessVad):
        def process(self, frame):
            return 0.3 * super().process(frame)

    class Loud(ScriptedTts):
        async def speak(self, _request):
            for _ in range(60):
                yield b"\0\x20" * (RATE_HZ // 10)

    async def main():
        clock = asyncio.get_running_loop().time
        house = home(make_vad=Unsure, tts=Loud())
        async with at_home(house, plays=False) as browser:

            def told(kind, seconds, **fields):
                browser.tell(kind, **fields, at=(seconds * 1000 if tells else None))

            browser.tell("hold")
            told("position", clock(), sample=0)
            await browser.stream(SPEECH * 20)
            browser.tell("release")
            await browser.until_audio(1, 1)
            began = clock()
            told("position", clock(), sample=round(clock() * 16_000))
            for _ in range(20):
                told("played", clock(), turn=1, samples=round((clock() - began) * RATE_HZ))
                await browser.stream(SILENCE * 10)
            assert "pause" not in browser.kinds()
            browser.hear(SPEECH * 3)
            assert ("pause" in browser.kinds()) is tells
            browser.tell("cancel")

    virtual_time.run(main())


def test_words_into_a_reply_silence_it_and_are_the_next_turn():
    scene = InAReply()

    async def main(browser):
        scene.stt.text, before = "what time is it", scene.stt.heard_bytes
        scene.agent.reply = "Four"
        browser.hear(SILENCE * 10)
        await browser.stream(SPEECH * 45 + SILENCE * 60)
        await browser.until("flush")
        await browser.until("audio-end", turn=3)
        assert scene.stt.heard_bytes - before >= 45 * FRAME_BYTES, "from the first sample on"
        browser.played(3, done=True)
        await browser.until("ended", turn=3)

    browser = scene.run(main)
    order = [kind for kind in browser.kinds() if kind in ("pause", "resume", "flush", "listening")]
    assert order == ["listening", "pause", "flush", "listening"]
    assert browser.of("listening")[1] == {"turn": 3, "by": "interruption", "seconds": None}
    assert [(event["turn"], event["outcome"]) for event in browser.of("ended")] == [(1, "interrupted"), (3, "answered")]
    heard = scene.agent.asked[-1].cut_short
    assert heard is not None
    assert heard.startswith("It is seven o'clock.")
    assert "windows" not in heard


def test_a_wake_word_into_a_reply_silences_it_at_once():
    scene = InAReply("wake")

    async def main(browser):
        scene.agent.reply = "Four"
        browser.hear(WORD)
        assert browser.kinds()[-2:] == ["flush", "listening"]
        await browser.stream(UTTERANCE)
        await browser.until("audio-end", turn=3)
        browser.played(3, done=True)
        await browser.until("ended", turn=3)

    browser = scene.run(main)
    assert browser.of("ended")[0] == {"turn": 1, "outcome": "cancelled", "text": ""}


@pytest.mark.parametrize("how", ["cancel", "hold"])
def test_a_button_silences_a_reply(how):
    scene = InAReply()

    async def main(browser):
        browser.tell(how)
        assert "flush" in browser.kinds()
        sent = len(browser.audio[1])
        await browser.stream(SILENCE * 60)
        assert len(browser.audio[1]) == sent
        browser.tell("cancel")

    browser = scene.run(main)
    assert browser.of("ended")[0]["outcome"] == "cancelled"
    assert [event["by"] for event in browser.of("listening")] == ["hold"] * (2 if how == "hold" else 1)


def test_a_claim_that_a_reply_is_over_before_it_was_sent_is_not_believed():
    scene = InAReply()

    async def main(browser):
        browser.played(1, 0, done=True)
        browser.played(77, 0, done=True)
        await browser.stream(SILENCE * 200)
        await browser.until("audio-end")
        assert len(browser.audio[1]) == 3 * 2 * RATE_HZ
        browser.played(1, done=True)
        await browser.until("ended")

    scene.run(main)
