"""Timers, reminders, lists and memory, asked for as a model asks: the same things happen as when they are said."""

import json

import pytest
from support.house import open_house

from roomtone_server.agent.base import Request
from roomtone_server.agent.tools.base import Outcome, ToolError
from roomtone_server.agent.tools.kept import KeptTools
from roomtone_server.home.base import ServiceCall


@pytest.fixture
async def house(tmp_path):
    async with open_house(tmp_path) as house:
        yield house


@pytest.fixture
def call(house):
    async def called(tool, /, **arguments):
        tools = {each.spec.name: each for each in KeptTools(house.agent, house.agent._kept.memory, house.home).tools()}
        return await tools[tool].call(arguments, Request("whatever", area="Kitchen", satellite="k1"))

    return called


def test_the_tools_are_the_same_bytes_each_time(house):
    box = KeptTools(house.agent, house.agent._kept.memory, house.home)
    first, again = ([json.dumps([tool.spec.name, tool.spec.parameters]) for tool in box.tools()] for _ in range(2))
    assert first == again
    assert len(set(first)) == len(first)


async def test_the_model_is_told_what_was_told_the_newest_first_where_it_is_too_much(house):
    box = KeptTools(house.agent, house.agent._kept.memory, house.home)
    assert box.notes() == []
    await house.say("remember that the spare key is under the pot")
    await house.say("remember that the bins are emptied on monday")
    told = "the spare key is under the pot; the bins are emptied on monday"
    assert box.notes() == [f"The user asked to be remembered: {told}."]
    for number in range(10):
        await house.say(f"remember that {number} {'x' * 150}")
    (note,) = box.notes()
    assert note.startswith("The user asked to be remembered: more, which RoomtoneListFacts finds; 4 xxx")
    assert len(note) < 1200


async def test_what_only_tells_does_not_act(house):
    telling = {
        tool.spec.name for tool in KeptTools(house.agent, house.agent._kept.memory, house.home).tools() if not tool.acts
    }
    assert telling == {"HassTimerStatus", "RoomtoneListReminders", "RoomtoneListItems", "RoomtoneListFacts"}


async def test_timers(house, call):
    assert await call("HassStartTimer", minutes=10, name="pasta") == Outcome("Timer set for 10 minutes named pasta")
    assert await call("HassIncreaseTimer", name="pasta", minutes="5") == Outcome("5 minutes added to timer named pasta")
    assert (await call("HassTimerStatus")).text.startswith("15 minutes left")
    assert (await call("HassCancelTimer", name="Pasta")).text == "Timer cancelled"
    assert not house.agent._kept.timers.all()


async def test_a_command_for_later_is_held_to_what_a_voice_is_held_to(house, call):
    assert (await call("HassStartTimer", minutes=5, conversation_command="turn on the lights")).text
    asked = await call("HassStartTimer", minutes=5, conversation_command="unlock the front door")
    assert asked.asks == "Do you want me to unlock the Front Door later?"
    with pytest.raises(ToolError, match="a question to answer first"):
        await call("HassCancelAllTimers")
    assert len(house.agent._kept.timers.all()) == 1


async def test_reminders(house, call):
    assert (await call("RoomtoneAddReminder", what="call mum", when="tomorrow at 8")).text == (
        "I will remind you tomorrow at 8 AM: call mum."
    )
    await call("RoomtoneAddReminder", what="pay the rent", when="2026-03-06 10:00")
    assert (await call("RoomtoneListReminders", day="2026-03-06")).text.endswith("at 10 AM: pay the rent.")
    assert (await call("RoomtoneListReminders")).text.startswith("Reminders: tomorrow at 8 AM: call mum;")
    assert (await call("RoomtoneListReminders", what="rent")).text == "Reminders: on Friday at 10 AM: pay the rent."
    await call("RoomtoneRemoveReminder", what="mum")
    assert [each.text for each in house.agent._kept.reminders.all()] == ["pay the rent"]
    assert (await house.say("what are my reminders")).reply.endswith("pay the rent.")


async def test_lists(call):
    added = ServiceCall("todo.add_item", "todo.shopping_list", {"item": "milk"})
    assert await call("HassListAddItem", item="milk") == Outcome("Added milk", (added,))
    await call("HassListRemoveItem", item="bread", name="Shopping List")
    assert (await call("RoomtoneListItems")).text == "On Shopping List: olive oil and milk"
    with pytest.raises(ToolError, match="must be one of: Shopping List"):
        await call("HassListAddItem", item="milk", name="Wishes")


async def test_memory(house, call):
    await call("RoomtoneRemember", fact="the spare key is under the pot")
    assert (await call("RoomtoneListFacts", fact="key")).text == "You told me: the spare key is under the pot."
    assert (await house.say("where is the spare key")).reply == "You told me: the spare key is under the pot."
    await call("RoomtoneForgetFact", fact="spare key")
    assert (await call("RoomtoneListFacts")).text.startswith("Nothing yet.")


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("HassStartTimer", {}, "how long"),
        ("HassStartTimer", {"minutes": "many"}, "must be a number"),
        ("HassStartTimer", {"minutes": 1.5}, "must be a whole number"),
        ("HassStartTimer", {"minutes": -1}, "must be from 0"),
        ("HassStartTimer", {"days": 1}, "there is no argument 'days'"),
        ("HassCancelTimer", {"name": "tea"}, "find that timer"),
        ("RoomtoneAddReminder", {"what": "call mum"}, "'when' is missing"),
        ("RoomtoneAddReminder", {"what": "call mum", "when": "soon"}, "say when"),
        ("RoomtoneRemember", {"fact": "x" * 301}, "longer than"),
        ("RoomtoneRemember", {"fact": ["a", "b"]}, "must be a text"),
        ("RoomtoneForgetFact", {"fact": "moon"}, "nothing about that"),
    ],
)
async def test_what_cannot_be_done_is_told_to_the_model(call, name, arguments, problem):
    with pytest.raises(ToolError, match=problem):
        await call(name, **arguments)
