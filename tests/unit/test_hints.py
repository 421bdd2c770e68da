from support.vocabularies import SMALL

from roomtone_server.runtime.hints import Hint, Hints
from roomtone_server.turn.events import Completeness


async def test_a_home_is_known_once_it_was_learned(tmp_path):
    hints = Hints(tmp_path)
    assert hints.of("lock the front door") == Hint("lock the front door", Completeness.UNKNOWN)
    await hints.learn(SMALL)
    assert hints.of("Lock the front door, please!") == Hint("lock the front door", Completeness.COMPLETE)
    assert hints.of("turn on the light").completeness is Completeness.EXTENDABLE
    assert hints.of("turn on the light", finished=False).completeness is Completeness.UNFINISHED
    assert hints.of("turn on the").completeness is Completeness.OPEN
    assert hints.of("turn on the", finished=False).completeness is Completeness.OPEN
    assert hints.of("what a lovely evening").completeness is Completeness.UNKNOWN
    assert hints.of("") == Hint("", Completeness.UNKNOWN)


async def test_of_several_commands_the_last_decides_and_after_and_more_must_come(tmp_path):
    hints = Hints(tmp_path)
    await hints.learn(SMALL)
    assert hints.of("lock the front door and").completeness is Completeness.OPEN
    assert hints.of("lock the front door and then").completeness is Completeness.OPEN
    assert hints.of("lock the front door and turn on the").completeness is Completeness.OPEN
    assert hints.of("turn on the light and lock the front door").completeness is Completeness.COMPLETE
    assert hints.of("Lock the front door. Turn on the light.").completeness is Completeness.EXTENDABLE
    assert hints.of("lock the front door and sing").completeness is Completeness.UNKNOWN
    assert hints.of("sing and lock the front door").completeness is Completeness.UNKNOWN
    assert hints.of("Good evening.").completeness is Completeness.UNKNOWN
