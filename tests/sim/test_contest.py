"""Several satellites hear one wake word, on virtual time: a house, and the machines of its satellites."""

import asyncio
import random
from array import array
from contextlib import asynccontextmanager

import pytest
from support import virtual_time
from support.scripted import ScriptedSatellite, ScriptedStt, parts

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES
from roomtone.satellite import events as at_satellite
from roomtone.satellite.machine import SatelliteMachine
from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import Audio, Woken

WORD_FRAMES, COMMAND_FRAMES, SILENT_FRAMES = 45, 75, 100
PREROLL_FRAMES = 25


def said(seed: int) -> list[float]:
    """A wake word, a command, and the silence after them: the level of each frame, None for digital silence."""
    rng, levels = random.Random(seed), []
    while len(levels) < WORD_FRAMES + COMMAND_FRAMES:
        levels += [rng.uniform(-30, -15)] * rng.randint(3, 8) + [-60.0] * rng.randint(1, 4)
    return levels[: WORD_FRAMES + COMMAND_FRAMES] + [None] * SILENT_FRAMES


def frame(level_db: float | None) -> bytes:
    if level_db is None:
        return bytes(FRAME_BYTES)
    amplitude = round(32_768 * 10 ** (level_db / 20))
    return array("h", [amplitude, -amplitude] * (FRAME_SAMPLES // 2)).tobytes()


class Listener(ScriptedSatellite):
    """A satellite with a machine of its own, behind a network that takes its time."""

    def __init__(self, name: str, *, snr_db: float, gain_db: float = 0.0, network_s: float = 0.005) -> None:
        super().__init__(name, name)
        self.sounds: list[str] = []
        self.sounded_at: list[float] = []
        self._snr_db = snr_db
        self._gain_db = gain_db
        self._network_s = network_s
        self._machine = SatelliteMachine()
        self._heard: list[bytes] = []
        self._streams = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._step(at_satellite.Connected())

    async def live_through(self, levels: list[float | None], *, detection: int) -> None:
        """Hears what is said, at the speed of a microphone; the wake word in the frame of this number."""
        for number, level_db in enumerate(levels):
            await asyncio.sleep(FRAME_MS / 1000)
            self._heard.append(frame(None if level_db is None else level_db + self._gain_db))
            if self._streams:
                self._say(Audio(self._heard[number], number * FRAME_SAMPLES))
            if number == detection:
                sample = (number + 1) * FRAME_SAMPLES
                self._step(at_satellite.WakeHeard("okay_nabu", "okay nabu", 0.9, sample))

    def grant(self, turn: int, settles_s: float) -> None:
        self._hears(at_satellite.TurnGranted(turn, settles_s))

    def stop_listening(self, turn: int) -> None:
        super().stop_listening(turn)
        self._hears(at_satellite.EndpointFound(turn))

    def end_turn(self, turn: int, outcome: str, text: str) -> None:
        super().end_turn(turn, outcome, text)
        self._hears(at_satellite.TurnEnded(turn, outcome, text))

    def _say(self, *messages: Woken | Audio) -> None:
        self._loop.call_later(self._network_s, lambda: [self.send(message) for message in messages])

    def _hears(self, event: at_satellite.Event) -> None:
        self._loop.call_later(self._network_s, self._step, event)

    def _step(self, event: at_satellite.Event) -> None:
        self._machine.receive(event, self._loop.time())
        self._follow()

    def _advance(self, deadline: float) -> None:
        self._machine.advance(deadline)
        self._follow()

    def _follow(self) -> None:
        for command in self._machine.commands():
            match command:
                case at_satellite.StartStreaming(turn, wake):
                    self._stream(turn, wake)
                case at_satellite.StopStreaming():
                    self._streams = False
                case at_satellite.PlayChime(sound):
                    self.sounds.append(sound)
                    self.sounded_at.append(self._loop.time())
                case at_satellite.Alert(text):
                    self.sounds.append(text)
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._machine.next_deadline()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._advance, deadline)

    def _stream(self, turn: int, wake: at_satellite.WakeHeard) -> None:
        self._streams = True
        first = max(0, len(self._heard) - PREROLL_FRAMES)
        self._say(
            Woken(turn, wake.name, wake.phrase, 0.9, wake.sample, first * FRAME_SAMPLES, snr_db=self._snr_db),
            *(Audio(self._heard[number], number * FRAME_SAMPLES) for number in range(first, len(self._heard))),
        )


@asynccontextmanager
async def a_house(*listeners: Listener, **scripted):
    house = House(parts(**scripted))
    async with asyncio.TaskGroup() as tasks:
        for listener in listeners:
            tasks.create_task(house.attend(listener))
        await asyncio.sleep(0)
        yield
        for listener in listeners:
            await listener.until("ended")
            listener.switch_off()


def outcomes(listener: Listener) -> list[str]:
    return [outcome for _, outcome, _ in listener.of("ended")]


@pytest.mark.parametrize("seed", range(20))
def test_the_louder_of_two_answers_and_the_other_is_silent(seed):
    """6 dB apart, with the detections as far from each other as a wake engine's are, and a network that jitters."""

    async def main():
        rng = random.Random(seed)
        stt, voice = ScriptedStt(), said(seed)
        near = Listener("near", snr_db=26, network_s=rng.uniform(0.001, 0.04))
        far = Listener("far", snr_db=20, gain_db=-6, network_s=rng.uniform(0.001, 0.04))
        async with a_house(near, far, stt=stt):
            await asyncio.gather(
                near.live_through(voice, detection=WORD_FRAMES),
                far.live_through(voice, detection=WORD_FRAMES + rng.randint(-3, 8)),
            )
        assert (outcomes(near), outcomes(far)) == (["answered"], ["elsewhere"])
        assert (near.sounds, far.sounds) == (["awake"], [])
        assert far.of("begin") == far.of("transcript") == []
        assert stt.open == 0

    virtual_time.run(main())


def test_a_report_that_comes_late_takes_the_turn_until_the_endpoint():
    async def main():
        voice = said(1)
        near, far = Listener("near", snr_db=26), Listener("far", snr_db=20, gain_db=-6)
        async with a_house(near, far):
            await asyncio.gather(
                near.live_through(voice, detection=WORD_FRAMES + 40), far.live_through(voice, detection=WORD_FRAMES)
            )
        assert (outcomes(near), outcomes(far)) == (["answered"], ["elsewhere"])

    virtual_time.run(main())


def test_two_users_at_two_satellites_are_two_turns_and_neither_waits():
    async def heard_at(*names_and_voices: tuple[str, int]) -> dict[str, float]:
        listeners = [Listener(name, snr_db=20 + number) for number, (name, _) in enumerate(names_and_voices)]
        async with a_house(*listeners):
            await asyncio.gather(
                *(
                    listener.live_through(said(voice), detection=WORD_FRAMES)
                    for listener, (_, voice) in zip(listeners, names_and_voices, strict=True)
                )
            )
        for listener in listeners:
            assert outcomes(listener) == ["answered"]
            assert listener.sounds == ["awake"]
        return {listener.satellite.name: listener.times[0] for listener in listeners}

    both = virtual_time.run(heard_at(("one", 1), ("other", 2)))
    alone = virtual_time.run(heard_at(("one", 1))) | virtual_time.run(heard_at(("other", 2)))
    assert both == pytest.approx(alone)


def test_a_lone_satellite_chimes_at_once():
    async def main():
        lone = Listener("lone", snr_db=20)
        async with a_house(lone):
            await lone.live_through(said(1), detection=WORD_FRAMES)
        assert lone.sounded_at == [pytest.approx((WORD_FRAMES + 1) * FRAME_MS / 1000 + 0.01)]

    virtual_time.run(main())
