import asyncio

import pytest
from support.virtual_time import run

from roomtone.link.watchdog import Watchdog


def expired_at(waits, seconds=10.0):
    """When it expires, with each of these waits (how long, and how long until the next) one after the other."""

    async def wait_and_see():
        loop, expired = asyncio.get_running_loop(), []
        watchdog = Watchdog(seconds, lambda: expired.append(round(loop.time(), 3)))
        for waited_s, idle_s in waits:
            with watchdog:
                await asyncio.sleep(waited_s)
            await asyncio.sleep(idle_s)
        watchdog.close()
        await asyncio.sleep(100)
        return expired

    return run(wait_and_see())


@pytest.mark.parametrize(
    ("waits", "expired"),
    [
        ([(9.9, 0.0)], []),
        ([(10.1, 0.0)], [10.0]),
        ([(9.0, 0.0)] * 20, []),  # however many follow each other
        ([(9.0, 0.0), (10.1, 0.0)], [19.0]),  # counted from the wait's own beginning
        ([(1.0, 30.0), (9.0, 30.0), (1.0, 0.0)], []),  # what is no wait is not counted
        ([(1.0, 30.0), (10.1, 0.0)], [41.0]),
        ([(10.1, 1.0), (10.1, 0.0)], [10.0, 21.1]),  # each wait anew
    ],
)
def test_it_expires_with_a_wait_that_is_too_long(waits, expired):
    assert expired_at(waits) == expired


def test_who_closes_in_the_middle_of_a_wait_lets_nothing_expire():
    async def close_while_waiting():
        expired = []
        watchdog = Watchdog(10.0, lambda: expired.append(True))
        with watchdog:
            await asyncio.sleep(5)
            watchdog.close()
            await asyncio.sleep(100)
        return expired

    assert run(close_while_waiting()) == []


def test_one_timer_serves_all_waits():
    async def timers_armed():
        loop, armed = asyncio.get_running_loop(), []
        call_at = loop.call_at
        watchdog = Watchdog(10.0, lambda: None)
        loop.call_at = lambda *arguments: armed.append(arguments) or call_at(*arguments)
        for _ in range(1000):
            with watchdog:
                pass
        watchdog.close()
        return len(armed)

    assert run(timers_armed()) == 1
