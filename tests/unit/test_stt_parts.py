"""What recognisers share that ask a service: names, the rest of a wake word, previews that overtake each other."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from support.vocabularies import ODD, SMALL

from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.base import Transcript
from roomtone_server.engines.stt.latest import Latest
from roomtone_server.engines.stt.services import check_language, names_of
from roomtone_server.engines.stt.wake_words import without_wake_phrase
from roomtone_server.grammar.vocabulary import NamedThing


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("OK, Nabu, turn on the light.", "turn on the light."),
        ("Okay Naboo. Turn on the light.", "Turn on the light."),
        ("nabu turn on the light", "turn on the light"),
        ("o k nabu turn it off", "turn it off"),
        ("Okay Nabu.", ""),
        ("Turn on the light.", "Turn on the light."),
        ("now turn on the light", "now turn on the light"),
        ("", ""),
        ("...", "..."),
    ],
)
def test_what_is_left_of_the_wake_phrase_is_cut_off_however_it_is_written(text, left):
    assert without_wake_phrase(text, "okay nabu") == left


@pytest.mark.parametrize("text", ["relax the blinds", "all lights off", "hey, what time is it"])
def test_what_only_resembles_a_wake_word_stays(text):
    assert without_wake_phrase(text, "alexa") == text
    assert without_wake_phrase(text, "hey jarvis") == text
    assert without_wake_phrase(text, "") == text


def test_names_come_before_aliases_once_each_and_no_more_than_a_model_takes():
    names = names_of(SMALL, most=100, tokens=1000)
    assert names[0] == "Ceiling Light"
    assert names[-1] == "Lounge"
    assert names.index("Kitchen") < names.index("Lounge")
    assert names_of(SMALL, most=3, tokens=1000) == names[:3]
    assert names_of(SMALL, most=100, tokens=20) == names[:2]
    assert names_of(ODD, most=1000, tokens=10_000)
    long = replace(SMALL, things=(NamedThing("light.x", ("x" * 61,)), NamedThing("light.y", ("  ", "y\nz"))))
    assert names_of(long, most=9, tokens=999)[0] == "Kitchen"
    assert "y z" in names_of(long, most=9, tokens=999)


def test_a_service_that_does_not_tell_its_languages_is_asked_for_any():
    check_language("it", (), "tlh")
    check_language("it", ("en_US",), "en-GB")
    with pytest.raises(LanguageMissing, match=r"it does not hear 'tlh'; it hears: de, en-us"):
        check_language("it", ("en_US", "de"), "tlh")


class Service:
    """Answers each request when it is told to."""

    def __init__(self):
        self.asked = []
        self.under_way = 0
        self.most_under_way = 0
        self.may_answer = asyncio.Event()
        self.problem = ""

    async def transcribe(self, pcm):
        self.asked.append(len(pcm))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.may_answer.wait()
            if self.problem:
                raise EngineError(self.problem)
            return Transcript(f"{len(pcm)} bytes")
        finally:
            self.under_way -= 1


@pytest.fixture
async def service():
    return Service()


async def turns(count=10):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_whoever_asks_about_the_same_audio_shares_a_request(service):
    latest = Latest(service.transcribe)
    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(latest.of(bytes(4))) for _ in range(3)]
        await turns()
        service.may_answer.set()
    assert [task.result().text for task in asking] == ["4 bytes"] * 3
    assert await latest.of(bytes(4)) == asking[0].result()
    assert service.asked == [4]


async def test_one_about_more_audio_ends_the_one_before_whose_callers_get_its_answer(service):
    latest = Latest(service.transcribe)
    async with asyncio.TaskGroup() as tasks:
        older = tasks.create_task(latest.of(bytes(4)))
        await turns()
        newer = tasks.create_task(latest.of(bytes(6)))
        newest = tasks.create_task(latest.of(bytes(8)))
        await turns()
        service.may_answer.set()
    assert [task.result().text for task in (older, newer, newest)] == ["8 bytes"] * 3
    assert service.most_under_way == 1


async def test_a_caller_who_leaves_ends_only_what_nobody_else_waits_for(service):
    latest = Latest(service.transcribe)
    async with asyncio.TaskGroup() as tasks:
        leaving, staying = (tasks.create_task(latest.of(bytes(4))) for _ in range(2))
        await turns()
        leaving.cancel()
        await turns()
        service.may_answer.set()
    assert staying.result().text == "4 bytes"
    assert service.most_under_way == 1


async def test_a_failure_is_everybodys_and_the_next_one_asks_again(service):
    latest = Latest(service.transcribe)
    service.problem = "it failed"
    service.may_answer.set()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(_fails(latest, "it failed"))
    service.problem = ""
    assert (await latest.of(bytes(4))).text == "4 bytes"


async def test_closing_tells_who_waits(service):
    latest = Latest(service.transcribe)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_fails(latest, "closed"))
        tasks.create_task(_fails(latest, "closed"))
        await turns()
        await latest.close()
    assert service.under_way == 0
    await _fails(latest, "closed")


async def _fails(latest, match):
    with pytest.raises(EngineError, match=match):
        await latest.of(bytes(4))


async def test_a_caller_who_is_cancelled_stays_cancelled(service):
    latest = Latest(service.transcribe)
    asking = asyncio.create_task(latest.of(bytes(4)))
    await turns()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await latest.of(bytes(4))
    assert service.under_way == 0
