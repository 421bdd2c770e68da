"""The runtime around the turn machine, whatever people and networks do: real conversations on virtual time, and what
came of them at the satellite and in the home.
"""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from support import virtual_time
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, ScriptedTts, parts

from roomtone_server.agent.base import Finished
from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import GivenUp, Interrupted, Sounded

MS = st.sampled_from([20, 100, 400, 1000])
HAPPENINGS = st.one_of(
    st.tuples(st.just("wake")),
    st.tuples(st.just("speech"), MS),
    st.tuples(st.just("silence"), MS),
    st.tuples(st.just("command")),
    st.tuples(st.just("interrupt"), st.booleans()),
    st.tuples(st.just("give up"), st.integers(1, 9)),
    st.tuples(st.just("sounded"), st.integers(1, 9), st.booleans()),
    st.tuples(st.just("timer")),
    st.tuples(st.just("reconnect")),
)


class Person:
    """At one satellite, whose connection may break; its turns are counted on."""

    def __init__(self, house: House, tasks: asyncio.TaskGroup) -> None:
        self.house = house
        self.satellites: list[ScriptedSatellite] = []
        self._tasks = tasks
        self._turn = -1
        self.reconnect()

    @property
    def satellite(self) -> ScriptedSatellite:
        return self.satellites[-1]

    def reconnect(self) -> None:
        """The former connection, which may be half-open still, is not told."""
        self.satellites.append(ScriptedSatellite())
        self._tasks.create_task(self.house.attend(self.satellite))

    def next_turn(self) -> int:
        self._turn += 2
        return self._turn

    async def happens(self, what: str, *how: int) -> None:
        satellite = self.satellite
        match what, how:
            case "wake", _:
                satellite.wake(self.next_turn())
            case (("speech" | "silence"), (ms,)):
                await satellite.stream(SPEECH if what == "speech" else SILENCE, ms)
            case "command", _:
                await satellite.utter(self.next_turn(), 400)
            case "interrupt", (paused,):
                began = [turn for turn, _ in satellite.of("begin")]
                where = satellite.position
                satellite.send(Interrupted(self.next_turn(), began[-1] if began else 1, where, where, paused))
                await satellite.stream(SPEECH, 400)
            case "give up", (turn,):
                satellite.send(GivenUp(turn))
            case "sounded", (turn, done):
                satellite.send(Sounded(turn, 100, done))
            case "timer", _:
                self.house.announce("s1", "the timer is over", "timer")
            case "reconnect", _:
                self.reconnect()
        await asyncio.sleep(0)


def check(log: list[tuple]) -> None:
    """What one connection was told, in its order; chimes are of no turn, and words that are shown change nothing."""
    log = [entry for entry in log if entry[0] not in {"chime", "partial", "reply"}]
    over: set[int] = set()
    silenced: set[int] = set()
    endpoints: set[int] = set()
    sounds: int | None = None
    for kind, turn, *_ in log:
        assert turn not in over, "of a turn that has ended"
        if kind in {"begin", "play", "end-reply"}:
            assert turn not in silenced, "a reply that was cancelled plays on"
        if kind == "heard":
            endpoints.add(turn)
        elif kind == "transcript":
            assert turn in endpoints
        elif kind == "begin":
            assert sounds is None, "two replies at once"
            sounds = turn
        elif kind == "play":
            assert sounds == turn
        elif kind == "flush":
            silenced.add(turn)
            sounds = None if sounds == turn else sounds
        elif kind == "ended":
            over.add(turn)
            sounds = None if sounds == turn else sounds
    assert {turn for _, turn, *_ in log} == over, "each turn ends"


@settings(max_examples=60, deadline=None)
@given(
    happenings=st.lists(HAPPENINGS, max_size=25),
    follow_up=st.booleans(),
    final_after_s=st.sampled_from([0.0, 0.05, 0.9]),
    seconds=st.sampled_from([0.0, 0.3, 4.0]),
)
def test_whatever_happens_the_rules_are_kept(happenings, follow_up, final_after_s, seconds):
    async def main():
        agent = ScriptedAgent(finished=Finished(understood=True, expects_answer=follow_up))
        stt, tts = ScriptedStt(final_after_s=final_after_s), ScriptedTts(seconds=seconds)
        async with asyncio.TaskGroup() as tasks:
            person = Person(House(parts(stt=stt, tts=tts, agent=agent)), tasks)
            for happening in happenings:
                await person.happens(*happening)
            await asyncio.sleep(600)
            logs = [list(satellite.log) for satellite in person.satellites]
            for satellite in person.satellites:
                satellite.switch_off()
        for log in logs:
            check(log)
        answered = sum(kind == "transcript" for log in logs for kind, *_ in log)
        assert len(agent.committed) <= answered, "something was done before its endpoint"
        assert (stt.open, tts.speaking) == (0, 0)
        assert [len(satellite.log) for satellite in person.satellites] == [len(log) for log in logs]

    virtual_time.run(main())
