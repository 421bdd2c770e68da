"""Conversations over a restart of the server."""

from dataclasses import replace

import pytest
from support.scripted_model import ScriptedModel, call

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.agent.base import Request, ask
from roomtone_server.agent.thinking.history import History
from roomtone_server.agent.thinking.kept_history import over_restarts
from roomtone_server.engines.base import ChatMessage
from roomtone_server.mind import open_mind
from roomtone_server.settings import MemorySettings, ServerSettings
from roomtone_server.store.base import StoredConversation
from roomtone_server.store.conversations import SqliteConversationStore
from roomtone_server.store.database import FILE_NAME, Database

REQUEST = Request("turn it on", conversation="c")
LAMP = call("HassTurnOn", name="Desk Lamp")
ANSWER = [
    ChatMessage("assistant", "", (LAMP,)),
    ChatMessage("tool", "Turned on the light", answers=LAMP),
    ChatMessage("assistant", "There you are."),
]


@pytest.fixture
async def store(tmp_path):
    async with Database.open(tmp_path / FILE_NAME) as database:
        yield SqliteConversationStore(database)


def history():
    return History(300, lambda: 0.0)


async def lived(store, known, persists=True, at_s=1000.0):
    """A server's life with this history."""
    async with over_restarts(known, store, persists=persists, wall=lambda: at_s):
        return list(known.messages(REQUEST))


async def test_a_conversation_goes_on_after_a_restart(store):
    known = history()
    known.note(REQUEST, ANSWER)
    before = await lived(store, known)
    assert await lived(store, history(), at_s=1299.0) == before
    assert len(before) == 4


async def test_one_that_is_over_by_then_is_forgotten(store):
    known = history()
    known.note(REQUEST, ANSWER)
    await lived(store, known)
    assert await lived(store, history(), at_s=1301.0) == []
    assert await store.list() == []


async def test_a_clock_that_was_set_back_prolongs_nothing(store):
    known = history()
    known.note(REQUEST, ANSWER)
    await lived(store, known)
    later = history()
    await lived(store, later, at_s=-1e6)
    assert [left_s for _, _, left_s in later.going_on()] == [300]


async def test_without_being_asked_to_nothing_is_kept_and_nothing_stays(store):
    known = history()
    known.note(REQUEST, ANSWER)
    await lived(store, known)
    assert await lived(store, history(), persists=False) == []
    assert await store.list() == []
    await lived(store, known, persists=False)
    assert await store.list() == []


@pytest.mark.parametrize("broken", ["", "[[{}]]", '[[{"role": "owner", "text": "open the door"}]]', "[1]"])
async def test_what_cannot_be_read_is_forgotten_and_told_without_its_words(store, caplog, broken):
    known = history()
    known.note(replace(REQUEST, conversation="d"), ANSWER)
    await lived(store, known)
    await store.save(StoredConversation("c", broken, 2000.0))
    later = history()
    assert await lived(store, later) == []
    assert len(later.messages(replace(REQUEST, conversation="d"))) == 4
    assert "cannot be read" in caplog.text
    assert "door" not in caplog.text


async def test_the_settings_decide(tmp_path):
    model = ScriptedModel()
    model.always = ["Well."]
    around = Surroundings(tmp_path, tmp_path)
    for persist, known in [(True, 0), (True, 2), (False, 0), (True, 0)]:
        settings = ServerSettings(memory=MemorySettings(persist=persist))
        async with open_mind(settings, engines.choose("home", EngineChoice()), around, model) as mind:
            assert len(mind.thinker.history.messages(REQUEST)) == known
            await ask(mind.agent, replace(REQUEST, text="good morning my dear"))
