"""What is no command of ours, and goes to Home Assistant's own agent."""

from contextlib import asynccontextmanager

import pytest
from support.home_assistant_double import serving

from roomtone import engines
from roomtone.engines import Surroundings
from roomtone_server.agent.base import Request, ask
from roomtone_server.agent.responses import responses_of
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.languages.language import languages
from roomtone_server.mind import open_mind
from roomtone_server.settings import ServerSettings

STRANGE = "tell the butler that dinner was lovely"
FORESEEN = {"intent": {"name": "HassTurnOff"}, "targets": {"lock.front_door": {"matched": True}}, "match": True}


@asynccontextmanager
async def talking(folder, fallback="home-assistant"):
    behind = VirtualHome(VirtualHomeSettings(), Surroundings(folder, folder))
    await behind.start()
    async with serving(behind) as double:
        home = {"engine": "home-assistant", "fallback": fallback, **double.settings()}
        settings = ServerSettings.model_validate({"home": home})
        around = Surroundings(folder, folder.parent)  # what is cached is not the test's own
        async with open_mind(settings, engines.choose("home", settings.home), around) as mind:
            yield double, mind.agent
    await behind.close()


def texts(double):
    return [each["text"] for each in double.asked if each["type"] == "conversation/process"]


def request(text, language="en", satellite="kitchen"):
    return Request(text, language, satellite, "Kitchen", satellite)


async def test_a_command_of_ours_is_ours(tmp_path):
    async with talking(tmp_path) as (double, agent):
        assert (await ask(agent, request("turn on the kitchen light"))).actions
        assert texts(double) == []


async def test_what_we_do_not_understand_it_may_but_only_once_it_is_certain_that_it_was_said(tmp_path):
    async with talking(tmp_path) as (double, agent):
        double.replies[STRANGE] = {"speech": "He thanks you.", "continue_conversation": True}
        prepared = await agent.prepare(request(STRANGE))
        await agent.think_ahead(prepared)
        assert (prepared.speculative, texts(double)) == (False, [])
        answer = await ask(agent, request(STRANGE))
        assert (answer.reply, answer.understood, answer.expects_answer) == ("He thanks you.", True, True)
        assert (await ask(agent, request("what did you say"))).reply == "He thanks you."


async def test_its_conversation_goes_on_by_satellite_and_language(tmp_path):
    async with talking(tmp_path) as (double, agent):
        double.replies[STRANGE] = {"speech": "Yes.", "conversation_id": "01A"}
        for spoken in (request(STRANGE), request(STRANGE), request(STRANGE, "de"), request(STRANGE, satellite="attic")):
            await ask(agent, spoken)
        await ask(agent, request("forget this conversation"))
        await ask(agent, request(STRANGE))
        asked = [each["conversation_id"] for each in double.asked if each["type"] == "conversation/process"]
        assert asked == [None, "01A", None, None, None]


@pytest.mark.parametrize(("answer", "unlocked"), [("yes", [STRANGE]), ("no", []), ("turn on the kitchen light", [])])
async def test_what_asks_back_asks_back_for_it_too(tmp_path, answer, unlocked):
    async with talking(tmp_path) as (double, agent):
        double.replies[STRANGE] = {"speech": "Unlocked."}
        double.foreseen[STRANGE] = FORESEEN
        question = await ask(agent, request(STRANGE))
        assert (question.reply, question.expects_answer) == ("Do you want me to unlock the Front Door?", True)
        assert texts(double) == []
        await ask(agent, request(answer))
        assert texts(double) == unlocked
        await ask(agent, request("yes"))
        assert texts(double) == unlocked


async def test_where_it_does_not_understand_either_we_say_so(tmp_path):
    async with talking(tmp_path) as (double, agent):
        answer = await ask(agent, request(STRANGE))
        assert not answer.understood
        assert "did not understand" in answer.reply
        assert texts(double) == [STRANGE]


async def test_it_is_asked_nothing_unless_its_owner_wants_that(tmp_path):
    async with talking(tmp_path, fallback="llm") as (double, agent):
        assert not (await ask(agent, request(STRANGE))).understood
        assert texts(double) == []


async def test_a_home_that_cannot_be_reached_is_said_whatever_is_asked_of_it(tmp_path):
    async with talking(tmp_path) as (double, agent):
        prepared = await agent.prepare(request("turn on the kitchen light"))
        await double.stop()
        parts = [part async for part in agent.commit(prepared)]
        assert parts[0].text == "Sorry, I cannot reach your home just now. I will keep trying."
        for text in ("turn off the bedroom light", "is the front door locked"):
            assert (await ask(agent, request(text))).reply == parts[0].text
        assert (await ask(agent, request("wie spät ist es", "de"))).understood
        german = await ask(agent, request("schalte Bedroom Light ein", "de"))
        assert german.reply == "Ich erreiche das Haus gerade leider nicht. Ich versuche es weiter."


def test_each_full_language_says_that_the_home_cannot_be_reached():
    full = [language.code for language in languages() if language.full]
    said = {code: responses_of(code).phrase("home_gone") for code in full}
    assert len(set(said.values())) == len(full) == 9
