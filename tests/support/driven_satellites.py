"""Roads into each state of the machine that Home Assistant drives."""

from roomtone.satellite.events import ButtonHeld, ButtonPressed, Muted, WakeHeard
from roomtone_satellite.home_assistant.course import MachineSettings, State
from roomtone_satellite.home_assistant.events import (
    Abandoned,
    AudioEnded,
    AudioStarted,
    Driven,
    Event,
    Paused,
    RunFailed,
    StartRun,
    TimerFinished,
    Transcribed,
    UtteranceEnded,
    WakeAwaited,
    WakeDetected,
)
from roomtone_satellite.home_assistant.machine import HomeAssistantMachine
from roomtone_satellite.home_assistant.runs import CLEARED

WAKE = WakeHeard("okay_nabu", "okay nabu", 0.9, sample=32_000)
CLEAR = RunFailed(CLEARED, "a run of speech needs a text")
AT_ONCE = StartRun("okay_nabu", first_sample=32_000)
EGGS = TimerFinished("eggs")

ROADS: dict[State, list[Event]] = {
    State.OFFLINE: [],
    State.MUTED: [Muted()],
    State.PAUSED: [Driven(), Paused()],
    State.WAITING: [Driven()],
    State.LISTENING: [Driven(), WAKE],
    State.THINKING: [Driven(), WAKE, Transcribed()],
    State.PLAYING: [Driven(), WAKE, Transcribed(), AudioStarted(1)],
    State.RINGING: [Driven(), TimerFinished("eggs")],
}
REMOTE_ROADS: dict[State, list[Event]] = {
    State.OFFLINE: [],
    State.MUTED: [Driven(), WakeAwaited(), Muted()],
    State.PAUSED: [Driven(), WakeAwaited(), Paused()],
    State.WAITING: [Driven(), WakeAwaited()],
    State.LISTENING: [Driven(), WakeAwaited(), WakeDetected()],
    State.THINKING: [Driven(), WakeAwaited(), WakeDetected(), Transcribed()],
    State.PLAYING: [Driven(), WakeAwaited(), AudioStarted(1), AudioEnded(1)],
    State.RINGING: [Driven(), WakeAwaited(), TimerFinished("eggs")],
}
# What may have happened before, too.
TWISTS: list[list[Event]] = [
    [],
    [Muted()],
    [Paused()],
    [Abandoned()],
    [TimerFinished("tea")],
    [AudioEnded(1), Abandoned()],
    [Paused(), TimerFinished("tea")],
    [ButtonPressed()],
    [ButtonHeld()],
    [CLEAR],
    [Paused(), Muted()],
    [TimerFinished("tea"), Muted()],
    [Paused(), Transcribed(), TimerFinished("tea")],
    [UtteranceEnded()],
    [Paused(), Transcribed()],
    [Muted(), AudioStarted(2)],
    [Muted(), AudioStarted(2), AudioEnded(2), Abandoned()],
    [AudioEnded(1), TimerFinished("tea"), Abandoned()],
]


def after(*events: Event, remote: bool = False, **settings: float) -> HomeAssistantMachine:
    machine = HomeAssistantMachine(MachineSettings(remote_wake=remote, **settings))
    for event in events:
        machine.receive(event, 0.0)
    machine.commands()
    return machine


def machine_in(state: State, *, remote: bool = False) -> HomeAssistantMachine:
    return after(*(REMOTE_ROADS if remote else ROADS)[state], remote=remote)


def given(machine: HomeAssistantMachine, *events: Event, now: float = 10.0) -> list[object]:
    """What the machine commands when these happen."""
    for event in events:
        machine.receive(event, now)
    return machine.commands()
