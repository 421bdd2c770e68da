"""Whatever an event's data holds: a message within its bounds, or one FrameError."""

import contextlib
from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wyoming.event import Event

from roomtone.errors import FrameError
from roomtone.link.events import MAX_WAKE_WORDS, Message, SatelliteState, SetSatellite, WatchLevel, event_of, parse

NUMBERS = st.integers(-2, 2**54) | st.floats(-200, 200) | st.sampled_from([0, 0.5, 1, 1.0, 60, 61])
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=140)
WORDS = st.fixed_dictionaries({"name": SCALARS, "phrase": SCALARS}, optional={"threshold": SCALARS, "colour": SCALARS})
MANY_WORDS = st.integers(0, MAX_WAKE_WORDS + 1).flatmap(lambda count: WORDS.map(lambda word: [word] * count))
VALUES = SCALARS | MANY_WORDS | st.dictionaries(st.text(max_size=4), SCALARS, max_size=3)


@pytest.mark.parametrize("kind", get_args(Message), ids=lambda kind: kind.TYPE)
@settings(max_examples=30)
@given(data=st.data())
def test_what_is_read_says_the_same_again(kind, data):
    known = {field.name: VALUES for field in fields(kind)}
    event = Event(kind.TYPE, data.draw(st.fixed_dictionaries({}, optional={**known, "of_the_future": VALUES})))
    with contextlib.suppress(FrameError):
        message = parse(event)
        assert isinstance(message, kind)
        assert parse(event_of(message)) == message


@settings(max_examples=100)
@given(st.builds(dict, muted=st.booleans(), muted_there=st.booleans(), volume=VALUES, wake_words=MANY_WORDS))
def test_a_state_is_within_its_bounds(data):
    with contextlib.suppress(FrameError):
        state = parse(Event(SatelliteState.TYPE, data))
        assert 0 <= state.volume <= 1
        assert len(state.wake_words) <= MAX_WAKE_WORDS
        assert all(word.threshold is None or 0 < word.threshold < 1 for word in state.wake_words)
        assert all(word.name.isprintable() and len(word.name) <= 128 for word in state.wake_words)


@settings(max_examples=100)
@given(NUMBERS, st.dictionaries(st.text(max_size=4), NUMBERS, max_size=3), NUMBERS)
def test_nothing_is_set_beyond_its_bounds(volume, thresholds, seconds):
    with contextlib.suppress(FrameError):
        asked = parse(Event(SetSatellite.TYPE, {"volume": volume, "thresholds": thresholds}))
        assert 0 <= asked.volume <= 1
        assert len(asked.thresholds) <= MAX_WAKE_WORDS
        assert all(0 < threshold < 1 for threshold in asked.thresholds.values())
    with contextlib.suppress(FrameError):
        assert 0 <= parse(Event(WatchLevel.TYPE, {"seconds": seconds})).seconds <= 60
