"""A browser that talks, with the runtime behind it, on virtual time."""

import asyncio

import pytest
from support import virtual_time
from support.browser_voice import SILENCE, SPEECH, WORD, TolerantVad, at_home
from support.satellite_parts import ScriptedWake
from support.scripted import RATE_HZ, LoudnessVad, ScriptedAgent, ScriptedStt, ScriptedTts, parts

from roomtone_server.agent.base import Finished
from roomtone_server.runtime.house import EVERYWHERE, House

UTTERANCE = SPEECH * 50 + SILENCE * 60
FRAME_BYTES = 640


def home(**scripted) -> House:
    return House(parts(**scripted))


def test_one_turn_from_hold_to_the_end():
    async def main():
        stt, agent = ScriptedStt(), ScriptedAgent()
        async with at_home(home(stt=stt, agent=agent)) as browser:
            browser.tell("hold")
            await browser.stream(SPEECH * 50)
            assert "heard" not in browser.kinds(), "as long as it is held"
            browser.tell("release")
            await browser.until("ended")
        assert browser.kinds() == [
            *("listening", "chime", "heard", "transcript", "intent", "reply", "audio", "audio-end", "ended"),
        ]
        assert browser.of("listening") == [{"turn": 1, "by": "hold", "seconds": None}]
        assert browser.of("partial")[-1] == {"turn": 1, "text": "turn on the light"}
        assert browser.of("transcript") == [{"turn": 1, "text": "turn on the light"}]
        assert browser.of("intent") == [{"turn": 1, "name": "HassTurnOn", "slots": {"name": "light"}}]
        assert browser.of("ended") == [{"turn": 1, "outcome": "answered", "text": ""}]
        assert browser.of("audio") == [{"turn": 1, "rate": RATE_HZ}]
        assert len(browser.audio[1]) == 2 * RATE_HZ
        assert stt.heard_bytes == 50 * FRAME_BYTES
        assert agent.asked[0].area == "Kitchen"

    virtual_time.run(main())


def test_what_the_server_does_is_told_in_time_from_the_turn_s_beginning():
    async def main():
        async with at_home(home()) as browser:
            browser.tell("hold")
            await browser.stream(SPEECH * 50)
            browser.tell("release")
            await browser.until("ended")
            await asyncio.sleep(0.1)
        stages = [(event["stage"], event["at"]) for event in browser.of("stage")]
        assert stages[0] == ("wake", 0.0)
        names = [stage for stage, _ in stages]
        assert [name for name in names if name in ("speech-started", "endpoint", "first-audio", "played")] == [
            *("speech-started", "endpoint", "first-audio", "played"),
        ]
        assert dict(stages)["endpoint"] == pytest.approx(980, abs=1)
        assert stages == sorted(stages, key=lambda each: each[1])

    virtual_time.run(main())


def test_an_utterance_that_nobody_holds_ends_by_its_silence():
    async def main():
        async with at_home(home()) as browser:
            browser.tell("listen")
            browser.tell("listen")
            await browser.stream(UTTERANCE)
            await browser.until("ended")
        assert [event["by"] for event in browser.of("listening")] == ["listen"]
        assert browser.of("ended")[0]["outcome"] == "answered"

    virtual_time.run(main())


def test_a_wake_word_loses_nothing_of_what_is_said_in_one_breath():
    async def main():
        stt, wakes = ScriptedStt(), []

        def wake():
            wakes.append(ScriptedWake())
            return wakes[-1]

        async with at_home(home(stt=stt), mode="wake", wake=wake) as browser:
            browser.hear(SILENCE * 50 + WORD + SPEECH * 3)  # all of it in one piece
            await browser.stream(SPEECH * 40 + SILENCE * 60)
            await browser.until("ended")
            assert browser.of("listening")[0]["by"] == "word"
            assert stt.requests[0].wake_phrase == "okay nabu"
            before_ms, after = 500, 43
            at_least = (before_ms // 20 + after) * FRAME_BYTES
            assert at_least <= stt.heard_bytes <= at_least + 50 * FRAME_BYTES
            browser.tell("stop")
            assert not browser.session.is_on
        assert len(wakes) == 1

    virtual_time.run(main())


def test_any_voice_begins_a_turn_where_all_are_listened_to_and_a_cough_is_none():
    async def main():
        stt = ScriptedStt(text="", spoken=False)
        async with at_home(home(stt=stt), mode="open") as browser:
            await browser.stream(SILENCE * 60 + SPEECH * 2 + SILENCE * 20)
            assert browser.kinds("started") == [], "a click"
            await browser.stream(SPEECH * 10 + SILENCE * 60)
            await browser.until("ended")
            assert browser.kinds() == ["listening", "heard", "ended"], "without a sound"
            assert browser.of("ended") == [{"turn": 1, "outcome": "nothing-said", "text": ""}]
            stt.text, stt.spoken, heard = "turn on the light", True, stt.heard_bytes
            await browser.stream(SILENCE * 30 + UTTERANCE)
            await browser.until("ended", turn=3)
            assert browser.of("listening")[1] == {"turn": 3, "by": "voice", "seconds": None}
            assert stt.heard_bytes - heard >= (25 + 50) * FRAME_BYTES, "with half a second before it"
        assert browser.of("ended")[1]["outcome"] == "answered"

    virtual_time.run(main())


def test_what_is_no_command_gets_no_word_where_all_are_listened_to():
    async def main():
        stt, agent = ScriptedStt(text=""), ScriptedAgent()
        async with at_home(home(stt=stt, agent=agent), mode="open") as browser:
            await browser.stream(SILENCE * 30 + UTTERANCE + SILENCE * 60)
            await browser.until("ended")
        assert browser.of("ended")[0]["outcome"] == "not-understood"
        assert agent.committed == []
        assert "audio" not in browser.kinds()

    virtual_time.run(main())


def test_who_does_not_report_the_end_of_a_reply_is_not_waited_for():
    async def main():
        async with at_home(home(tts=ScriptedTts(seconds=0.3)), plays=False) as browser:
            browser.tell("listen")
            await browser.stream(UTTERANCE)
            await browser.until("ended")
            browser.played(1, 10**9, done=True)  # more than it was sent
            browser.tell("listen")
            await browser.stream(UTTERANCE)
            await browser.until("ended", turn=3)
            assert "problem" not in browser.kinds()

    virtual_time.run(main())


def test_a_reply_that_asks_something_is_answered_without_a_word():
    async def main():
        agent = ScriptedAgent(reply="Shall I?", finished=Finished(understood=True, expects_answer=True))
        async with at_home(home(agent=agent, tts=ScriptedTts(seconds=0.3)), mode="wake", wake=ScriptedWake) as browser:
            browser.hear(WORD)
            await browser.stream(UTTERANCE)
            await browser.until("listening", by="invitation")
            assert browser.of("listening")[1] == {"turn": 2, "by": "invitation", "seconds": 5.0}
            agent.finished = Finished(understood=True)
            await browser.stream(UTTERANCE)
            await browser.until("ended", turn=2)
        assert [event["outcome"] for event in browser.of("ended")] == ["answered", "answered"]

    virtual_time.run(main())


def test_a_browser_without_a_microphone_is_told_and_not_asked():
    async def main():
        house = home(tts=ScriptedTts(seconds=0.3))
        async with at_home(house, mode=None) as browser:
            browser.tell("hold")
            assert "start comes first" in browser.of("problem")[0]["text"]
            house.announce(EVERYWHERE, "The tea is ready", "timer", expects_answer=True)
            await browser.until("ended", turn=4)
        assert browser.kinds("problem") == ["chime", "reply", "audio", "audio-end", "ended", "ended"]
        assert [event["outcome"] for event in browser.of("ended")] == ["answered", "cancelled"]

    virtual_time.run(main())


def test_a_microphone_that_ends_gives_the_utterance_up():
    async def main():
        async with at_home(home()) as browser:
            browser.tell("hold")
            await browser.stream(SPEECH * 20)
            browser.tell("stop")
            await browser.until("ended")
            browser.hear(SPEECH * 10)  # it was still on its way
            browser.tell("start", rate=16_000, mode="hold")
            browser.tell("hold")
            await browser.stream(SPEECH * 50)
            browser.tell("release")
            await browser.until("ended", turn=3)
        assert [event["outcome"] for event in browser.of("ended")] == ["cancelled", "answered"]

    virtual_time.run(main())


def test_a_button_that_is_let_go_before_any_sound_is_no_utterance():
    async def main():
        async with at_home(home(stt=ScriptedStt(text="", spoken=False))) as browser:
            browser.tell("hold")
            browser.tell("release")
            await browser.until("ended")
        assert browser.of("ended") == [{"turn": 1, "outcome": "nothing-said", "text": ""}]

    virtual_time.run(main())


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_when_something_was_said_is_known_by_the_browser_s_own_clock(rate):
    """It runs 1000 s ahead of ours, and takes 30 ms to hand over what it has heard; in between it sends nothing."""

    async def main():
        house = home(make_vad=TolerantVad)
        clock = asyncio.get_running_loop().time
        frame = FRAME_BYTES * rate // 16_000

        async def place(browser, seconds):
            browser.tell("position", sample=round(seconds * rate), at=(1000 + clock() - 0.03) * 1000)

        with house.parts.trace.watch() as traced:
            async with at_home(house, rate=rate) as browser:
                for ping in browser.of("ping"):
                    browser.tell("pong", id=ping["id"], at=(1000 + clock()) * 1000)
                assert len(browser.of("ping")) > 1, "the first ones come one upon the other's answer"
                await asyncio.sleep(20)
                browser.tell("hold")
                await place(browser, clock())
                began = clock() - 0.03
                await browser.stream(bytes(10 * frame) + b"\x40\x1f" * (40 * frame // 2), rate)
                browser.tell("release")
                await browser.until("ended")
        told = [traced.get_nowait() for _ in range(traced.qsize())]
        woken = next(event for event in told if event.what == "wake")
        speech = next(event for event in told if event.what == "speech-started")
        assert woken.data["happened_ns"] / 1e9 == pytest.approx(began, abs=0.001)
        assert woken.data["round_trip_ms"] == 0.0
        assert (speech.data["sample"] - woken.data["sample"]) / 16_000 == pytest.approx(0.2, abs=0.041)

    virtual_time.run(main())


def test_a_voice_detector_is_had_only_while_there_is_something_to_listen_for():
    made = []

    class Counted(LoudnessVad):
        def __init__(self):
            made.append(self)

    async def main():
        house = home(make_vad=Counted, tts=ScriptedTts(seconds=0.3))
        async with at_home(house, mode="wake", wake=ScriptedWake) as browser:
            await browser.stream(SILENCE * 500)
            assert made == []
            browser.hear(WORD)
            await browser.stream(UTTERANCE)
            await browser.until("ended")
            assert len(made) == 2, "one for the utterance, one for the reply"

    virtual_time.run(main())


def test_a_browser_that_goes_in_the_middle_of_a_turn_leaves_nothing_behind():
    async def main():
        house, wakes = home(stt=ScriptedStt()), []

        class Closing(ScriptedWake):
            def close(self):
                wakes.append("closed")

        async with at_home(house, mode="wake", wake=Closing) as browser:
            browser.hear(WORD)
            await browser.stream(SPEECH * 20)
            assert house.parts.stt.open == 1
        assert house.parts.stt.open == 0
        assert wakes == ["closed"]
        assert house.satellites == []
        assert browser.of("ended")[-1]["outcome"] == "lost"
        await asyncio.sleep(100)
        assert len(browser.of("ping")) < 3, "its clock is of no interest any more"

    virtual_time.run(main())
