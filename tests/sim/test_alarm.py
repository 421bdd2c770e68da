"""The one timer of a machine, on virtual time: it rings at the deadline that was set last, and at no other."""

import asyncio

import pytest
from support import virtual_time

from roomtone.alarm import Alarm


def rung(*orders):
    """Each order: when, and the deadline to set then. When it rang, and for which deadline."""

    async def run():
        clock = asyncio.get_running_loop().time
        began, rang = clock(), []
        alarm = Alarm(lambda deadline: rang.append((round(clock() - began, 3), round(deadline - began, 3))))
        for at, deadline in orders:
            await asyncio.sleep(began + at - clock())
            alarm.set(None if deadline is None else began + deadline)
        await asyncio.sleep(60)
        return rang

    return virtual_time.run(run())


@pytest.mark.parametrize(
    ("orders", "rings"),
    [
        ([(0, 1.0)], [(1.0, 1.0)]),
        ([(0, None)], []),
        ([(0, 1.0), (0.5, None)], []),
        ([(0, 1.0), (0.5, 2.0)], [(2.0, 2.0)]),
        ([(0, 1.0), (0.5, 2.0), (1.5, 3.0)], [(3.0, 3.0)]),
        ([(0, 1.0), (0.5, 2.0), (1.5, None)], []),
        ([(0, 2.0), (0.5, 1.0)], [(1.0, 1.0)]),
        ([(0, 2.0), (0.5, 3.0), (0.6, 1.0)], [(1.0, 1.0)]),
        ([(0, 1.0), (1.5, 2.0)], [(1.0, 1.0), (2.0, 2.0)]),
        ([(0.5, 0.2)], [(0.5, 0.2)]),
    ],
)
def test_it_rings_at_the_deadline_that_was_set_last(orders, rings):
    assert rung(*orders) == rings


def test_deadlines_that_are_put_off_take_no_new_timer_each():
    async def run():
        loop = asyncio.get_running_loop()
        made, call_at = [], loop.call_at

        def counted(when, *rest, **context):
            made.append(when)
            return call_at(when, *rest, **context)

        loop.call_at = counted
        rang = []
        alarm = Alarm(rang.append)
        for frame in range(100):
            alarm.set(loop.time() + 4 + frame)
        assert len(made) == 1
        await asyncio.sleep(200)
        return len(rang), len(made)

    rang, timers = virtual_time.run(run())
    assert rang == 1
    assert timers < 5
