"""The machine of a satellite that Home Assistant drives: its remote wake words, its button, and timers that ring."""

import pytest
from support.driven_satellites import CLEAR, EGGS, REMOTE_ROADS, WAKE, after, given, machine_in

from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    FinishReply,
    FlushReply,
    Muted,
    PlayChime,
    PlayReply,
    ReplyPlayed,
)
from roomtone_satellite.home_assistant.course import State
from roomtone_satellite.home_assistant.events import (
    Abandoned,
    AudioEnded,
    AudioStarted,
    Driven,
    EndRun,
    ListeningBegan,
    Paused,
    ReplyPromised,
    RunFailed,
    SayPlayed,
    StartRun,
    StartWakeRun,
    StopStreaming,
    TimerCancelled,
    TimerFinished,
    Transcribed,
    UtteranceEnded,
    WakeAwaited,
    WakeDetected,
)
from roomtone_satellite.home_assistant.machine import HomeAssistantMachine
from roomtone_satellite.home_assistant.runs import AWAITED_WITHIN_S, MOST_PAUSE_S

# --- Home Assistant listens for the wake word ------------------------------------------------------------------------


def test_a_whole_turn_by_remote_wake_word():
    machine = HomeAssistantMachine(after(remote=True)._course.settings)
    assert given(machine, Driven()) == [StartWakeRun()]
    assert given(machine, WakeAwaited()) == []
    assert machine.next_deadline() is None
    assert given(machine, WakeDetected()) == [PlayChime("awake")]
    assert given(machine, UtteranceEnded(), Transcribed(), ReplyPromised()) == [], "the stream goes on"
    assert given(machine, WakeAwaited()) == []
    assert machine.state is State.THINKING, "the reply was promised, and comes yet"
    assert given(machine, AudioStarted(1), AudioEnded(1), ReplyPlayed(1, 9)) == [
        PlayReply(1),
        FinishReply(1),
        SayPlayed(),
    ]
    assert machine.streaming
    assert machine.next_deadline() is None


def test_an_utterance_without_a_reply_ends_with_the_next_run():
    machine = machine_in(State.LISTENING, remote=True)
    given(machine, UtteranceEnded(), WakeAwaited())
    assert machine.state is State.WAITING


def test_the_remote_wake_word_interrupts_the_reply():
    machine = after(*REMOTE_ROADS[State.THINKING], AudioStarted(1), WakeAwaited(), remote=True)
    assert given(machine, WakeDetected()) == [FlushReply(1), SayPlayed(), PlayChime("awake")]


def test_wake_runs_that_an_announcement_has_ended_are_asked_for_again():
    machine = machine_in(State.PLAYING, remote=True)
    assert given(machine, ReplyPlayed(1, 9)) == [SayPlayed(), EndRun()]
    assert given(machine, CLEAR) == [StartWakeRun()]


def test_wake_runs_that_go_on_after_an_announcement_are_let_alone():
    machine = machine_in(State.PLAYING, remote=True)
    assert given(machine, WakeAwaited(), ReplyPlayed(1, 9)) == [SayPlayed()]


def test_a_wake_run_that_does_not_come_is_asked_for_again_for_ever():
    machine = after(Driven(), remote=True)
    for _ in range(20):
        machine.advance(machine.next_deadline())
        assert machine.commands() == [EndRun()]
        machine.receive(CLEAR, 0.0)
        assert machine.commands() == [StartWakeRun()]
        assert machine.next_deadline() == AWAITED_WITHIN_S


def test_wake_runs_that_fail_are_tried_again_ever_later_and_said_once():
    machine = machine_in(State.WAITING, remote=True)
    failure = RunFailed("wake-provider-missing", "no wake word")
    now, said = 0.0, []
    for _ in range(10):
        machine.receive(failure, now)
        said += machine.commands()
        pause = machine.next_deadline() - now
        now += pause
        machine.advance(now)
        assert machine.commands() == [StartWakeRun()]
    assert pause == MOST_PAUSE_S
    assert said == [Alert("no wake word")]


def test_the_button_works_beside_remote_wake_words():
    machine = machine_in(State.WAITING, remote=True)
    assert given(machine, ButtonPressed(), CLEAR) == [StopStreaming(ends_utterance=False), EndRun(), StartRun()]
    assert given(machine, Transcribed(), AudioStarted(1), AudioEnded(1)) == [PlayReply(1), FinishReply(1)]
    assert given(machine, ReplyPlayed(1, 9)) == [SayPlayed(), StartWakeRun()]


# --- timers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended_by", [WAKE, ButtonPressed(), ButtonHeld(), TimerCancelled("eggs")])
def test_a_timer_rings_until_it_is_ended_and_that_is_all(ended_by):
    machine = machine_in(State.WAITING)
    assert given(machine, EGGS, now=0.0) == [PlayChime("timer")]
    for _ in range(3):
        machine.advance(machine.next_deadline())
        assert machine.commands() == [PlayChime("timer")]
    assert given(machine, ended_by) == []
    assert machine.state is State.WAITING
    assert machine.next_deadline() is None


def test_a_remote_wake_word_ends_the_ringing_and_what_it_began():
    machine = machine_in(State.RINGING, remote=True)
    assert given(machine, WakeDetected(), ListeningBegan(), CLEAR) == [EndRun(), StartWakeRun()]
    assert machine.state is State.WAITING


def test_timers_ring_together_until_all_are_cancelled():
    machine = machine_in(State.RINGING)
    given(machine, TimerFinished("tea"), TimerCancelled("eggs"))
    assert machine.state is State.RINGING
    given(machine, TimerCancelled("tea"))
    assert machine.state is State.WAITING


@pytest.mark.parametrize("state", [State.LISTENING, State.THINKING, State.PLAYING])
def test_nothing_rings_while_somebody_speaks(state):
    machine = machine_in(state)
    assert given(machine, EGGS) == []
    assert PlayChime("timer") in given(machine, Muted())
    assert machine.state is State.RINGING


def test_a_timer_rings_on_whoever_vanishes_or_mutes_and_is_ended_by_the_button():
    machine = machine_in(State.RINGING)
    assert given(machine, Paused(), Abandoned(), Muted()) == []
    assert machine.state is State.RINGING
    given(machine, ButtonPressed())
    assert machine.state is State.MUTED


def test_nobody_at_home_hears_it_for_ever():
    machine = machine_in(State.RINGING)
    rings = 0
    while machine.state is State.RINGING:
        machine.advance(machine.next_deadline())
        rings += 1
    assert rings == 150
    assert machine.next_deadline() is None


def test_an_announcement_is_heard_between_two_rings():
    machine = machine_in(State.RINGING)
    assert given(machine, AudioStarted(1)) == [PlayReply(1)]
    assert given(machine, AudioEnded(1), ReplyPlayed(1, 9)) == [FinishReply(1), SayPlayed(), PlayChime("timer")]
