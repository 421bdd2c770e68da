"""A house that answers each turn in the language in which it was spoken, on virtual time."""

import asyncio
from dataclasses import dataclass, field

import pytest
from support import virtual_time
from support.scripted import ScriptedAgent, ScriptedHearing, ScriptedSatellite, ScriptedStt, ScriptedTts, parts

from roomtone_server.agent.base import Due
from roomtone_server.engines.base import Transcript
from roomtone_server.runtime.house import House


@dataclass
class TellingStt(ScriptedStt):
    """Tells the language by the sound."""

    language: str = ""

    async def hear(self, request):
        self.requests.append(request)
        return TellingHearing(self)


class TellingHearing(ScriptedHearing):
    async def preview(self):
        heard = await super().preview()
        return Transcript(heard.text, spoken=heard.spoken, language=self._stt.language)


@dataclass
class TellingTts(ScriptedTts):
    languages: list[str] = field(default_factory=list)

    async def speak(self, request):
        self.languages.append(request.language)
        async for chunk in super().speak(request):
            yield chunk


async def one_turn(house, agent):
    satellite = ScriptedSatellite()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.attend(satellite))
        await satellite.utter(1)
        await satellite.until("ended")
        satellite.switch_off()
    return agent.asked[-1].language


@pytest.mark.parametrize(
    ("heard", "answered"), [("hi", "hi"), ("de", "de"), ("", "en"), ("ja", "en"), ("no-such-thing/../x", "en")]
)
def test_a_turn_is_in_the_language_that_was_heard_where_the_house_speaks_it(heard, answered):
    async def main():
        stt, tts, agent = TellingStt(language=heard), TellingTts(), ScriptedAgent()
        house = House(parts(stt=stt, tts=tts, agent=agent, detects_language=True))
        assert await one_turn(house, agent) == answered
        assert stt.requests[0].language == "auto"
        assert set(tts.languages) == {answered}

    virtual_time.run(main())


def test_a_house_of_one_language_asks_for_it_and_keeps_to_it():
    async def main():
        stt, tts, agent = TellingStt(language="hi"), TellingTts(), ScriptedAgent()
        assert await one_turn(House(parts(stt=stt, tts=tts, agent=agent, language="de")), agent) == "de"
        assert stt.requests[0].language == "de"
        assert set(tts.languages) == {"de"}

    virtual_time.run(main())


def test_what_is_due_is_said_in_its_own_language():
    async def main():
        tts, agent = TellingTts(), ScriptedAgent(dues=[Due("s1", "टाइमर पूरा हुआ।", language="hi")])
        house, satellite = House(parts(tts=tts, agent=agent)), ScriptedSatellite()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(house.attend(satellite))
            deliver = tasks.create_task(house.deliver_dues())
            await satellite.until("ended")
            deliver.cancel()
            satellite.switch_off()
        assert tts.languages == ["hi"]

    virtual_time.run(main())


def test_who_waits_is_told_so_in_the_language_of_the_turn():
    async def main():
        stt, tts = TellingStt(language="de"), TellingTts(seconds=0.1)
        agent = ScriptedAgent(takes_s=3, speculative=False)
        house = House(parts(stt=stt, tts=tts, agent=agent, detects_language=True, one_moment="One moment."))
        await one_turn(house, agent)
        assert tts.asked[0] == "Einen Moment."

    virtual_time.run(main())
