"""The table holds: every state crossed with every event."""

import random
from dataclasses import replace
from typing import get_args

import pytest
from support.turn_events import events_of

from roomtone_server.turn import events as e
from roomtone_server.turn.course import Course, State
from roomtone_server.turn.machine import TRANSITIONS, TurnMachine

TURN = 1


def test_one_of_each_kind_is_tried():
    assert {type(event) for event in events_of(1, 1, 0)} == set(get_args(e.Event))


def path_to(state: State) -> list[list[e.Event]]:
    """Several ways into a state, so that each handler is met under different circumstances."""
    wake = [e.WakeHeard(TURN, 0, word=True)]
    words = e.PartialReady(TURN, "on", e.Completeness.COMPLETE)
    pause = [e.SpeechStarted(TURN, 12_000), e.SpeechEnded(TURN, 16_000), e.AudioReached(TURN, 17_600, -60.0)]
    preview = e.PreviewReady(TURN, 1, "on", "on", e.Completeness.COMPLETE, spoken=True)
    unsure = e.PartialReady(TURN, "words", e.Completeness.UNFINISHED)
    sentence = e.PreviewReady(TURN, 1, "words", "words", e.Completeness.UNFINISHED, spoken=True)
    others = [e.PartialReady(TURN, "on", e.Completeness.UNFINISHED), e.AudioReached(TURN, 18_000, -60.0)]
    changed_mind = [
        *[unsure, *pause, sentence, *others, replace(sentence, revision=2, text="on", key="on")],
        *[unsure, e.AudioReached(TURN, 18_800, -60.0)],
    ]
    sure = e.PartialReady(TURN, "words", e.Completeness.COMPLETE)
    cough = e.PreviewReady(TURN, 1, "", "", e.Completeness.UNKNOWN, spoken=False)
    heard = [*wake, words, *pause, e.AudioReached(TURN, 60_000, -60.0)]
    final = [*heard, e.FinalReady(TURN, 2, "on")]
    spoken = [*final, e.ReplyStarted(TURN, 2)]
    asked = [*spoken, e.ReplyFinished(TURN, 2, 0, understood=True, expects_answer=True)]
    ring = e.AnnouncementDue("ring", "timer")
    spoken_into = [e.InterruptionHeard(TURN + 2, TURN, 60_000, paused) for paused in (True, False)]
    in_words = [e.SpeechStarted(TURN + 2, 60_000), replace(words, turn=TURN + 2)]
    and_more = [e.SpeechStarted(TURN + 2, 60_000), e.PartialReady(TURN + 2, "on and", e.Completeness.OPEN)]
    and_over = [e.SpeechEnded(TURN + 2, 70_000), e.AudioReached(TURN + 2, 72_000, -60.0)]
    interrupted = [[*path, voice] for path in (spoken, asked) for voice in spoken_into]
    paths = {
        State.WAITING: [[]],
        State.INVITED: [[*asked, e.PlaybackEnded(TURN)]],
        State.LISTENING: [
            wake,
            [*wake, words],
            [*wake, e.SpeechStarted(TURN, 0)],
            [*wake, words, *pause],
            [*wake, words, *pause, preview],
            [*wake, unsure, *pause, sentence, e.AudioReached(TURN, 20_000, -60.0)],
            [*wake, *changed_mind, sure],
            [*wake, *changed_mind, replace(cough, revision=3)],
            [*wake, replace(words, key="words"), *pause, cough, unsure, e.AudioReached(TURN, 24_000, -60.0)],
        ],
        State.FINISHING: [heard],
        State.ANSWERING: [final, [ring]],
        State.SPEAKING: [spoken, asked],
        State.INTERRUPTED: [
            [*path, *then] for path in interrupted for then in ([], and_more, in_words, [*in_words, *and_over])
        ],
    }[state]
    return paths + [[*path, ring] for path in paths if path]


def fitting(event: e.Event, course: Course, *, of_reply: bool, next_turn: int) -> e.Event:
    """The event as that of a turn that goes on: that which speaks, or that which may interrupt it."""
    turn, revision = course.speaking
    match event:
        case e.InterruptionHeard():
            return e.InterruptionHeard(next_turn, turn, event.sample, paused=of_reply)
        case e.ReplyFinished():
            return replace(event, turn=turn, revision=revision)
        case e.PlaybackEnded() | e.PlaybackReached():
            return replace(event, turn=turn)
        case e.CancelRequested() | e.WorkFailed() if of_reply:
            return replace(event, turn=turn)
        case e.PreviewReady() if of_reply and course.speculation.revision is not None:
            return replace(event, revision=course.speculation.revision)
    return event


@pytest.mark.parametrize("state", list(State))
def test_every_event_in_every_state_goes_where_the_table_says(state):
    for path in path_to(state):
        for index in range(len(events_of(1, 1, 0))):
            machine = TurnMachine()
            for event in path:
                machine.receive(event, 0.0)
            if machine.state is not state:
                continue  # the extra announcement began a turn of its own
            course = machine._course
            event = events_of(course.turn, course.revision, 5 * 16_000)[index]
            if isinstance(event, e.WakeHeard):
                event = e.WakeHeard(course.turn if state is State.INVITED else 101, 5 * 16_000, word=True)
            event = fitting(event, course, of_reply=False, next_turn=101)
            if isinstance(event, e.PreviewReady) and event.revision != course.speculation.revision:
                continue  # nobody asked for it
            transition = TRANSITIONS.get((state, type(event)))
            ignored = machine.ignored
            machine.receive(event, 1.0)
            if transition is None:
                assert machine.ignored == ignored + 1
                assert machine.state is state
            else:
                assert machine.ignored == ignored
                assert machine.state in transition.to


def test_each_next_state_of_the_table_is_reached():
    """A row that promises more than its step can do would mislead its reader."""
    reached: dict[tuple[State, type], set[State]] = {key: set() for key in TRANSITIONS}
    rng = random.Random(7)
    roads = [path_to(state) for state in State]
    for _ in range(6000):
        machine = TurnMachine()
        satellite_turn, sample, now = 3, 72_000, 0.0
        for event in rng.choice(rng.choice(roads)):
            machine.receive(event, now)
        for _ in range(16):
            course = machine._course
            before = machine.state
            sample += rng.choice([320, 8_000, 80_000])
            event = rng.choice(events_of(course.turn, course.revision, sample))
            if isinstance(event, e.WakeHeard):
                invited = before is State.INVITED and rng.random() < 0.5
                satellite_turn = satellite_turn if invited else satellite_turn + 2
                event = e.WakeHeard(course.turn if invited else satellite_turn, sample, word=not invited)
            event = fitting(event, course, of_reply=rng.random() < 0.5, next_turn=satellite_turn + 2)
            if isinstance(event, e.InterruptionHeard):
                satellite_turn += 2
            if isinstance(event, e.SatelliteLost) and rng.random() < 0.8:
                continue
            now += 0.1
            machine.receive(event, now)
            if (before, type(event)) in reached:
                reached[before, type(event)].add(machine.state)
    missed = {
        (state.name, event.__name__, target.name)
        for (state, event), targets in reached.items()
        for target in TRANSITIONS[state, event].to - targets
    }
    assert not missed
