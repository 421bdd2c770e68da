"""The machine of a satellite that Home Assistant drives: every pair of its table, and what it survives."""

import itertools
from collections.abc import Iterator
from typing import get_args

import pytest
from support.driven_satellites import AT_ONCE, CLEAR, REMOTE_ROADS, ROADS, TWISTS, WAKE, after, given, machine_in

from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    DeadlinePassed,
    FinishReply,
    FlushReply,
    Muted,
    PlayChime,
    PlayReply,
    ReplyPlayed,
    ReplyProgressed,
    Unmuted,
    WakeHeard,
)
from roomtone_satellite.home_assistant.course import State
from roomtone_satellite.home_assistant.events import (
    Abandoned,
    AudioEnded,
    AudioStarted,
    Driven,
    EndRun,
    Event,
    ListeningBegan,
    Paused,
    ReplyPromised,
    Resumed,
    RunFailed,
    RunOverdue,
    SayPlayed,
    StartRun,
    StartWakeRun,
    StopStreaming,
    TimerCancelled,
    TimerFinished,
    Transcribed,
    UtteranceEnded,
)
from roomtone_satellite.home_assistant.machine import TRANSITIONS, HomeAssistantMachine
from roomtone_satellite.home_assistant.runs import MAX_CLEARINGS


def samples_of(kind: type[Event]) -> Iterator[Event]:
    """Each kind of event as it can come: of the audio that sounds, of other, of each kind of failure."""
    if kind is WakeHeard:
        yield WAKE
    elif kind is RunFailed:
        for code in ("validation-error", "stt-no-text-recognized", "duplicate_wake_up_detected", "intent-failed"):
            yield RunFailed(code, "some text")
    elif kind in (TimerFinished, TimerCancelled):
        for timer in ("eggs", "tea"):
            yield kind(timer)
    elif kind in (AudioStarted, AudioEnded):
        for turn in (1, 2):
            yield kind(turn)
    elif kind in (ReplyProgressed, ReplyPlayed):
        for turn in (1, 2):
            yield kind(turn, 480)
    else:
        yield kind()


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", get_args(Event))
def test_every_pair_goes_where_the_table_says_or_is_ignored_and_counted(state, kind, remote):
    transition = TRANSITIONS.get((state, kind))
    for event in samples_of(kind):
        machine = machine_in(state, remote=remote)
        assert machine.state is state
        ignored = machine.ignored
        commands = given(machine, event)
        if machine.ignored > ignored:
            assert machine.state is state
            assert commands == []
        else:
            assert transition is not None
            assert machine.state in transition.to


def test_each_next_state_of_the_table_is_reached_by_some_road():
    declared = {(*pair, to) for pair, transition in TRANSITIONS.items() for to in transition.to}
    reached = set()
    for state, roads, before, twist in itertools.product(State, (ROADS, REMOTE_ROADS), TWISTS, TWISTS):
        remote = roads is REMOTE_ROADS
        for event in itertools.chain.from_iterable(map(samples_of, get_args(Event))):
            for now in (1.0, 1e6) if isinstance(event, DeadlinePassed) else (1.0,):
                machine = after(*roads[state], *before, *twist, remote=remote)
                was = machine.state
                machine.receive(event, now)
                reached.add((was, type(event), machine.state))
    assert declared - reached == set()


def test_a_whole_turn():
    machine = machine_in(State.WAITING)
    assert given(machine, WAKE) == [AT_ONCE]
    assert given(machine, ListeningBegan()) == [PlayChime("awake")]
    assert given(machine, UtteranceEnded()) == [StopStreaming(ends_utterance=True)]
    assert given(machine, Transcribed(), ReplyPromised()) == []
    assert given(machine, AudioStarted(1)) == [PlayReply(1)]
    assert given(machine, ReplyProgressed(1, 480)) == []
    assert given(machine, AudioEnded(1)) == [FinishReply(1)]
    assert given(machine, ReplyPlayed(1, 960)) == [SayPlayed()]
    assert machine.state is State.WAITING
    assert machine.next_deadline() is None
    assert given(machine, WAKE, now=19.0) == [AT_ONCE], "that run is over: nothing has to be ended before the next"


def test_whoever_begins_to_drive_us_has_nothing_left_over():
    machine = HomeAssistantMachine()
    assert given(machine, Driven()) == []
    assert machine.next_deadline() is None
    assert given(machine, WAKE) == [AT_ONCE]


def test_whoever_had_paused_us_may_have_something_left_over():
    machine = machine_in(State.PAUSED)
    assert given(machine, Abandoned(), Driven()) == [EndRun()]
    assert given(machine, CLEAR) == []
    assert machine.next_deadline() is None
    assert given(machine, Abandoned(), Driven()) == []


def test_the_chime_does_not_wait_for_long():
    machine = machine_in(State.WAITING)
    given(machine, WAKE)
    machine.advance(machine.next_deadline())
    assert machine.commands() == [PlayChime("awake")]
    assert given(machine, ListeningBegan()) == []


# --- whoever speaks into something -----------------------------------------------------------------------------------


def test_a_run_that_goes_on_is_ended_before_the_next_begins():
    machine = machine_in(State.THINKING)
    assert given(machine, WAKE) == [EndRun()]
    assert given(machine, ReplyPromised(), AudioStarted(1), ListeningBegan()) == [], "they are the last run's"
    assert given(machine, RunFailed("intent-failed", "of the last run")) == []
    assert given(machine, CLEAR) == [AT_ONCE]
    assert given(machine, ListeningBegan()) == [PlayChime("awake")]


def test_a_wake_word_during_the_reply_silences_it_and_begins_anew():
    machine = machine_in(State.PLAYING)
    given(machine, AudioEnded(1))
    assert given(machine, WAKE) == [FlushReply(1), SayPlayed(), AT_ONCE]
    assert given(machine, AudioEnded(1), ReplyPlayed(1, 9)) == [], "they belong to what was silenced"


def test_a_wake_word_during_a_reply_that_still_grows_ends_its_run_too():
    machine = machine_in(State.PLAYING)
    assert given(machine, WAKE) == [FlushReply(1), SayPlayed(), EndRun()]
    assert given(machine, CLEAR) == [AT_ONCE]


def test_what_nobody_clears_is_asked_for_again_and_then_done_without():
    machine = machine_in(State.THINKING)
    given(machine, WAKE)
    machine.advance(machine.next_deadline())
    assert machine.commands() == [PlayChime("awake")]
    for _ in range(MAX_CLEARINGS - 1):
        machine.advance(machine.next_deadline())
        assert machine.commands() == [EndRun()]
    machine.advance(machine.next_deadline())
    assert machine.commands() == [AT_ONCE]


def test_a_second_wake_word_so_soon_is_not_told_since_it_would_be_taken_for_another_satellite_s():
    machine = machine_in(State.WAITING)
    given(machine, WAKE, RunFailed("stt-no-text-recognized", ""), now=1.0)
    assert given(machine, WAKE, now=2.0) == [StartRun(None, first_sample=32_000)]


def test_another_satellite_s_wake_word_ends_the_turn_without_a_sound():
    machine = machine_in(State.LISTENING)
    assert given(machine, RunFailed("duplicate_wake_up_detected", "...")) == [StopStreaming(ends_utterance=False)]
    assert machine.state is State.WAITING


def test_an_utterance_lasts_as_long_as_the_button_is_held():
    machine = machine_in(State.WAITING)
    assert given(machine, ButtonHeld()) == [StartRun()]
    assert given(machine, ButtonReleased()) == [StopStreaming(ends_utterance=True)]
    assert machine.state is State.THINKING


def test_a_button_released_before_anybody_listens_has_said_nothing():
    machine = after(*ROADS[State.THINKING], ButtonHeld())
    assert given(machine, ButtonReleased(), CLEAR) == []
    assert machine.state is State.WAITING


@pytest.mark.parametrize(
    ("state", "first"),
    [(State.LISTENING, [StopStreaming(ends_utterance=False)]), (State.THINKING, []), (State.PLAYING, [])],
)
def test_the_button_gives_a_turn_up(state, first):
    flushed = [FlushReply(1), SayPlayed()] if state is State.PLAYING else []
    machine = machine_in(state)
    assert given(machine, ButtonPressed()) == [PlayChime("done"), *flushed, *first, EndRun()]
    assert machine.state is State.WAITING


@pytest.mark.parametrize("state", [State.LISTENING, State.THINKING, State.PLAYING])
def test_whoever_falls_silent_is_given_up(state):
    machine = machine_in(state)
    machine.receive(ListeningBegan(), 10.0)
    deadline = machine.next_deadline()
    machine.advance(deadline - 0.001)
    assert machine.state is state
    machine.advance(deadline)
    assert machine.state is State.WAITING
    assert EndRun() in machine.commands()


def test_what_was_understood_may_be_answered_by_nothing():
    machine = machine_in(State.THINKING)
    machine.advance(machine.next_deadline())
    assert machine.commands() == [EndRun()]


def test_a_turn_that_failed_says_so():
    machine = machine_in(State.THINKING)
    assert given(machine, RunFailed("intent-failed", "no agent")) == [Alert("no agent")]


def test_who_says_nothing_hears_that_it_listens_no_longer():
    machine = machine_in(State.LISTENING)
    done = [StopStreaming(ends_utterance=False), PlayChime("done")]
    assert given(machine, RunFailed("stt-no-text-recognized", "")) == done


# --- announcements ---------------------------------------------------------------------------------------------------


def test_an_announcement_while_nobody_speaks():
    machine = machine_in(State.WAITING)
    assert given(machine, AudioStarted(1)) == [PlayReply(1)]
    assert given(machine, AudioEnded(1), ReplyPlayed(1, 9)) == [FinishReply(1), SayPlayed()]
    assert machine.state is State.WAITING


def test_an_announcement_cancels_an_utterance_without_a_word():
    machine = machine_in(State.LISTENING)
    assert given(machine, AudioStarted(1)) == [StopStreaming(ends_utterance=False), PlayReply(1)]
    assert given(machine, AudioEnded(1), ReplyPlayed(1, 9)) == [FinishReply(1), SayPlayed()]
    assert given(machine, WAKE, CLEAR) == [EndRun(), AT_ONCE]


def test_an_announcement_during_a_reply_takes_its_place():
    machine = machine_in(State.PLAYING)
    assert given(machine, AudioStarted(2)) == [SayPlayed(), PlayReply(2)]


# --- muted here, paused there ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "silenced"),
    [
        (State.LISTENING, [StopStreaming(ends_utterance=False), EndRun()]),
        (State.THINKING, [EndRun()]),
        (State.PLAYING, [FlushReply(1), SayPlayed(), EndRun()]),
    ],
)
def test_mute_ends_whatever_goes_on(state, silenced):
    machine = machine_in(state)
    assert given(machine, Muted()) == silenced
    assert machine.muted
    assert given(machine, CLEAR, WAKE) == []
    assert given(machine, AudioStarted(2)) == [PlayReply(2)], "an announcement needs no ear"
    assert given(machine, AudioEnded(2), ReplyPlayed(2, 9)) == [FinishReply(2), SayPlayed()]
    assert machine.state is State.MUTED
    given(machine, Unmuted(), CLEAR)
    assert machine.state is State.WAITING


def test_the_reply_to_an_utterance_that_mute_cut_off_is_nobody_s():
    machine = machine_in(State.LISTENING)
    assert given(machine, Paused()) == [StopStreaming(ends_utterance=False)]
    assert given(machine, Transcribed(), ReplyPromised(), AudioStarted(1)) == [SayPlayed()]
    assert given(machine, AudioEnded(1)) == []
    assert given(machine, AudioStarted(2)) == [PlayReply(2)], "the next is an announcement"


def test_an_announcement_instead_of_that_reply_is_heard():
    machine = machine_in(State.LISTENING)
    given(machine, Paused())
    assert given(machine, AudioStarted(1)) == [PlayReply(1)]


def test_a_reply_to_a_whole_utterance_is_heard_though_muted():
    machine = machine_in(State.THINKING)
    assert given(machine, Paused(), AudioStarted(1)) == [PlayReply(1)]
    assert given(machine, AudioEnded(1), ReplyPlayed(1, 9)) == [FinishReply(1), SayPlayed()]
    assert machine.state is State.PAUSED


@pytest.mark.parametrize("remote", [False, True])
def test_whoever_goes_on_after_a_pause_is_asked_anew(remote):
    machine = machine_in(State.WAITING, remote=remote)
    paused = [StopStreaming(ends_utterance=False)] if remote else []
    assert given(machine, Paused()) == paused
    assert not machine.streaming
    assert given(machine, Resumed()) == [EndRun()]
    assert given(machine, CLEAR) == ([StartWakeRun()] if remote else [])
    assert machine.state is State.WAITING


def test_a_removal_is_a_pause_and_an_end():
    machine = machine_in(State.WAITING)
    assert given(machine, Paused(), Abandoned()) == []
    assert machine.state is State.OFFLINE
    assert given(machine, WAKE) == [Alert("no Home Assistant is connected to this satellite")]
    assert given(machine, Driven(), CLEAR, WAKE) == [EndRun(), AT_ONCE]


@pytest.mark.parametrize("state", [State.LISTENING, State.THINKING, State.PLAYING])
def test_whoever_vanishes_leaves_nothing_running(state):
    machine = machine_in(state)
    *_, alert = given(machine, Abandoned())
    assert isinstance(alert, Alert)
    assert machine.state is State.OFFLINE
    assert machine.next_deadline() is None
    assert not machine.streaming


def test_a_reply_that_has_come_sounds_to_its_end_whoever_vanishes():
    machine = machine_in(State.PLAYING)
    given(machine, AudioEnded(1))
    assert given(machine, Abandoned()) == []
    assert machine.state is State.PLAYING
    assert given(machine, WAKE) == [FlushReply(1), SayPlayed()], "and can be silenced"
    assert machine.state is State.OFFLINE


def test_only_the_machine_makes_its_own_deadlines():
    assert (State.WAITING, DeadlinePassed) not in TRANSITIONS
    assert (State.OFFLINE, RunOverdue) not in TRANSITIONS
