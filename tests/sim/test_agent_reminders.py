"""Reminders on virtual time: said when and where they should be, also after a restart; what was told is kept."""

import asyncio
from datetime import UTC, datetime

import pytest
from support import virtual_time
from support.house import open_house
from support.inline import InlineExecutor

from roomtone_server.agent.base import Due
from roomtone_server.agent.reminders import MAX_REMINDERS


class Days:
    """One life of the server after another, on one wall clock that begins on a Wednesday at noon."""

    def __init__(self, folder):
        self.folder = folder
        self.wall = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()

    def live(self, scenario):
        """Runs `scenario(house, due)`, a coroutine, in a server that starts now."""

        async def main():
            loop = asyncio.get_running_loop()
            self.began = self.wall - loop.time()
            async with open_house(
                self.folder,
                executor=InlineExecutor(),
                clocks={
                    "monotonic": loop.time,
                    "wall": lambda: self.began + loop.time(),
                    "local_now": lambda: datetime.fromtimestamp(self.began + loop.time(), UTC),
                },
            ) as house:
                due = house.agent.due()
                await scenario(house, due)
                await due.aclose()
                self.wall = self.began + loop.time()

        virtual_time.run(main())


@pytest.fixture
def days(tmp_path):
    return Days(tmp_path)


def now():
    return asyncio.get_running_loop().time()


def test_a_reminder_is_said_where_it_was_set(days):
    async def scenario(house, due):
        said = await house.say("Remind me at six to call mum.", satellite="k1")
        assert said.reply == "I will remind you today at 6 PM: call mum."
        assert (await house.say("remind me in ten minutes to check the oven", satellite="k2")).finished.understood
        await house.say("set a timer for 1 hour", satellite="k2")
        assert await anext(due) == Due("k2", "Reminder: check the oven.")
        assert now() == pytest.approx(600)
        assert (await anext(due)).text == "Your 1 hour timer is done."
        assert await anext(due) == Due("k1", "Reminder: call mum.")
        assert now() == pytest.approx(6 * 3600)

    days.live(scenario)


def test_reminders_survive_a_restart_and_late_ones_are_said_to_be_late(days):
    async def before(house, _due):
        await house.say("remind me in 20 minutes to feed the cat")
        await house.say("remind me tomorrow at 8 to water the plants")

    async def after(_house, due):
        assert await anext(due) == Due("k1", "Reminder, 40 minutes late: feed the cat.")
        assert await anext(due) == Due("k1", "Reminder: water the plants.")
        assert now() == pytest.approx(19 * 3600)

    days.live(before)
    days.wall += 3600
    days.live(after)


def test_one_that_nobody_took_up_comes_again_after_a_restart(days):
    async def before(house, due):
        await house.say("remind me in 1 minute to breathe")
        await anext(due)
        assert (await house.say("what are my reminders")).reply == "There are no reminders."

    async def after(_house, due):
        assert (await anext(due)).text == "Reminder: breathe."

    days.live(before)
    days.live(after)


def test_a_reminder_follows_the_wall_clock_when_that_is_set(days):
    async def scenario(house, due):
        await house.say("remind me at six to call mum")
        async with asyncio.TaskGroup() as tasks:
            said = tasks.create_task(anext(due))
            await asyncio.sleep(3600)
            days.began += 5 * 3600
        assert said.result().text == "Reminder: call mum."
        assert now() <= 3600 + 60

    days.live(scenario)


def test_who_wants_to_be_woken_wants_it_in_the_morning(days):
    async def scenario(house, due):
        assert (await house.say("wake me up at seven")).reply == "I will remind you tomorrow at 7 AM: wake up."
        assert (await house.say("set an alarm for 6 p m")).reply == "I will remind you today at 6 PM: wake up."
        assert (await house.say("wake me in 20 minutes")).intent.name == "HassStartTimer"
        assert (await anext(due)).text == "Your 20 minute timer is done."

    days.live(scenario)


def test_an_alarm_is_found_and_cancelled_as_an_alarm(days):
    async def scenario(house, _due):
        await house.say("set an alarm for quarter past six")
        assert (await house.say("when is my alarm")).reply == "Reminders: tomorrow at 6:15 AM: wake up."
        assert (await house.say("what alarms are set")).reply == "Reminders: tomorrow at 6:15 AM: wake up."
        assert (await house.say("cancel the alarm")).reply == "Deleted the reminder: wake up."
        assert (await house.say("is there any alarm")).reply == "Sorry, I couldn't find that reminder."

    days.live(scenario)


def test_what_would_be_again_and_again_is_turned_down_and_not_kept_once(days):
    async def scenario(house, _due):
        for text in ("remind me to take my pills every day at eight", "set an alarm every morning at seven"):
            assert (await house.say(text)).reply.startswith("Sorry, I can remind you once only."), text
        assert (await house.say("what are my reminders")).reply == "There are no reminders."

    days.live(scenario)


def test_what_is_on(days):
    async def scenario(house, _due):
        assert (await house.say("what is on today")).reply == "Nothing is planned today."
        await house.say("remind me at six to call mum")
        await house.say("I have a dentist appointment on friday at ten")
        await house.say("put dinner with Anna on my calendar tomorrow at 7 p m")
        assert (await house.say("what's on today")).reply == "Today: at 6 PM: call mum."
        assert (await house.say("when is my dentist appointment")).reply == "Reminders: on Friday at 10 AM: dentist."
        assert (await house.say("when is my plumber appointment")).reply == "Sorry, I couldn't find that reminder."
        assert (await house.say("when is my next appointment")).reply == "Reminders: today at 6 PM: call mum."
        assert (await house.say("what's on friday")).reply == "Friday: at 10 AM: dentist."
        assert (await house.say("what are my reminders")).reply == (
            "Reminders: today at 6 PM: call mum; tomorrow at 7 PM: dinner with Anna; on Friday at 10 AM: dentist."
        )

    days.live(scenario)


def test_a_reminder_is_deleted_by_its_words(days):
    async def scenario(house, _due):
        await house.say("remind me at six to call mum")
        await house.say("remind me at seven to call the plumber")
        assert (await house.say("delete the reminder to call")).reply.startswith("Sorry, there are several")
        assert (await house.say("delete the reminder about my mum")).reply == "Deleted the reminder: call mum."
        assert (await house.say("delete the reminder to buy milk")).reply == "Sorry, I couldn't find that reminder."
        assert (await house.say("cancel my reminder")).reply == "Deleted the reminder: call the plumber."
        assert (await house.say("delete all reminders")).reply == "There are no reminders."

    days.live(scenario)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("remind me to call mum", "Please say when"),
        ("remind me today to call mum", "Please say when"),
        ("remind me at six", "Please say what of"),
        ("remind me today at 3 a m to sleep", "Sorry, that time is over"),
    ],
)
def test_what_is_lacking_is_asked_for(days, text, reply):
    async def scenario(house, _due):
        assert (await house.say(text)).reply.startswith(reply)
        assert (await house.say("what are my reminders")).reply == "There are no reminders."

    days.live(scenario)


def test_to_be_reminded_of_nothing_in_particular_is_a_timer(days):
    async def scenario(house, _due):
        assert (await house.say("remind me in 10 minutes")).intent.name == "HassStartTimer"
        assert (await house.say("turn on the lights in 10 minutes")).intent.name == "HassStartTimer"
        assert (await house.say("remind me to call mum in 10 minutes")).intent.name == "RoomtoneAddReminder"

    days.live(scenario)


def test_there_is_an_end_to_how_many_reminders_are_kept(days):
    async def scenario(house, _due):
        for _ in range(MAX_REMINDERS):
            await house.say("remind me at six to call mum")
        assert (await house.say("remind me at six to call")).reply == "Sorry, there are too many reminders already."

    days.live(scenario)


def test_what_was_told_is_remembered_and_recalled_after_a_restart(days):
    async def before(house, _due):
        assert (await house.say("remember that the spare key is under the pot")).reply == "I will remember that."
        await house.say("Remember my passport is in the drawer.")
        await house.say("remember that the spare key is under the pot")

    async def after(house, _due):
        assert (await house.say("where is the spare key?")).reply == "You told me: the spare key is under the pot."
        assert (await house.say("where did I put my passport")).reply == "You told me: my passport is in the drawer."
        await house.say("remember I parked on level three")
        assert (await house.say("where did I park")).reply == "You told me: I parked on level three."
        await house.say("forget about level three")
        await house.say("remember that my dentist is doctor Miller")
        assert (await house.say("who is my dentist")).reply == "You told me: my dentist is doctor Miller."
        await house.say("forget about my dentist")
        assert not (await house.say("where is the moon")).finished.understood
        assert not (await house.say("paint the pot")).finished.understood
        assert (await house.say("what do you remember")).reply == (
            "You told me: the spare key is under the pot; my passport is in the drawer."
        )
        assert (await house.say("what do you remember about the key")).reply.endswith("the spare key is under the pot.")

    days.live(before)
    days.live(after)


def test_what_was_told_is_forgotten_when_asked(days):
    async def scenario(house, _due):
        await house.say("remember that the spare key is under the pot")
        await house.say("remember that the bike key is in the shed")
        assert (await house.say("forget about the key")).reply.startswith(
            "Which one: the spare key is under the pot; or"
        )
        assert (await house.say("forget about the bike key")).reply == "Forgotten: the bike key is in the shed."
        assert (await house.say("forget about the moon")).reply == "You told me nothing about that."
        assert (await house.say("what do you remember")).reply == "You told me: the spare key is under the pot."
        assert (await house.say("forget it")).finished.ends_silently

    days.live(scenario)
