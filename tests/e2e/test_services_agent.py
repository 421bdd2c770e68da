"""The agent as a Wyoming service: what was said is done, or only understood; and what is ready before it is asked."""

import pytest
from support.scripted import ScriptedAgent, ScriptedTts
from support.served_services import REPLY, served, utterance
from wyoming.event import Event

from roomtone_server.agent.base import Finished, Intent, Prepared, Request


def said(text="turn on the light", conversation="01ABC"):
    return Event("transcript", {"text": text, "language": "en", "context": {"conversation_id": conversation}})


async def test_what_was_said_is_done_and_answered(tmp_path):
    agent = ScriptedAgent()
    async with served(tmp_path, agent=agent) as server:
        assert await server.asked(said()) == Event("handled", {"text": REPLY})
    assert agent.committed == ["turn on the light"]


async def test_what_cannot_be_done_is_said(tmp_path):
    async with served(tmp_path, agent=ScriptedAgent(reply="What?", finished=Finished(understood=False))) as server:
        assert await server.asked(said()) == Event("not-handled", {"text": "What?"})


async def test_a_conversation_goes_on_under_a_name_of_its_own(tmp_path):
    agent = ScriptedAgent()
    async with served(tmp_path, agent=agent) as server:
        for conversation in ("a", "b", "a"):
            await server.asked(said(conversation=conversation))
    first, second, third = (request.conversation for request in agent.asked)
    assert first == third != second


async def test_it_is_said_where_the_device_stands(tmp_path):
    agent, spoken = ScriptedAgent(), Event("transcribe", {"language": "en"})
    context = {"conversation_id": "01ABC", "device_id": "d1", "satellite_id": "assist_satellite.kitchen"}
    asked = Event("transcript", {"text": "turn on the light", "language": "en", "context": context})
    async with served(tmp_path, agent=agent) as server:
        await server.asked(asked)
        await server.asked(spoken, *utterance())
        await server.asked(asked)
        await server.asked(said())
    assert [request.area for request in agent.asked] == ["Kitchen", "Kitchen", None]


async def test_what_was_understood_only_is_told(tmp_path):
    agent = ScriptedAgent()
    recognised = Event("intent", {"name": "HassTurnOn", "entities": [{"name": "name", "value": "light"}]})
    async with served(tmp_path, agent=agent) as server:
        assert await server.asked(Event("recognize", {"text": "turn on the light"})) == recognised
    async with served(tmp_path, agent=agent, only_understands=True) as server:
        assert await server.asked(said()) == recognised
    assert agent.committed == []


class Understanding(ScriptedAgent):
    """Finds these intents in whatever is said."""

    def __init__(self, *names):
        super().__init__()
        self._found = [Intent(name, {}) for name in names]

    async def prepare(self, request: Request) -> Prepared:
        first, *others = self._found or [None]
        return Prepared(request, first, speculative=True, reply="?", further=tuple(others))


async def test_several_intents_are_told_one_after_the_other(tmp_path):
    async with served(tmp_path, agent=Understanding("HassTurnOn", "HassTurnOff")) as server, server.client() as client:
        client.say(Event("recognize", {"text": "this and that"}))
        kinds = [event.type for event in await client.until("intents-stop")]
        assert kinds == ["intents-start", "intent", "intent", "intents-stop"]


@pytest.mark.parametrize("found", [(), ("RoomtoneUndo",), ("HassTurnOn", "RoomtoneUndo")])
async def test_what_home_assistant_could_not_carry_out_is_not_recognised(tmp_path, found):
    async with served(tmp_path, agent=Understanding(*found)) as server:
        assert (await server.asked(Event("recognize", {"text": "undo"}))).type == "not-recognized"


async def test_a_fault_of_ours_is_told_and_ends_nothing(tmp_path, caplog):
    agent = ScriptedAgent(breaks=ZeroDivisionError("a fault"))
    async with served(tmp_path, agent=agent) as server, server.client() as client:
        client.say(said())
        assert (await client.answer()).data["code"] == "failed"
        client.say(Event("describe"))
        assert (await client.answer()).type == "info"
    assert "transcript failed unexpectedly" in caplog.text


# One connection makes ready what the next one asks for


async def test_the_reply_to_a_transcript_is_ready_with_its_audio(tmp_path):
    agent, tts = ScriptedAgent(), ScriptedTts(seconds=0.3)
    async with served(tmp_path, agent=agent, tts=tts) as server:
        await server.asked(Event("transcribe", {"language": "en"}), *utterance())
        assert tts.asked == [REPLY]
        assert agent.committed == []
        await server.asked(said())
        assert len(agent.asked) == 1, "prepared once, for both"
        async with server.client() as client:
            client.say(Event("synthesize", {"text": REPLY}))
            assert len(await client.until("audio-stop")) == 5
        assert tts.asked == [REPLY], "spoken once"


async def test_it_is_ready_in_the_voice_that_was_wanted_last(tmp_path):
    tts = ScriptedTts(seconds=0.1)
    async with served(tmp_path, tts=tts) as server:
        for _ in range(2):
            await server.asked(Event("transcribe", {"language": "en"}), *utterance())
            await server.asked(said())
            async with server.client() as client:
                client.say(Event("synthesize", {"text": REPLY, "voice": {"name": "amy"}}))
                await client.until("audio-stop")
    assert tts.asked == [REPLY] * 2, "in no voice at first, and in that one from then on"
