"""The runtime around the turn machine, whatever people and networks do: real conversations on virtual time, and what
came of them at the satellite and in the home.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from support import virtual_time
from support.scripted import RATE_HZ, SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, ScriptedTts, parts

from roomtone_server.agent.base import Finished, Prepared, ReplyPart
from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import GivenUp, Interrupted, Sounded

# Weighted, so that replies sound and something happens while they do.
HAPPENINGS = st.sampled_from(
    [
        *[("command",)] * 8,
        *[("hesitation",)] * 2,
        *[("interruption", paused, ms) for paused in (True, True, False) for ms in (0, 600, 1000)],
        *[("cough", paused) for paused in (True, True, False)],
        *[("silence", ms) for ms in (20, 100, 300, 300, 1000)],
        *[("speech", ms) for ms in (20, 400, 1000)],
        *[("cancelling", back) for back in (0, 2)],
        *[("playback", done) for done in (False, True)],
        *[("two_wakes", steps) for steps in (0, 1, 2, 3, 4)],
        *[("cut_off_timer", steps) for steps in (0, 1, 2, 3)],
        *[("timer",)] * 2,
        ("reconnection",),
    ]
)
UNDERSTOOD_MS = 200  # a sentence is another one so long after its first sample: by then speech is known to go on


@dataclass
class World:
    """A house with one satellite, whose connection may break, and the person in front of it."""

    stt: ScriptedStt
    tts: ScriptedTts
    agent: "WatchedAgent"
    tasks: asyncio.TaskGroup
    satellites: list["Listener"] = field(default_factory=list)
    sentences: int = 0
    last_turn: int = -1

    def __post_init__(self) -> None:
        self.house = House(parts(stt=self.stt, tts=self.tts, agent=self.agent))
        self.agent.world = self

    @property
    def satellite(self) -> "Listener":
        return self.satellites[-1]

    def told(self, text: str) -> "Listener":
        """Where a transcript was shown."""
        shown = [satellite for satellite in self.satellites if text in {told for _, told in satellite.of("transcript")}]
        return shown[0] if shown else self.satellite

    # --- what may happen

    async def reconnection(self) -> None:
        """The former connection, which may be half-open still, is not told."""
        self.satellites.append(Listener(self.stt))
        self.tasks.create_task(self.house.attend(self.satellite))

    async def command(self) -> None:
        self.wake()
        await self.speech(1000)
        await self.silence(600)

    async def hesitation(self) -> None:
        self.wake()
        await self.speech(1000)
        await self.silence(300)
        await self.speech(600)
        await self.silence(600)

    async def two_wakes(self, steps: int) -> None:
        self.wake()
        self.mean_something()
        await loop_steps(steps)
        self.wake()
        self.mean_something()

    async def interruption(self, paused: bool, ms: int) -> None:
        self.interrupt(paused)
        await self.speech(ms)
        await self.silence(ms)

    async def cough(self, paused: bool) -> None:
        self.interrupt(paused)
        await self.speech(UNDERSTOOD_MS)
        await self.silence(1000)

    async def speech(self, ms: int) -> None:
        await self.satellite.stream(SPEECH, min(ms, UNDERSTOOD_MS))
        if ms > UNDERSTOOD_MS:
            self.mean_something()
            await self.satellite.stream(SPEECH, ms - UNDERSTOOD_MS)

    async def silence(self, ms: int) -> None:
        await self.satellite.stream(SILENCE, ms)

    async def cancelling(self, back: int) -> None:
        self.satellite.send(GivenUp(self.last_turn - back))

    async def playback(self, done: bool) -> None:
        self.satellite.send(Sounded(self.satellite.newest_reply, 100, done))

    async def timer(self) -> None:
        self.house.announce("s1", "the timer is over", "timer")

    async def cut_off_timer(self, steps: int) -> None:
        await self.timer()
        await loop_steps(steps)
        self.wake()

    # --- what that consists of

    def begin(self) -> int:
        """A turn, in which nothing is said yet."""
        self.stt.text, self.stt.spoken = "", False
        self.last_turn += 2
        return self.last_turn

    def wake(self) -> None:
        self.satellite.wake(self.begin())

    def interrupt(self, paused: bool) -> None:
        """Nothing is interrupted while somebody is being heard, and what that one says stays what is said."""
        said = self.stt.text, self.stt.spoken
        is_heard = not self.satellite.has_found_end(self.last_turn)
        where = self.satellite.position
        self.satellite.send(Interrupted(self.begin(), self.satellite.newest_reply, where, where, paused))
        if is_heard:
            self.stt.text, self.stt.spoken = said

    def mean_something(self) -> None:
        """That was never said before."""
        self.sentences += 1
        self.stt.text, self.stt.spoken = f"sentence {self.sentences}", True


async def loop_steps(count: int) -> None:
    """An instant: who is at work takes so many steps in it."""
    for _ in range(count):
        await asyncio.sleep(0)


class Listener(ScriptedSatellite):
    """Knows what had been said when an endpoint was found."""

    def __init__(self, stt: ScriptedStt) -> None:
        super().__init__()
        self._stt = stt

    @property
    def newest_reply(self) -> int:
        return next((turn for kind, turn, *_ in reversed(self.log) if kind == "begin"), 1)

    def has_found_end(self, turn: int) -> bool:
        return any(kind in {"heard", "ended"} and of == turn for kind, of, *_ in self.log)

    def stop_listening(self, turn: int) -> None:
        self._note("heard", turn, self._stt.text)


class WatchedAgent(ScriptedAgent):
    """Says in the satellite's log when it acts."""

    world: World

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        self.world.told(prepared.request.text)._note("acted", prepared.request.text)
        async for part in super().commit(prepared):
            yield part


class Judge:
    """Reads what one connection was told, in its order, and what was done meanwhile."""

    def __init__(self, reply_samples: int) -> None:
        self._reply_samples = reply_samples
        self._over: set[int] = set()
        self._silenced: set[int] = set()
        self._said: dict[int, str] = {}  # by turn, up to its endpoint
        self._to_do: list[str] = []
        self._sounds: int | None = None
        self._played = 0
        self._chimed = False

    def read(self, log: list[tuple]) -> None:
        for kind, *told in log:
            if kind == "chime":
                self._chimed = True
            elif kind == "acted":
                assert told[0] in self._to_do, "done before it was certain, or twice, or not what was said"
                self._to_do.remove(told[0])
            else:
                self._of_turn(kind, *told)
        assert {turn for kind, turn, *_ in log if kind not in {"chime", "acted"}} == self._over, "each turn ends"

    def _of_turn(self, kind: str, turn: int, *told: object) -> None:
        assert turn not in self._over, "of a turn that has ended"
        assert turn not in self._silenced or kind == "ended", "of a turn that was given up"
        assert not self._chimed or (kind, turn % 2) == ("reply", 0), "a chime, and nothing that it is for"
        self._chimed = False
        match kind:
            case "partial":
                assert turn not in self._said, "words after the endpoint"
            case "heard":
                [self._said[turn]] = told
            case "transcript":
                assert told == (self._said[turn],), "not what was said"
                self._to_do.append(self._said[turn])
            case "begin":
                assert self._sounds is None, "two replies at once"
                self._sounds, self._played = turn, 0
            case "play":
                assert self._sounds == turn
                self._played += told[0]
            case "end-reply":
                assert self._played == self._reply_samples, "some of the reply is missing"
            case "flush":
                self._silenced.add(turn)
            case "ended":
                self._end(turn, *told)

    def _end(self, turn: int, outcome: str, text: str) -> None:
        is_whole = outcome in {"answered", "not-understood"}
        assert is_whole or turn in self._silenced or self._sounds != turn, "it plays on"
        assert text != "the reply broke off"
        self._over.add(turn)
        self._sounds = None if self._sounds == turn else self._sounds


async def live(happenings: list[tuple], stt: ScriptedStt, tts: ScriptedTts, agent: WatchedAgent) -> list[Listener]:
    """All of it, and then nothing until each turn must have ended; what came to each connection."""
    async with asyncio.TaskGroup() as tasks:
        world = World(stt, tts, agent, tasks)
        await world.reconnection()
        for what, *how in happenings:
            await getattr(world, what)(*how)
            await asyncio.sleep(0)
        await asyncio.sleep(600)
        assert (stt.open, tts.speaking) == (0, 0), "somebody is still at work"
        lengths = [len(satellite.log) for satellite in world.satellites]
        for satellite in world.satellites:
            satellite.switch_off()
    assert [len(satellite.log) for satellite in world.satellites] == lengths, "each turn had ended"
    return world.satellites


def test_whatever_happens_the_rules_are_kept():
    outcomes: Counter[str] = Counter()

    @settings(max_examples=80, deadline=None)
    @given(
        happenings=st.lists(HAPPENINGS, min_size=6, max_size=20),
        follow_up=st.booleans(),
        final_after_s=st.sampled_from([0.0, 0.05, 0.05, 0.3, 0.3, 0.9, 1e6]),
        takes_s=st.sampled_from([0.0, 0.005, 0.005, 0.005, 0.5, 0.5, 1e6]),
        seconds=st.sampled_from([0.0, 0.3, 4.0, 4.0, 10.0, 10.0]),
    )
    def whatever_happens(happenings, follow_up, final_after_s, takes_s, seconds):
        agent = WatchedAgent(finished=Finished(understood=True, expects_answer=follow_up), takes_s=takes_s)
        stt, tts = ScriptedStt(final_after_s=final_after_s), ScriptedTts(seconds=seconds)
        for satellite in virtual_time.run(live(happenings, stt, tts, agent)):
            Judge(round(seconds * RATE_HZ)).read(satellite.log)
            outcomes.update(outcome for _, outcome, _ in satellite.of("ended"))

    whatever_happens()
    rare = {each for each in ("answered", "interrupted", "cancelled", "nothing-said", "failed") if outcomes[each] < 10}
    assert not rare, "scripts in which too little happens"
