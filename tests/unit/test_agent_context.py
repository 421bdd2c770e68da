"""What "it" means: the subject of a conversation, how it is found, when it is forgotten."""

import asyncio
from contextlib import aclosing

import pytest
from support import virtual_time
from support.house import open_house
from support.inline import InlineExecutor

from roomtone_server.agent.base import Acted, Request
from roomtone_server.agent.context import MAX_CONVERSATIONS, Context

BEDROOM_OFF = [("light.turn_off", "light.bedroom", {})]
NO_REFERENT = "Sorry, I do not know what you mean by that. Please say its name."


@pytest.fixture
async def house(tmp_path):
    async with open_house(tmp_path) as house:
        yield house


async def last_of(house, *texts, conversation="k1"):
    """What the last of these leads to, said in one conversation."""
    for text in texts[:-1]:
        await house.say(text, conversation=conversation)
    return await house.say(texts[-1], conversation=conversation)


@pytest.mark.parametrize(
    ("said", "actions"),
    [
        ("turn on the bedroom light; now make it red", [("light.turn_on", "light.bedroom", {"color_name": "red"})]),
        ("turn on the bedroom light; Turn it off!", BEDROOM_OFF),
        (
            "turn on the bedroom light; set it to fifty percent",
            [("light.turn_on", "light.bedroom", {"brightness_pct": 50})],
        ),
        ("turn on the bedroom light; turn it up", [("light.turn_on", "light.bedroom", {"brightness_step_pct": 25})]),
        (
            "turn on the kitchen lights; turn them off",
            [("light.turn_off", "light.kitchen", {}), ("light.turn_off", "light.kitchen_counter", {})],
        ),
        ("turn on the kitchen lights; make them red", [("light.turn_on", "light.kitchen", {"color_name": "red"})]),
        ("is the bedroom light on; turn it off", BEDROOM_OFF),
        ("which lights are on; turn that off", [("light.turn_off", "light.reading_lamp", {})]),
        ("turn off the bedroom light; what's the weather; what time is it; turn it off", BEDROOM_OFF),
        ("open the garage door; yes; close it", [("cover.close_cover", "cover.garage_door", {})]),
        (
            "set the thermostat to 20 degrees; set it to 22 degrees",
            [("climate.set_temperature", "climate.thermostat", {"temperature": 22})],
        ),
        (
            "add milk to my shopping list; add eggs to it",
            [("todo.add_item", "todo.shopping_list", {"item": "eggs"})],
        ),
    ],
)
async def test_it_is_what_was_spoken_of_before(house, said, actions):
    assert (await last_of(house, *said.split("; "))).actions == actions


@pytest.mark.parametrize(
    "said",
    [
        "turn it off",
        "make it red",
        "open it",
        "turn on the bedroom light; unlock it",
        "turn on the moon; turn it off",
        "add milk to it",
        "turn on the kitchen lights; turn them off in five minutes",
    ],
)
async def test_it_without_anything_that_it_could_be_is_answered_politely(house, said):
    outcome = await last_of(house, *said.split("; "))
    assert (outcome.reply, outcome.actions) == (NO_REFERENT, [])


@pytest.mark.parametrize(
    ("said", "actions"),
    [
        ("turn on the desk lamp; and in the bedroom?", [("light.turn_on", "light.bedroom", {})]),
        ("turn on the lights; what about the bedroom", [("light.turn_on", "light.bedroom", {})]),
        ("turn off the lights in the kitchen; and the bedroom?", BEDROOM_OFF),
        ("turn off the lights; what about the bedroom light", BEDROOM_OFF),
        ("make the bedroom light red; turn it off; and the office", [("light.turn_off", "light.desk_lamp", {})]),
        (
            "turn on the kitchen lights; and the bedroom; now make it red",
            [("light.turn_on", "light.bedroom", {"color_name": "red"})],
        ),
    ],
)
async def test_what_is_different_is_enough(house, said, actions):
    assert (await last_of(house, *said.split("; "))).actions == actions


@pytest.mark.parametrize(
    "said",
    [
        "what about the kitchen",
        "what time is it; and the kitchen",
        "lock the front door; and the kitchen",
        "turn on the desk lamp; what about the TV",
    ],
)
async def test_what_cannot_be_said_of_anything_else_is_answered_politely(house, said):
    outcome = await last_of(house, *said.split("; "))
    assert (outcome.reply, outcome.actions) == ("Sorry, I do not know what you mean by that. Please say all of it.", [])


@pytest.mark.parametrize(
    ("text", "intent"), [("what time is it", "HassGetCurrentTime"), ("turn it down", "HassSetVolumeRelative")]
)
async def test_where_it_stands_for_nothing_it_is_a_word_as_any(house, text, intent):
    assert (await last_of(house, "lock the front door", text)).intent.name == intent


async def test_each_conversation_has_its_own_subject_and_a_text_without_one_has_none(house):
    await house.say("turn on the bedroom light", conversation="a")
    await house.say("turn on the desk lamp", conversation="b")
    await house.say("turn on the desk lamp", conversation="")
    assert (await house.say("turn it off", conversation="a")).actions == BEDROOM_OFF
    assert (await house.say("turn it off", conversation="")).reply == NO_REFERENT


async def test_to_prepare_changes_no_subject(house):
    await house.say("turn on the bedroom light", conversation="k1")
    await house.agent.prepare(Request("turn on the desk lamp", conversation="k1"))
    assert (await house.say("turn it off", conversation="k1")).actions == BEDROOM_OFF


async def test_what_was_interrupted_or_refused_is_no_subject(house):
    await house.say("turn on the bedroom light", conversation="k1")
    prepared = await house.agent.prepare(Request("turn on the desk lamp", conversation="k1"))
    async with asyncio.TaskGroup() as tasks, aclosing(house.agent.commit(prepared)) as parts:
        carrying_out = tasks.create_task(anext(parts, None))
        await asyncio.sleep(0)
        carrying_out.cancel()
        await asyncio.wait([carrying_out])
    refused = await house.agent.prepare(Request("turn on the desk lamp", conversation="k1"))
    async with house.as_new():
        house.agent._home._entities.clear()
        assert not any([isinstance(part, Acted) async for part in house.agent.commit(refused)])
    assert (await house.say("turn it off", conversation="k1")).actions == BEDROOM_OFF


async def test_later_it_is_still_what_it_was_when_it_was_said(house):
    await last_of(house, "turn on the bedroom light", "turn it off in five minutes")
    [timer] = house.agent._kept.timers.all()
    assert timer.command == "turn Bedroom Light off"


def test_five_minutes_of_silence_end_a_conversation(tmp_path):
    async def main():
        now = asyncio.get_running_loop().time
        async with open_house(tmp_path, executor=InlineExecutor(), clocks={"monotonic": now}) as house:
            await house.say("turn on the bedroom light", conversation="k1")
            for text, reply in (("what time is it", "12:00 PM"), ("turn it off", "Turned off the light")):
                await asyncio.sleep(299)
                assert (await house.say(text, conversation="k1")).reply == reply
            await asyncio.sleep(301)
            assert (await house.say("turn it on", conversation="k1")).reply == NO_REFERENT

    virtual_time.run(main())


def test_conversations_are_bounded_and_the_most_silent_is_forgotten_first():
    context = Context(300, lambda: 0.0)
    for number in range(MAX_CONVERSATIONS):
        context.note(Request("", conversation=f"c{number}"), ["light.a"])
    context.note(Request("", conversation="c0"))
    context.note(Request("", conversation="another"), ["light.b"])
    kept = [number for number in range(MAX_CONVERSATIONS) if context.subject(Request("", conversation=f"c{number}"))]
    assert kept == [0, *range(2, MAX_CONVERSATIONS)]
