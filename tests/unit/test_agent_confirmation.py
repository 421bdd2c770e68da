"""What asks back, what a "yes" does and until when."""

import pytest
from support import virtual_time
from support.house import open_house
from support.inline import InlineExecutor

from roomtone.engines import EngineChoice, choose
from roomtone.errors import SettingsError
from roomtone_server.agent.base import Request
from roomtone_server.agent.confirmation import MAX_OPEN_QUESTIONS, OpenQuestions, guarded_calls
from roomtone_server.home.base import Entity, ServiceCall

UNLOCK = [("lock.unlock", "lock.front_door", {})]


@pytest.mark.parametrize(
    ("order", "question", "actions"),
    [
        ("unlock the front door", "Do you want me to unlock the Front Door?", UNLOCK),
        (
            "open the garage door",
            "Do you want me to open the Garage Door?",
            [("cover.open_cover", "cover.garage_door", {})],
        ),
        (
            "toggle the garage door",
            "Do you want me to open the Garage Door?",
            [("cover.open_cover", "cover.garage_door", {})],
        ),
        (
            "set the garage door to 10 percent",
            "Do you want me to open the Garage Door?",
            [("cover.set_cover_position", "cover.garage_door", {"position": 10})],
        ),
        (
            "disarm the alarm",
            "Do you want me to disarm the Alarm?",
            [("alarm_control_panel.alarm_disarm", "alarm_control_panel.alarm", {})],
        ),
    ],
)
@pytest.mark.parametrize("yes", ["yes", "Okay, do it!", "yes please", "go ahead"])
async def test_a_yes_carries_out_what_was_asked(tmp_path, order, question, actions, yes):
    async with open_house(tmp_path) as house:
        before = house.home.entities()
        asked = await house.say(order)
        assert (asked.reply, asked.actions) == (question, [])
        assert asked.finished.expects_answer
        assert house.home.entities() == before
        answered = await house.say(yes)
        assert answered.actions == actions
        assert not answered.finished.expects_answer
        assert (await house.say(yes)).actions == []


@pytest.mark.parametrize(
    "other", ["no", "nevermind", "what time is it", "tell me a joke", "turn on the lights", "stop"]
)
async def test_anything_else_drops_the_question(tmp_path, other):
    async with open_house(tmp_path) as house:
        await house.say("unlock the front door")
        assert UNLOCK[0] not in (await house.say(other)).actions
        late = await house.say("yes")
        assert (late.reply, late.actions) == ("There was no question.", [])
        assert house.entity("lock.front_door").state == "locked"


async def test_a_question_is_answered_where_it_was_asked(tmp_path):
    async with open_house(tmp_path) as house:
        await house.say("unlock the front door", satellite="kitchen", conversation="a")
        assert (await house.say("yes", satellite="garden", conversation="a")).actions == []
        assert (await house.say("yes", satellite="kitchen", conversation="b")).actions == []
        assert (await house.say("yes", satellite="kitchen", conversation="a")).actions == UNLOCK


async def test_a_question_prepares_no_early_audio_and_asks_only_at_commit(tmp_path):
    async with open_house(tmp_path) as house:
        prepared = await house.agent.prepare(Request("unlock the front door", satellite="k1"))
        assert not prepared.speculative
        assert (await house.say("yes")).actions == []


async def test_a_yes_that_was_prepared_twice_acts_once(tmp_path):
    async with open_house(tmp_path) as house:
        await house.say("unlock the front door")
        twice = [await house.agent.prepare(Request("yes", satellite="k1")) for _ in range(2)]
        first = [part async for part in house.agent.commit(twice[0])]
        second = [part async for part in house.agent.commit(twice[1])]
        assert len(first) == 3
        assert second[0].text == "Sorry, that question is over."


async def test_the_owner_may_let_everything_pass(tmp_path):
    async with open_house(tmp_path, confirm=()) as house:
        assert (await house.say("unlock the front door")).actions == UNLOCK


async def test_closing_and_locking_never_ask(tmp_path):
    async with open_house(tmp_path) as house:
        for order in (
            "close the garage door",
            "lock the front door",
            "arm the alarm",
            "set the garage door to 0 percent",
        ):
            assert (await house.say(order)).actions, order


def test_a_yes_counts_for_thirty_seconds(tmp_path):
    import asyncio

    async def main():
        now = asyncio.get_running_loop().time
        async with open_house(tmp_path, executor=InlineExecutor(), clocks={"monotonic": now}) as house:
            for wait_s, actions in ((29, UNLOCK), (31, [])):
                await house.say("unlock the front door")
                await asyncio.sleep(wait_s)
                assert (await house.say("yes")).actions == actions

    virtual_time.run(main())


def test_open_questions_are_bounded():
    questions = OpenQuestions(10, lambda: 0.0)
    for number in range(MAX_OPEN_QUESTIONS + 1):
        questions.ask(Request("", satellite=str(number)), number)
    assert questions.find(Request("", satellite="0")) is None
    assert questions.find(Request("", satellite="1")) == 1
    assert len(questions._open) == MAX_OPEN_QUESTIONS


def test_every_guard_is_decided_from_the_call():
    gate = Entity("cover.gate", "Gate", "closed", device_class="gate")
    blind = Entity("cover.blind", "Blind", "closed", device_class="blind")
    entities = {entity.id: entity for entity in (gate, blind)}
    calls = [ServiceCall("cover.open_cover", "cover.gate"), ServiceCall("cover.open_cover", "cover.blind")]
    assert [each.entity for each in guarded_calls(calls, entities, {"garage"})] == [gate]
    assert not guarded_calls(calls, entities, {"unlock"})


def test_the_home_s_settings_say_what_asks_back():
    assert choose("home", EngineChoice("virtual")).settings.confirm == ("unlock", "garage", "alarm")
    assert choose("home", EngineChoice("virtual", {"confirm": ["alarm"]})).settings.confirm == ("alarm",)
    with pytest.raises(SettingsError, match=r"home\.confirm"):
        choose("home", EngineChoice("virtual", {"confirm": ["fridge"]}))
