"""Undo, and "what did you say"."""

import asyncio
from contextlib import aclosing

import pytest
from support import virtual_time
from support.house import open_house
from support.inline import InlineExecutor

from roomtone_server.agent.base import Request, Said
from roomtone_server.agent.intents.taking_back import restoring
from roomtone_server.agent.recent import MAX_RECENT, Recent
from roomtone_server.home.base import Entity


@pytest.fixture
async def house(tmp_path):
    async with open_house(tmp_path) as house:
        yield house


async def last_of(house, *texts):
    for text in texts[:-1]:
        await house.say(text, conversation="k1")
    return await house.say(texts[-1], conversation="k1")


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("turn on the kitchen light", "Kitchen Light is as before."),
        ("turn off the reading lamp", "Reading Lamp is as before."),
        ("set the reading lamp to 10 percent", "Reading Lamp is as before."),
        ("turn off the reading lamp and turn on the kitchen light", "Reading Lamp and Kitchen Light are as before."),
        ("turn on the desk lamp and make it 30 percent", "Desk Lamp is as before."),
        (
            "turn off the reading lamp, turn on the kitchen light and turn on the desk lamp",
            "Reading Lamp, Kitchen Light and Desk Lamp are as before.",
        ),
        ("turn on all lights", "7 things are as before."),
        ("set the thermostat to 25 degrees", "Thermostat is as before."),
        ("turn off the thermostat", "Thermostat is as before."),
        ("close the living room blinds", "Living Room Blinds is as before."),
        ("set the living room blinds to 40 percent", "Living Room Blinds is as before."),
        ("open the bedroom curtains", "Bedroom Curtains is as before."),
        ("turn on the bedroom fan", "Bedroom Fan is as before."),
        ("play the tv", "TV is as before."),
        ("set the tv volume to 80 percent", "TV is as before."),
        ("turn on the coffee machine", "Coffee Machine is as before."),
        ("start the robot", "Robot is as before."),
        ("add milk to my shopping list", "Shopping List is as before."),
    ],
)
async def test_states_are_as_before(house, said, reply):
    def states():
        return [
            (entity.id, entity.state, {key: value for key, value in entity.attributes.items() if value})
            for entity in house.home.entities()
        ]

    before = states()
    assert (await house.say(said, conversation="k1")).actions
    assert states() != before
    assert (await house.say("undo", conversation="k1")).reply == reply
    assert states() == before


async def test_what_is_guarded_asks_back_here_too(house):
    await last_of(house, "unlock the front door", "yes", "lock the front door")
    asked = await last_of(house, "undo")
    assert (asked.reply, asked.actions) == ("Do you want me to unlock the Front Door?", [])
    assert (await last_of(house, "yes")).actions == [("lock.unlock", "lock.front_door", {})]


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("undo", "There is nothing to take back."),
        ("what time is it; undo", "There is nothing to take back."),
        ("turn on the desk lamp; undo; undo", "There is nothing to take back."),
        ("unlock the front door; undo", "There is nothing to take back."),
        ("turn on the desk lamp; what time is it; undo", "Desk Lamp is as before."),
        ("turn on movie night; undo", "Sorry, Movie Night cannot be taken back."),
        (
            "turn on movie night and turn on the desk lamp; undo",
            "Desk Lamp is as before. Sorry, Movie Night cannot be taken back.",
        ),
        ("play jazz on the tv; undo", "Sorry, TV cannot be taken back."),
    ],
)
async def test_it_says_what_it_cannot_take_back(house, said, reply):
    assert (await last_of(house, *said.split("; "))).reply == reply


async def test_another_conversation_has_its_own_last_command(house):
    await house.say("turn on the desk lamp", conversation="k1")
    await house.say("turn on the kitchen light", conversation="k2")
    await house.say("undo", conversation="k1")
    assert house.entity("light.desk_lamp").state == "off"
    assert house.entity("light.kitchen").state == "on"


async def test_timers_come_back_and_go(house):
    timers = house.agent._kept.timers
    assert (await last_of(house, "set a timer for ten minutes", "undo")).reply == "The timer is cancelled."
    assert timers.all() == ()
    await last_of(house, "set a timer for ten minutes")
    running = timers.all()
    for changed in ("cancel the timer", "pause the timer", "add five minutes to the timer"):
        assert (await last_of(house, changed, "undo")).reply == "The timer is as before."
        assert timers.all() == running


async def test_reminders_and_facts_come_back_and_go(house):
    kept = house.agent._kept
    await last_of(house, "remind me to call mum at six", "undo")
    assert kept.reminders.all() == []
    await last_of(house, "remind me to call mum at six", "delete all my reminders", "undo")
    assert [reminder.text for reminder in kept.reminders.all()] == ["call mum"]
    await last_of(house, "remember that the key is under the mat", "undo")
    assert kept.memory.all() == ()


async def test_the_last_reply_of_a_satellite_is_said_again(house):
    assert (await house.say("repeat that")).reply == "I have not said anything lately."
    await house.say("turn on the desk lamp", satellite="kitchen")
    await house.say("what time is it", satellite="hall")
    for again in ("repeat that", "What did you say?", "say that again"):
        assert (await house.say(again, satellite="kitchen")).reply == "Turned on the light"
    assert (await house.say("repeat that", satellite="hall")).reply == "12:00 PM"


async def test_the_last_reply_of_a_written_conversation_is_given_again(house):
    await house.say("what time is it", satellite="", conversation="page")
    assert (await house.say("repeat that", satellite="", conversation="page")).reply == "12:00 PM"
    for satellite, conversation in (("", "another page"), ("", ""), ("hall", "")):
        reply = (await house.say("repeat that", satellite=satellite, conversation=conversation)).reply
        assert reply == "I have not said anything lately."


async def test_a_list_that_was_cleared_comes_back_in_its_order(house):
    await last_of(house, "clear the shopping list", "undo")
    assert (await house.say("what's on my shopping list")).reply == "On Shopping List: bread and olive oil"


async def test_a_question_can_be_repeated_and_its_answer_still_counts_no_more(house):
    asked = await house.say("unlock the front door")
    assert (await house.say("what did you say")).reply == asked.reply
    assert (await house.say("yes")).actions == []


def entity(entity_id, state, **attributes):
    return Entity(entity_id, "It", state, attributes=attributes)


@pytest.mark.parametrize(
    ("before", "now", "calls"),
    [
        (entity("lock.a", "jammed"), entity("lock.a", "locked"), []),
        (entity("cover.a", "open"), entity("cover.a", "closed"), [("cover.open_cover", {})]),
        (
            entity("cover.a", "open", current_position=40),
            entity("cover.a", "closed", current_position=0),
            [("cover.set_cover_position", {"position": 40})],
        ),
        (entity("fan.a", "off", percentage=0), entity("fan.a", "on", percentage=50), [("fan.turn_off", {})]),
        (
            entity("climate.a", "heat", temperature=21),
            entity("climate.a", "off", temperature=18),
            [("climate.set_hvac_mode", {"hvac_mode": "heat"}), ("climate.set_temperature", {"temperature": 21})],
        ),
        (
            entity("light.a", "on", brightness=9, rgb_color=[1, 2, 3], color_temp_kelvin=None),
            entity("light.a", "on", brightness=9, rgb_color=None, color_temp_kelvin=4000),
            [("light.turn_on", {"brightness": 9, "rgb_color": [1, 2, 3]})],
        ),
        (
            entity("light.a", "on", brightness=9, rgb_color=[255, 206, 166], color_temp_kelvin=4000),
            entity("light.a", "on", brightness=90, rgb_color=[255, 206, 166], color_temp_kelvin=4000),
            [("light.turn_on", {"brightness": 9, "color_temp_kelvin": 4000})],
        ),
        (entity("switch.a", "on"), entity("switch.a", "on"), []),
    ],
)
def test_what_leads_back(before, now, calls):
    assert [(call.service, dict(call.data)) for call in restoring(before, now)] == calls


def test_what_was_recent_is_bounded_and_grows_old():
    now = [0.0]
    recent = Recent(300, lambda: now[0])
    for number in range(MAX_RECENT + 1):
        recent.note(str(number), number)
    recent.note("", "nobody")
    assert [recent.find(key) for key in ("", "0", "1", str(MAX_RECENT))] == [None, None, 1, MAX_RECENT]
    now[0] = 301.0
    assert recent.find("1") is None


def test_what_rang_is_said_again_too(tmp_path):
    async def main():
        now = asyncio.get_running_loop().time
        async with open_house(tmp_path, executor=InlineExecutor(), clocks={"monotonic": now}) as house:
            await house.say("set a timer for ten minutes", satellite="kitchen")
            async with aclosing(house.agent.due()) as dues:
                due = await anext(dues)
            assert due.text == "Your 10 minute timer is done."
            assert (await house.say("what did you say", satellite="kitchen")).reply == due.text

    virtual_time.run(main())


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("mach das rückgängig", "Kitchen Light ist wie vorher."),
        ("was hast du gesagt", "Licht eingeschaltet"),
        (
            "Schalte das Kitchen Light aus und schließe Living Room Blinds",
            "Licht ausgeschaltet. Geschlossen.",
        ),
    ],
)
async def test_in_german(house, text, reply):
    async def say(text):
        request = Request(text, "de", "k1", "Kitchen", conversation="k1")
        parts = [part async for part in house.agent.commit(await house.agent.prepare(request))]
        return "".join(part.text for part in parts if isinstance(part, Said))

    await say("schalte Kitchen Light ein")
    assert await say(text) == reply
