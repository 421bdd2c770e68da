"""Somebody speaks into a reply: what the satellite does about it before, and after, it has heard from its server."""

import pytest
from support.satellite_turns import ROADS, WAKE, after

from roomtone.satellite.course import MachineSettings, State
from roomtone.satellite.events import (
    Alert,
    CancelTurn,
    Connected,
    Disconnected,
    EndpointFound,
    Event,
    FlushAsked,
    FlushReply,
    ListenAsked,
    PauseReply,
    PlayChime,
    ReplyPlayed,
    ReplyProgressed,
    ReplyStarted,
    ReportPlayed,
    ResumeReply,
    StartInterrupting,
    StartStreaming,
    StopStreaming,
    TurnEnded,
    VoiceLasted,
    VoiceStarted,
    VoiceStopped,
)
from roomtone.satellite.interruption import MAX_VAIN_PAUSES, MAX_VAIN_QUESTIONS
from roomtone.satellite.machine import SatelliteMachine

BEGAN, LASTED = VoiceStarted(64_000), VoiceLasted(64_000)
STREAMED = StartInterrupting(3, 1, 64_000, first_sample=56_000, paused=True)


class Bedside:
    """A satellite whose reply plays, in turn 1."""

    def __init__(self, *, pauses: bool = True) -> None:
        self.machine = after(*ROADS[State.PLAYING], voice_pauses=pauses)
        self.now = 0.0

    def tell(self, *events: Event) -> list[object]:
        for event in events:
            self.machine.receive(event, self.now)
        return self.machine.commands()

    def wait(self, seconds: float) -> list[object]:
        self.now += seconds
        self.machine.advance(self.now)
        return self.machine.commands()

    @property
    def state(self) -> State:
        return self.machine.state


def test_a_voice_pauses_the_reply_before_anybody_is_asked():
    bedside = Bedside()
    assert bedside.tell(BEGAN) == [PauseReply(1)]
    assert bedside.state is State.HUSHED


def test_a_cough_lets_it_go_on_without_a_word_to_the_server():
    bedside = Bedside()
    bedside.tell(BEGAN)
    assert bedside.tell(VoiceStopped()) == [ResumeReply(1)]
    assert bedside.tell(BEGAN, VoiceStopped()) == [PauseReply(1), ResumeReply(1)]


def test_a_microphone_that_fails_meanwhile_does_not_keep_it_silent():
    bedside = Bedside()
    bedside.tell(BEGAN)
    assert bedside.wait(1.0) == [ResumeReply(1)]


def test_a_voice_that_lasts_is_streamed_from_before_its_onset():
    bedside = Bedside()
    assert bedside.tell(BEGAN, LASTED) == [PauseReply(1), STREAMED]
    assert bedside.state is State.INTERRUPTED


def test_words_take_the_floor_and_the_stream_goes_on():
    bedside = Bedside()
    bedside.tell(BEGAN, LASTED)
    assert bedside.tell(FlushAsked(1)) == [FlushReply(1)]
    assert bedside.tell(TurnEnded(1, "interrupted")) == []
    assert (bedside.state, bedside.machine.turn) == (State.LISTENING, 3)
    assert bedside.tell(EndpointFound(3)) == [StopStreaming(3)]
    bedside.tell(ReplyStarted(3))
    assert bedside.tell(BEGAN) == [PauseReply(3)], "and that reply may be interrupted too"


def test_without_words_the_reply_goes_on_where_it_stopped():
    bedside = Bedside()
    bedside.tell(BEGAN, LASTED)
    assert bedside.tell(FlushAsked(3)) == [], "nothing of the new turn sounds"
    assert bedside.tell(TurnEnded(3, "nothing-said")) == [StopStreaming(3), ResumeReply(1)], "and no chime"
    assert bedside.state is State.PLAYING
    assert bedside.tell(ReplyPlayed(1, 9)) == [ReportPlayed(1, 9, done=True)]


def test_a_server_s_word_that_never_comes_is_not_waited_for():
    bedside = Bedside()
    bedside.tell(BEGAN, LASTED)
    assert bedside.wait(4.9) == []
    assert bedside.wait(0.2) == [StopStreaming(3), CancelTurn(3), ResumeReply(1)]


def test_a_wake_word_ends_everything_and_begins_anew():
    bedside = Bedside()
    bedside.tell(BEGAN, LASTED)
    assert bedside.tell(WAKE) == [
        *(StopStreaming(3), FlushReply(1), CancelTurn(3), CancelTurn(1)),
        StartStreaming(5, WAKE, first_sample=24_000),
    ]


def test_a_television_pauses_a_reply_only_so_often():
    bedside = Bedside()
    for number in range(MAX_VAIN_PAUSES):
        assert bedside.tell(BEGAN) == [PauseReply(1)]
        bedside.tell(LASTED, TurnEnded(3 + 2 * number, "nothing-said"))
    assert bedside.tell(BEGAN) == []
    [streamed] = bedside.tell(LASTED)
    assert not streamed.paused, "stop is still heard"


def test_a_satellite_that_hears_itself_does_not_ask_for_ever():
    bedside, asked = Bedside(pauses=False), 0
    for number in range(20):
        asked += bool(bedside.tell(LASTED))
        bedside.tell(TurnEnded(3 + 2 * number, "nothing-said"))
    assert asked == MAX_VAIN_QUESTIONS


def test_where_a_voice_does_not_pause_it_is_heard_all_the_same():
    bedside = Bedside(pauses=False)
    assert bedside.tell(BEGAN) == []
    assert bedside.tell(LASTED) == [StartInterrupting(3, 1, 64_000, first_sample=56_000, paused=False)]
    assert bedside.tell(ReplyProgressed(1, 4410)) == [ReportPlayed(1, 4410, done=False)]
    assert bedside.tell(FlushAsked(1)) == [FlushReply(1)]
    assert (bedside.state, bedside.machine.turn) == (State.LISTENING, 3)


def test_a_reply_that_ends_meanwhile_leaves_nothing_to_be_stopped():
    bedside = Bedside(pauses=False)
    bedside.tell(LASTED, ListenAsked(2))
    assert bedside.tell(ReplyPlayed(1, 9))[:3] == [StopStreaming(3), CancelTurn(3), ReportPlayed(1, 9, done=True)]
    assert (bedside.state, bedside.machine.turn) == (State.LISTENING, 2)


def test_words_make_an_invitation_pointless():
    bedside = Bedside()
    bedside.tell(BEGAN, LASTED, ListenAsked(2))
    assert bedside.tell(FlushAsked(1)) == [FlushReply(1), CancelTurn(2)]
    assert bedside.machine.turn == 3


@pytest.mark.parametrize("events", [[BEGAN, TurnEnded(1, "answered")], [TurnEnded(1, "answered"), BEGAN]])
def test_a_reply_that_nobody_speaks_any_more_is_not_interrupted(events):
    bedside = Bedside()
    bedside.tell(*events)
    bedside.tell(LASTED)
    assert bedside.state is State.PLAYING
    assert not bedside.machine._course.paused


def test_a_server_that_vanishes_ends_both():
    bedside = Bedside()
    bedside.tell(BEGAN, LASTED)
    *done, alert = bedside.tell(Disconnected())
    assert done == [StopStreaming(3), FlushReply(1)]
    assert isinstance(alert, Alert)


def test_nothing_is_interrupted_where_nothing_plays():
    machine = SatelliteMachine(MachineSettings(voice_pauses=True))
    for event in (Connected(), BEGAN, LASTED, WAKE, BEGAN, LASTED):
        machine.receive(event, 0.0)
    assert machine.ignored == 4
    assert PlayChime("awake") not in machine.commands()
