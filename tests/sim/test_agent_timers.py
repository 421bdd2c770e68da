"""Timers on virtual time: they ring when and where they should, also after a restart."""

import asyncio

import pytest
from support import virtual_time
from support.house import open_house
from support.inline import InlineExecutor

from roomtone_server.agent.base import Due
from roomtone_server.agent.timers import MAX_TIMERS


class Hours:
    """One life of the server after another, on one wall clock."""

    def __init__(self, folder):
        self.folder = folder
        self.wall = 1_000_000.0

    def live(self, scenario):
        """Runs `scenario(house, due)`, a coroutine, in a server that starts now and whose clock starts anew."""

        async def main():
            loop = asyncio.get_running_loop()
            began = self.wall - loop.time()
            async with open_house(
                self.folder,
                executor=InlineExecutor(),
                clocks={"monotonic": loop.time, "wall": lambda: began + loop.time()},
            ) as house:
                due = house.agent.due()
                await scenario(house, due)
                await due.aclose()
                self.wall = began + loop.time()

        virtual_time.run(main())


@pytest.fixture
def hours(tmp_path):
    return Hours(tmp_path)


def now():
    return asyncio.get_running_loop().time()


def test_a_timer_rings_where_it_was_set(hours):
    async def scenario(house, due):
        assert (await house.say("set a timer for 5 minutes", satellite="k1")).reply == "Timer set for 5 minutes"
        assert (
            await house.say("set a 2 minute timer called tea", satellite="k2")
        ).reply == "Timer set for 2 minutes named tea"
        assert await anext(due) == Due("k2", "Your tea timer is done.")
        assert now() == pytest.approx(120)
        assert await anext(due) == Due("k1", "Your 5 minute timer is done.")
        assert now() == pytest.approx(300)

    hours.live(scenario)


def test_one_set_while_another_is_waited_for_may_ring_first(hours):
    async def scenario(house, due):
        await house.say("set a timer for 2 hours")
        async with asyncio.TaskGroup() as tasks:
            ring = tasks.create_task(anext(due))
            await asyncio.sleep(10)
            await house.say("set a timer for 90 seconds")
        assert ring.result().text == "Your 1 minute 30 second timer is done."
        assert now() == pytest.approx(100)

    hours.live(scenario)


def test_pause_resume_add_and_remove_move_the_end(hours):
    async def scenario(house, due):
        await house.say("set a timer for 10 minutes")
        await asyncio.sleep(60)
        assert (await house.say("pause the timer")).reply == "Timer paused"
        await asyncio.sleep(1000)
        assert (await house.say("timer status")).reply == "Timer is paused. 9 minutes left."
        assert (await house.say("add 2 minutes to the timer")).reply == "2 minutes added to timer"
        assert (await house.say("resume timer")).reply == "Timer resumed"
        assert (await house.say("remove 1 minute from my timer")).reply == "1 minute removed from timer"
        assert (await house.say("timer status")).reply == "10 minutes left."
        await anext(due)
        assert now() == pytest.approx(60 + 1000 + 600)
        assert (await house.say("timer status")).reply == "No timers."

    hours.live(scenario)


def test_timers_are_told_apart_by_name_length_and_satellite(hours):
    async def scenario(house, _due):
        await house.say("set a 10 minute timer called pasta", satellite="k1")
        await house.say("set a timer for 5 minutes", satellite="k1")
        await house.say("set a timer for 1 hour", satellite="k2")
        assert (
            await house.say("cancel the timer", satellite="k1")
        ).reply == "Sorry, I am unable to target multiple timers"
        assert (await house.say("cancel the rice timer")).reply == "Sorry, I couldn't find that timer"
        assert (await house.say("cancel the pasta timer", satellite="k2")).reply == "Timer cancelled"
        assert (await house.say("pause the 5 minute timer", satellite="k2")).reply == "Timer paused"
        assert (await house.say("cancel the timer", satellite="k2")).reply == "Timer cancelled"
        assert (await house.say("cancel all timers")).reply == "Canceled 1 timer."

    hours.live(scenario)


def test_a_command_may_wait(hours):
    async def scenario(house, due):
        reply = (await house.say("turn on the lights in 5 minutes", area="Kitchen")).reply
        assert reply == "Command will be executed in 5 minutes"
        assert house.entity("light.kitchen").state == "off"
        assert await anext(due) == Due("k1", "Turned on the lights", sound="done")
        assert house.entity("light.kitchen").state == "on"
        assert not (await house.say("fly to the moon in 5 minutes")).finished.understood
        assert (await house.say("turn on the fan in 5 minutes")).reply.startswith("Sorry, I am not aware of any fan")

    hours.live(scenario)


def test_a_guarded_command_for_later_asks_now(hours):
    async def scenario(house, due):
        reply = (await house.say("unlock the front door in 10 minutes")).reply
        assert reply == "Do you want me to unlock the Front Door later?"
        assert not house.agent._kept.timers.all()
        await house.say("yes")
        assert (await anext(due)).text == "Unlocking"
        assert house.entity("lock.front_door").state == "unlocked"

    hours.live(scenario)


def test_what_needs_a_yes_only_once_it_is_due_is_left_alone(hours):
    async def scenario(house, due):
        await house.say("open the garage door")
        await house.say("yes")
        assert (
            await house.say("toggle the garage door in 10 minutes")
        ).reply == "Command will be executed in 10 minutes"
        await house.say("close the garage door")
        assert (await anext(due)).text.startswith("I was told to do something later that needs a yes")
        assert house.entity("cover.garage_door").state == "closed"

    hours.live(scenario)


def test_a_confirmed_command_stays_confirmed_over_a_restart(hours):
    async def before(house, _due):
        await house.say("unlock the front door in 10 minutes")
        await house.say("yes")

    async def after(house, due):
        assert (await anext(due)).text == "Unlocking"
        assert house.entity("lock.front_door").state == "unlocked"

    hours.live(before)
    hours.live(after)


def test_timers_survive_a_restart_and_ring_in_time(hours):
    async def before(house, _due):
        await house.say("set a timer for 1 hour")
        await house.say("set a 2 hour timer called roast", satellite="k2")
        await house.say("pause the roast timer")
        await asyncio.sleep(600)

    async def after(house, due):
        assert (await house.say("cancel the roast timer", satellite="k2")).reply == "Timer cancelled"
        assert await anext(due) == Due("k1", "Your 1 hour timer is done.")
        assert now() == pytest.approx(3000)

    hours.live(before)
    hours.live(after)


def test_what_ended_while_nothing_ran_is_said_at_once(hours):
    async def before(house, _due):
        await house.say("set a 5 minute timer called eggs")

    async def after(_house, due):
        assert await anext(due) == Due("k1", "Your eggs timer was done 10 minutes ago.")
        assert now() == 0

    hours.live(before)
    hours.wall += 900
    hours.live(after)


def test_a_ring_that_nobody_took_up_comes_again_after_a_restart(hours):
    async def before(house, due):
        await house.say("set a timer for 1 minute")
        await anext(due)

    async def after(house, due):
        assert (await anext(due)).text == "Your 1 minute timer is done."
        await house.say("set a timer for 1 minute")
        await anext(due)

    async def at_last(house, _due):
        assert len(house.agent._kept.timers.all()) == 1

    hours.live(before)
    hours.live(after)
    hours.live(at_last)


def test_there_is_an_end_to_how_many_timers_are_kept(hours):
    async def scenario(house, _due):
        for _ in range(MAX_TIMERS):
            await house.say("set a timer for 1 hour")
        assert (await house.say("set a timer for 1 hour")).reply == "Sorry, there are too many timers already."

    hours.live(scenario)


@pytest.mark.parametrize(
    ("set_s", "left"),
    [
        ("45 seconds", "45 seconds left."),
        ("1 minute and 45 seconds", "1 minute and 45 seconds left."),
        ("25 minutes", "25 minutes left."),
        ("1 hour and 8 minutes", "1 hour and 8 minutes left."),
        ("3 hours", "3 hours left."),
    ],
)
def test_the_status_is_said_as_people_say_it(hours, set_s, left):
    async def scenario(house, _due):
        await house.say(f"set a timer for {set_s}")
        assert (await house.say("how much time is left on my timer")).reply == left

    hours.live(scenario)
