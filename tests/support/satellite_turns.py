"""A satellite's machine as far as a test wants it: the roads into each of its states."""

from roomtone.satellite.course import MachineSettings, State
from roomtone.satellite.events import (
    Connected,
    EndpointFound,
    Event,
    Muted,
    ReplyStarted,
    TurnGranted,
    VoiceLasted,
    VoiceStarted,
    WakeHeard,
)
from roomtone.satellite.machine import SatelliteMachine

WAKE = WakeHeard("okay_nabu", "okay nabu", 0.9, sample=32_000)

# How each state is reached, with turn 1 where there is a turn.
ROADS: dict[State, list[Event]] = {
    State.OFFLINE: [],
    State.MUTED: [Connected(), Muted()],
    State.WAITING: [Connected()],
    State.LISTENING: [Connected(), WAKE, TurnGranted(1, settles_s=0.0)],
    State.THINKING: [Connected(), WAKE, EndpointFound(1)],
    State.PLAYING: [Connected(), WAKE, EndpointFound(1), ReplyStarted(1)],
}
PLAYING = ROADS[State.PLAYING]
ROADS[State.HUSHED] = [*PLAYING, VoiceStarted(40_000)]
ROADS[State.INTERRUPTED] = [*PLAYING, VoiceStarted(40_000), VoiceLasted(40_000)]  # by turn 3


def machine_in(state: State) -> SatelliteMachine:
    return after(*ROADS[state])


def after(*events: Event, voice_pauses: bool = True) -> SatelliteMachine:
    machine = SatelliteMachine(MachineSettings(voice_pauses=voice_pauses))
    for event in events:
        machine.receive(event, 0.0)
    machine.commands()
    return machine
