"""The machine of a satellite that Home Assistant drives: every pair of its table, and what it survives."""

import itertools
from collections.abc import Iterator
from typing import get_args

import pytest
from support.driven_satellites import CLEAR, REMOTE_ROADS, ROADS, TWISTS, WAKE, after, machine_in

from roomtone_satellite.events import (
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
    WakeAwaited,
    WakeDetected,
)
from roomtone_satellite.home_assistant.machine import TRANSITIONS, HomeAssistantMachine
from roomtone_satellite.home_assistant.runs import AWAITED_WITHIN_S, MAX_CLEARINGS, MOST_PAUSE_S

AT_ONCE = StartRun("okay_nabu", first_sample=32_000)
EGGS = TimerFinished("eggs")


def given(machine: HomeAssistantMachine, *events: Event, now: float = 10.0) -> list[object]:
    for event in events:
        machine.receive(event, now)
    return machine.commands()


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


def test_only_the_machine_makes_its_own_deadlines():
    assert (State.WAITING, DeadlinePassed) not in TRANSITIONS
    assert (State.OFFLINE, RunOverdue) not in TRANSITIONS
