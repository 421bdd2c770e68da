"""What Home Assistant says, in the satellite's own words; and what the satellite's owner is told of it."""

import json

import pytest
from wyoming.event import Event
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted, TimerUpdated

from roomtone.errors import FrameError
from roomtone_satellite.home_assistant import events
from roomtone_satellite.home_assistant.incoming import MAX_TIMERS, Incoming
from roomtone_satellite.incoming import ReplyAudio, Told


def told(heeded):
    return [json.loads(each.text) for each in heeded if isinstance(each, Told)]


def test_each_stream_of_audio_is_a_turn_of_its_own():
    incoming = Incoming()
    chunk = Event("audio-chunk", {"rate": 22_050, "width": 2, "channels": 1}, bytes(4))
    for turn in (1, 2):
        assert incoming.take(Event("audio-start")) == [events.AudioStarted(turn)]
        assert incoming.take(chunk) == [ReplyAudio(turn, bytes(4), 22_050, 1)]
        assert incoming.take(Event("audio-stop")) == [events.AudioEnded(turn)]


def test_the_owner_is_told_what_was_said():
    incoming = Incoming()
    heard = [events.Transcribed(), Told("transcript", "lights on")]
    assert incoming.take(Event("transcript", {"text": "lights on"})) == heard
    assert incoming.take(Event("synthesize", {"text": "done"})) == [events.ReplyPromised(), Told("reply", "done")]
    assert incoming.take(Event("detection", {"name": "alexa"})) == [events.WakeDetected(), Told("wake", "alexa")]
    assert incoming.take(Event("detection", {"name": None})) == [events.WakeDetected(), Told("wake", "")]


def test_a_failure_has_one_printable_line():
    failed = Incoming().take(Event("error", {"text": "no\nagent\x1b[2J", "code": "intent-failed"}))
    assert failed == [events.RunFailed("intent-failed", "no agent [2J")]
    assert Incoming().take(Event("error", {"text": "?"})) == [events.RunFailed("", "?")]


def test_a_timer_is_told_with_its_name_from_its_start_to_its_end():
    incoming = Incoming()
    started = incoming.take(TimerStarted("1", 300, name="pizza", start_minutes=5).event())
    assert told(started) == [{"event": "started", "id": "1", "name": "pizza", "seconds": 300, "active": True}]
    updated = incoming.take(TimerUpdated("1", is_active=False, total_seconds=200).event())
    assert told(updated) == [{"event": "updated", "id": "1", "name": "pizza", "seconds": 200, "active": False}]
    *finished, event = incoming.take(TimerFinished("1").event())
    assert told(finished) == [{"event": "finished", "id": "1", "name": "pizza"}]
    assert event == events.TimerFinished("1")
    *cancelled, event = incoming.take(TimerCancelled("1").event())
    assert told(cancelled) == [{"event": "cancelled", "id": "1", "name": ""}]
    assert event == events.TimerCancelled("1")


def test_names_of_many_timers_are_not_remembered():
    incoming = Incoming()
    for number in range(2 * MAX_TIMERS):
        incoming.take(TimerStarted(str(number), 1, name="x").event())
    assert told(incoming.take(TimerFinished(str(MAX_TIMERS - 1)).event()))[0]["name"] == "x"
    assert told(incoming.take(TimerFinished(str(MAX_TIMERS)).event()))[0]["name"] == ""


@pytest.mark.parametrize(
    "event", [Event("transcript"), Event("timer-started", {"id": "1"}), Event("error", {"text": 1})]
)
def test_what_is_malformed_is_refused(event):
    with pytest.raises(FrameError, match=f"malformed {event.type}"):
        Incoming().take(event)
