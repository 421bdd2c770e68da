"""One utterance that another program conducts, on virtual time: when it ends, and what is ready then."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from support import virtual_time
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedStt, ScriptedTts, parts

from roomtone.ears.formats import FRAME_MS
from roomtone.errors import EngineError
from roomtone_server.agent.base import Request
from roomtone_server.engines.base import HearingRequest
from roomtone_server.runtime.anticipation import KEPT_S, MAX_KEPT, anticipating
from roomtone_server.runtime.dictation import DictationRequest, Dictations
from roomtone_server.runtime.parts import EndpointSettings, TurnSettings

# Free speech to the hints, which know nothing: 500 ms of silence, and some for the detector to be sure of it.
FREE_S = EndpointSettings().free_ms / 1000


class Conducted:
    """Who hears utterances through `parts`, and asks for the answers afterwards."""

    def __init__(self, of, anticipation):
        self.anticipation = anticipation
        self.partials = []
        self.expected = []
        self.ended_at = None
        self._dictations = Dictations(of, anticipation)

    @asynccontextmanager
    async def hearing(self, **asked):
        asked = DictationRequest(**{"hearing": HearingRequest("en"), **asked})
        async with self._dictations.hearing(asked, self._expect, self.partials.append) as dictation:
            yield dictation

    def _expect(self, text, language):
        self.expected.append(text)
        return self.anticipation.begin(Request(text, language))

    async def heard(self, *sounds, **asked):
        """What was said in sounds of so many ms, at the speed of a microphone; `ended_at` is when that was known."""
        async with self.hearing(**asked) as dictation, asyncio.TaskGroup() as tasks:
            speaking = tasks.create_task(speak(dictation, *sounds))
            heard = await dictation.transcript()
            self.ended_at = asyncio.get_running_loop().time()
            speaking.cancel()
        return heard


async def speak(dictation, *sounds, then_finish=False):
    for frame, ms in sounds:
        for _ in range(ms // FRAME_MS):
            await asyncio.sleep(FRAME_MS / 1000)
            await dictation.take(frame)
    if then_finish:
        dictation.finish()


def conduct(main, **chosen):
    async def conducted():
        of = parts(**chosen)
        async with anticipating(of) as anticipation:
            await main(Conducted(of, anticipation))

    virtual_time.run(conducted())


def test_it_ends_by_itself_and_tells_what_it_hears():
    async def main(conducted):
        heard = await conducted.heard((SPEECH, 1000), (SILENCE, 5000))
        assert (heard.text, heard.language) == ("turn on the light", "en")
        assert conducted.partials == ["turn", "turn on", "turn on the", "turn on the light"]
        assert conducted.ended_at == pytest.approx(1.0 + FREE_S, abs=0.041)

    conduct(main)


@pytest.mark.parametrize(("scale", "share"), [(0.7, 0.7), (1.6, 1.6)])
def test_who_asks_may_be_more_or_less_patient(scale, share):
    async def main(conducted):
        await conducted.heard((SPEECH, 1000), (SILENCE, 5000), scale=scale)
        assert conducted.ended_at == pytest.approx(1.0 + share * FREE_S, abs=0.041)

    conduct(main)


def test_who_ends_it_himself_is_waited_for():
    async def main(conducted):
        async with conducted.hearing(ends_itself=False) as dictation:
            await speak(dictation, (SPEECH, 1000), (SILENCE, 3000), then_finish=True)
            assert (await dictation.transcript()).text == "turn on the light"
        assert conducted.expected[-1] == "turn on the light"

    conduct(main)


def test_the_end_of_the_audio_is_that_of_the_utterance_in_any_case():
    async def main(conducted):
        async with conducted.hearing() as dictation:
            await speak(dictation, (SPEECH, 1000), then_finish=True)
            assert (await dictation.transcript()).text == "turn on the light"

    conduct(main)


def test_who_says_nothing_is_not_understood():
    async def main(conducted):
        heard = await conducted.heard((SILENCE, 20_000))
        assert heard.text == ""
        assert conducted.ended_at == pytest.approx(EndpointSettings().nothing_said_ms / 1000, abs=0.041)
        assert conducted.expected == []

    conduct(main, stt=ScriptedStt(text=""))


def test_a_cough_leads_to_no_answer():
    async def main(conducted):
        assert (await conducted.heard((SPEECH, 800), (SILENCE, 5000))).text == ""
        assert conducted.expected == []

    conduct(main, stt=ScriptedStt(text="", spoken=False))


def test_the_answer_is_ready_when_it_is_asked_for_and_nothing_has_happened():
    agent, tts = ScriptedAgent(), ScriptedTts()

    async def main(conducted):
        heard = await conducted.heard((SPEECH, 1000), (SILENCE, 5000))
        assert agent.asked == [Request("turn on the light", "en")]
        assert tts.asked == ["Turned on the light"]
        assert agent.committed == []
        prepared = await conducted.anticipation.claim(Request(heard.text, heard.language))
        assert prepared.reply == "Turned on the light"
        assert len(agent.asked) == 1, "it was ready"
        await conducted.anticipation.claim(Request(heard.text, heard.language))
        assert len(agent.asked) == 2, "each is given out once"

    conduct(main, agent=agent, tts=tts)


def test_what_was_prepared_in_a_pause_is_given_up_when_more_is_said():
    agent = ScriptedAgent()

    async def main(conducted):
        await conducted.heard((SPEECH, 600), (SILENCE, 300), (SPEECH, 600), (SILENCE, 5000))
        assert len(conducted.expected) == 2
        assert conducted.ended_at == pytest.approx(1.5 + FREE_S, abs=0.2)
        await conducted.anticipation.claim(Request("turn on the light", "en"))
        assert len(agent.asked) == 2, "the last of them was kept"

    conduct(main, agent=agent)


def test_what_nobody_asks_for_is_given_up():
    agent = ScriptedAgent()

    async def main(conducted):
        await conducted.heard((SPEECH, 1000), (SILENCE, 5000))
        await asyncio.sleep(KEPT_S)
        await conducted.anticipation.claim(Request("turn on the light", "en"))
        assert len(agent.asked) == 2

    conduct(main, agent=agent)


def test_not_more_is_kept_than_can_be_wanted():
    agent = ScriptedAgent()

    async def main(conducted):
        for number in range(MAX_KEPT + 1):
            conducted.anticipation.begin(Request(str(number)))
        await asyncio.sleep(0.1)
        await conducted.anticipation.claim(Request("1"))
        assert len(agent.asked) == MAX_KEPT, "the first was given up before it had begun"
        await conducted.anticipation.claim(Request("0"))
        assert len(agent.asked) == MAX_KEPT + 1

    conduct(main, agent=agent)


def test_an_agent_that_fails_ahead_is_asked_again():
    class Stumbling(ScriptedAgent):
        async def prepare(self, request):
            if not self.asked:
                self.asked.append(request)
                raise ZeroDivisionError("a fault")
            return await super().prepare(request)

    agent = Stumbling()

    async def main(conducted):
        heard = await conducted.heard((SPEECH, 1000), (SILENCE, 5000))
        assert (await conducted.anticipation.claim(Request(heard.text, "en"))).reply
        assert len(agent.asked) == 2

    conduct(main, agent=agent)


def test_a_recogniser_that_fails_says_so():
    async def main(conducted):
        with pytest.raises(EngineError, match="the worker died"):
            await conducted.heard((SPEECH, 1000), (SILENCE, 5000))

    conduct(main, stt=ScriptedStt(fails="the worker died"))


def test_audio_that_stops_coming_ends_it():
    async def main(conducted):
        with pytest.raises(EngineError, match="stopped sending audio"):
            await conducted.heard((SPEECH, 1000))
        assert conducted.ended_at is None
        assert asyncio.get_running_loop().time() == pytest.approx(1.0 + TurnSettings().audio_stalls_after_s)

    conduct(main)


def test_who_leaves_in_the_middle_leaves_nothing_open():
    stt = ScriptedStt()

    async def main(conducted):
        async with conducted.hearing() as dictation:
            await speak(dictation, (SPEECH, 500))
        await asyncio.sleep(0.1)
        assert stt.open == 0

    conduct(main, stt=stt)


def test_audio_that_comes_all_at_once_is_heard_whole():
    stt = ScriptedStt(feed_takes_s=0.001)

    async def main(conducted):
        async with conducted.hearing(ends_itself=False) as dictation:
            await dictation.take(SPEECH * 400 + SILENCE * 100)
            dictation.finish()
            assert (await dictation.transcript()).text == "turn on the light"
        assert stt.heard_bytes >= 400 * len(SPEECH)

    conduct(main, stt=stt)


def test_several_are_heard_at_once():
    async def main(conducted):
        async with asyncio.TaskGroup() as tasks:
            heard = [tasks.create_task(conducted.heard((SPEECH, 1000), (SILENCE, 5000))) for _ in range(6)]
        assert [task.result().text for task in heard] == ["turn on the light"] * 6

    conduct(main)
