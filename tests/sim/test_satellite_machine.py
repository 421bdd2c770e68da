"""The satellite's machine: every pair of its table, and the life of its turns."""

import itertools
from collections.abc import Iterator
from typing import get_args

import pytest
from support.satellite_turns import ROADS, WAKE, after, machine_in

from roomtone.satellite.course import MachineSettings, State
from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    CancelTurn,
    Connected,
    DeadlinePassed,
    Disconnected,
    EndpointFound,
    Event,
    FinishReply,
    FlushReply,
    ListenAsked,
    MuteAsked,
    Muted,
    PlayChime,
    PlayReply,
    ReleaseTurn,
    ReplyPlayed,
    ReplyProgressed,
    ReplyStarted,
    ReportPlayed,
    StartStreaming,
    StopStreaming,
    TurnEnded,
    TurnGranted,
    Unmuted,
    VoiceHeard,
    VoiceLasted,
    VoiceStarted,
    WakeHeard,
)
from roomtone.satellite.machine import TRANSITIONS, SatelliteMachine


def given(machine: SatelliteMachine, event: Event, now: float = 1.0) -> list[object]:
    machine.receive(event, now)
    return machine.commands()


def samples_of(kind: type[Event]) -> Iterator[Event]:
    """Each kind of event as it can come: of the turn that goes on, of another, and of the server's next."""
    if kind is WakeHeard:
        yield WAKE
        return
    if kind in (VoiceHeard, VoiceStarted, VoiceLasted):
        yield kind(40_000)
        return
    if "turn" not in kind.__dataclass_fields__:
        yield kind()
        return
    for turn in (1, 2, 3):
        if kind in (ReplyProgressed, ReplyPlayed):
            yield kind(turn, 480)
        elif kind is TurnEnded:
            for outcome in ("answered", "failed", "nothing-said", "elsewhere"):
                yield TurnEnded(turn, outcome)
        elif kind is TurnGranted:
            for settles_s in (0.0, 0.2):
                yield TurnGranted(turn, settles_s)
        else:
            yield kind(turn)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", get_args(Event))
def test_every_pair_goes_where_the_table_says_or_is_ignored_and_counted(state, kind):
    transition = TRANSITIONS.get((state, kind))
    for event in samples_of(kind):
        machine = machine_in(state)
        assert machine.state is state
        commands = given(machine, event)
        if machine.ignored:
            assert machine.state is state
            assert commands == []
        else:
            assert transition is not None
            assert machine.state in transition.to


def test_each_next_state_of_the_table_is_reached_by_some_road():
    declared = {(*pair, to) for pair, transition in TRANSITIONS.items() for to in transition.to}
    reached = set()
    twists: list[list[Event]] = [[], [TurnEnded(1, "answered")], [ListenAsked(2)], [Disconnected()], [ButtonHeld()]]
    twists.append([TurnEnded(1, "answered"), WAKE])
    twists += [[Unmuted(), MuteAsked()], [Unmuted(), MuteAsked(), Disconnected()]]
    for (state, kind), twist in itertools.product(TRANSITIONS, twists):
        for event in samples_of(kind):
            machine = after(*ROADS[state], *twist)
            if machine.state is state:
                machine.receive(event, 1.0)
                reached.add((state, kind, machine.state))
    assert declared <= reached


def test_only_the_machine_makes_its_own_deadline():
    assert (State.WAITING, DeadlinePassed) not in TRANSITIONS


def test_a_voice_alone_begins_a_turn_without_a_sound_and_ends_one_in_peace():
    machine = machine_in(State.WAITING)
    assert given(machine, VoiceHeard(40_000)) == [StartStreaming(1, None, first_sample=32_000, unasked=True)]
    assert given(machine, TurnEnded(1, "nothing-said")) == [StopStreaming(1)]
    assert given(machine, VoiceHeard(4_000)) == [StartStreaming(3, None, first_sample=0, unasked=True)]
    assert machine.next_deadline() == 1.0 + MachineSettings().utterance_within_s
    given(machine, TurnEnded(3, "answered"))
    given(machine, ButtonPressed())
    assert given(machine, TurnEnded(5, "nothing-said")) == [StopStreaming(5), PlayChime("done")]


def test_a_whole_turn():
    machine = machine_in(State.WAITING)
    assert given(machine, WAKE) == [StartStreaming(1, WAKE, first_sample=24_000)]
    assert given(machine, TurnGranted(1, settles_s=0.0)) == [PlayChime("awake")]
    assert given(machine, EndpointFound(1)) == [StopStreaming(1)]
    assert given(machine, ReplyStarted(1)) == [PlayReply(1)]
    assert given(machine, ReplyProgressed(1, 4410)) == [ReportPlayed(1, 4410, done=False)]
    assert given(machine, ReplyPlayed(1, 22050)) == [ReportPlayed(1, 22050, done=True)]
    assert given(machine, TurnEnded(1, "answered")) == []
    assert machine.state is State.WAITING
    assert machine.turn is None
    assert machine.next_deadline() is None
    assert given(machine, WAKE)[0] == StartStreaming(3, WAKE, first_sample=24_000)


def test_the_preroll_never_begins_before_the_microphone_did():
    early = WakeHeard("alexa", "alexa", 1.0, sample=640)
    assert given(machine_in(State.WAITING), early)[0] == StartStreaming(1, early, first_sample=0)


def test_a_wake_word_during_the_reply_silences_it_and_begins_anew():
    machine = machine_in(State.PLAYING)
    assert given(machine, WAKE) == [
        FlushReply(1),
        CancelTurn(1),
        StartStreaming(3, WAKE, first_sample=24_000),
    ]
    assert given(machine, ReplyStarted(1)) == [], "audio of the turn that was given up is stale"
    assert machine.state is State.LISTENING


def test_the_wake_word_said_twice_is_part_of_the_utterance():
    assert given(machine_in(State.LISTENING), WAKE) == []


def test_a_wake_word_said_into_an_invitation_begins_a_turn_of_its_own():
    machine = after(Connected(), ListenAsked(2))
    assert given(machine, WAKE)[:3] == [StopStreaming(2), CancelTurn(2), StartStreaming(1, WAKE, first_sample=24_000)]


def test_an_invitation_waits_for_the_reply_to_end():
    machine = machine_in(State.PLAYING)
    assert given(machine, ListenAsked(2)) == [FinishReply(1)]
    assert given(machine, ReplyPlayed(1, 9)) == [
        ReportPlayed(1, 9, done=True),
        StartStreaming(2, None, first_sample=None),
        PlayChime("invited"),
    ]
    assert machine.turn == 2


def test_who_was_invited_and_says_nothing_is_left_in_peace():
    assert given(after(Connected(), ListenAsked(2)), TurnEnded(2, "nothing-said")) == [StopStreaming(2)]
    assert given(machine_in(State.LISTENING), TurnEnded(1, "nothing-said")) == [StopStreaming(1), PlayChime("done")]


def test_an_invitation_while_the_user_already_speaks_is_declined():
    assert given(machine_in(State.LISTENING), ListenAsked(2)) == [CancelTurn(2)]


def test_an_announcement_sounds_without_a_wake_word_but_not_twice():
    machine = machine_in(State.WAITING)
    assert given(machine, ReplyStarted(2)) == [PlayReply(2)]
    assert given(machine, TurnEnded(2, "answered")) == [FinishReply(2)]
    assert given(machine, ReplyPlayed(2, 9)) == [ReportPlayed(2, 9, done=True)]
    assert machine.state is State.WAITING
    assert given(machine, ReplyStarted(2)) == []


@pytest.mark.parametrize(
    ("state", "silenced"),
    [(State.LISTENING, [StopStreaming(1)]), (State.THINKING, []), (State.PLAYING, [FlushReply(1)])],
)
def test_mute_ends_whatever_goes_on_and_tells_the_server(state, silenced):
    machine = machine_in(state)
    assert given(machine, Muted()) == [*silenced, CancelTurn(1)]
    assert given(machine, WAKE) == []
    assert given(machine, ListenAsked(2)) == [CancelTurn(2)]
    assert given(machine, Unmuted()) == []
    assert machine.state is State.WAITING


def test_the_connection_may_come_and_go_while_muted():
    machine = after(Muted(), Connected())
    machine.receive(Disconnected(), 1.0)
    machine.receive(Unmuted(), 2.0)
    assert machine.state is State.OFFLINE


@pytest.mark.parametrize(
    ("state", "silenced"),
    [(State.LISTENING, [StopStreaming(1)]), (State.THINKING, []), (State.PLAYING, [FlushReply(1)])],
)
def test_a_server_that_vanishes_leaves_nothing_running(state, silenced):
    machine = machine_in(state)
    *done, alert = given(machine, Disconnected())
    assert done == silenced
    assert isinstance(alert, Alert)
    assert machine.state is State.OFFLINE
    assert machine.next_deadline() is None


def test_a_wake_word_without_a_server_is_answered_with_an_error():
    assert given(machine_in(State.OFFLINE), WAKE) == [Alert("the server cannot be reached")]


@pytest.mark.parametrize("state", [State.LISTENING, State.THINKING, State.PLAYING])
def test_a_server_that_falls_silent_is_given_up(state):
    machine = machine_in(state)
    deadline = machine.next_deadline()
    machine.advance(deadline - 0.001)
    assert machine.state is state
    machine.advance(deadline)
    assert machine.state is State.WAITING
    assert [type(command) for command in machine.commands()][-2:] == [CancelTurn, Alert]


def test_a_reply_that_sounded_is_no_failure_when_the_turn_s_end_is_never_said():
    machine = after(*ROADS[State.PLAYING], ReplyPlayed(1, 9))
    machine.advance(machine.next_deadline())
    assert machine.commands() == [CancelTurn(1)]


def test_progress_keeps_a_long_reply_alive():
    machine = machine_in(State.PLAYING)
    for second in range(1, 600):
        machine.advance(float(second))
        machine.receive(ReplyProgressed(1, second * 22_050), float(second))
    assert machine.state is State.PLAYING


@pytest.mark.parametrize("outcome", ["failed", "lost"])
def test_a_turn_that_failed_says_so(outcome):
    assert given(machine_in(State.THINKING), TurnEnded(1, outcome, "the recogniser died")) == [
        Alert("the recogniser died")
    ]


def test_the_button_begins_a_turn_and_gives_one_up():
    machine = machine_in(State.WAITING)
    assert given(machine, ButtonPressed())[0] == StartStreaming(1, None, first_sample=None)
    assert given(machine, ButtonPressed()) == [StopStreaming(1), CancelTurn(1), PlayChime("done")]
    assert machine.state is State.WAITING


def test_an_utterance_lasts_as_long_as_the_button_is_held():
    machine = machine_in(State.WAITING)
    assert given(machine, ButtonHeld())[0] == StartStreaming(1, None, first_sample=None, held=True)
    assert given(machine, ButtonReleased()) == [StopStreaming(1), ReleaseTurn(1)]
    assert machine.state is State.THINKING
    assert given(machine, EndpointFound(1)) == [], "the server confirms what is known"


@pytest.mark.parametrize(
    ("state", "silenced"),
    [(State.LISTENING, [StopStreaming(1)]), (State.THINKING, []), (State.PLAYING, [FlushReply(1)])],
)
def test_a_held_button_has_the_floor_at_once(state, silenced):
    machine = machine_in(state)
    held = StartStreaming(3, None, first_sample=None, held=True)
    assert given(machine, ButtonHeld()) == [*silenced, CancelTurn(1), held, PlayChime("awake")]


def test_a_release_ends_no_utterance_that_a_word_began():
    machine = machine_in(State.LISTENING)
    assert given(machine, ButtonReleased()) == []
    assert machine.state is State.LISTENING


def test_the_chime_waits_for_the_server_s_word_and_for_the_time_that_it_names():
    machine = after(Connected(), WAKE)
    assert given(machine, TurnGranted(1, settles_s=0.25), 0.125) == []
    machine.advance(0.374)
    assert machine.commands() == []
    machine.advance(0.375)
    assert machine.commands() == [PlayChime("awake")]
    assert given(machine, TurnGranted(1, settles_s=0.0)) == [], "once is enough"
    assert machine.state is State.LISTENING


def test_a_server_that_is_slow_does_not_keep_the_chime_from_sounding():
    machine = after(Connected(), WAKE)
    machine.advance(0.149)
    assert machine.commands() == []
    machine.advance(0.15)
    assert machine.commands() == [PlayChime("awake")]
    assert machine.next_deadline() == pytest.approx(60.15), "the utterance may still take its time"


@pytest.mark.parametrize("granted", [[], [TurnGranted(1, settles_s=0.2)]])
def test_a_turn_that_another_satellite_takes_ends_without_a_sound(granted):
    machine = after(Connected(), WAKE, *granted)
    assert given(machine, TurnEnded(1, "elsewhere"), 0.1) == [StopStreaming(1)]
    machine.advance(1.0)
    assert machine.commands() == []
    assert machine.state is State.WAITING


def test_the_endpoint_makes_a_chime_that_still_waits_pointless():
    machine = after(Connected(), WAKE, EndpointFound(1))
    machine.advance(1.0)
    assert machine.commands() == []


@pytest.mark.parametrize("event", [ButtonPressed(), ListenAsked(2)])
def test_nobody_contests_what_began_without_a_wake_word(event):
    assert given(machine_in(State.WAITING), event)[-1].__class__ is PlayChime


def test_the_preroll_is_a_setting():
    machine = SatelliteMachine(MachineSettings(preroll_samples=320))
    machine.receive(Connected(), 0.0)
    assert given(machine, WAKE)[0] == StartStreaming(1, WAKE, first_sample=31_680)
