"""What the trace told of a turn, as its record: the stages on one clock, the reasons, and no words."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.traces import ANSWERED, MS, ZERO_NS, trace, until

from roomtone_server.telemetry import record as records
from roomtone_server.telemetry.folding import fold
from roomtone_server.telemetry.open_turns import MAX_EVENTS_OF_A_TURN, MAX_OPEN_TURNS, OpenTurns
from roomtone_server.telemetry.record import Lengths, Revisions, Words

WORDS = ("turn on", "light", "Turned", "Kitchen", "HassTurnOn")


def folded(events, **options):
    return fold(events, began_at=1000.0, **options)


def ended(outcome, at_ms, text=""):
    return "ended", at_ms, {"outcome": outcome, "text": text}


def test_an_answered_turn():
    record = folded(trace(*ANSWERED), engines={"stt": "pocketsphinx"})
    assert (record.satellite, record.turn, record.began_at) == ("k1", 1, 1000.0)
    assert (record.begun_by, record.outcome, record.why, record.why_words) == ("wake-word", "answered", None, "")
    assert record.lengths == Lengths(partials=2, transcript=17, rejected=0, reply=19)
    assert record.engines == {"stt": "pocketsphinx"}
    assert (record.speech_dbfs, record.noise_dbfs, record.doubt) == (-21.0, -48.0, None)


def test_every_stage_stands_on_one_clock():
    """The endpoint's frame was the quickest: it came 20 ms after it was recorded, and so the microphone is placed."""
    record = folded(trace(*ANSWERED))
    assert record.stages == {
        "wake": (0.0, 10.0),
        "speech": (400.0, 1600.0),
        "silence": (1600.0, 2300.0),
        "stt": (2300.0, 2310.0),
        "agent": (2310.0, 2320.0),
        "tts": (2320.0, 2332.0),
        "speaker": (2332.0, 2362.0),
        "sound": (2362.0, 3460.0),
    }
    assert record.v2v_ms == 762.0
    assert record.silence_ms == 700


CLOCK = {"round_trip_ms": 30.0, "clock_error_ms": 16.0}


def happened(at_ms, **data):
    """What a satellite adds that tells its clock."""
    return {**data, **CLOCK, "happened_ns": ZERO_NS + at_ms * MS}


def on_its_own_clock(*, wake_ms=0, sounded_ms=2400, played_ms=3470):
    """The answered turn; each of these moments as the satellite tells it, in its frame of 20 ms at 22,050 Hz."""
    at = {
        "wake": happened(wake_ms, **ANSWERED[0][2]),
        "sounded": happened(sounded_ms, samples=441),
        "played": happened(played_ms, samples=24_000),
    }
    return trace(*((what, at_ms, at.get(what, data)) for what, at_ms, data in ANSWERED))


def test_what_the_satellite_did_stands_on_the_servers_clock_where_its_own_is_known():
    """All of the network's 20 ms are out of it: half a round trip would have left 5 of them."""
    record = folded(on_its_own_clock())
    assert record.stages == {
        "wake": (0.0, 30.0),
        "speech": (400.0, 1600.0),
        "silence": (1600.0, 2320.0),
        "stt": (2320.0, 2330.0),
        "agent": (2330.0, 2340.0),
        "tts": (2340.0, 2352.0),
        "speaker": (2352.0, 2380.0),
        "sound": (2380.0, 3470.0),
    }
    assert record.v2v_ms == 780.0
    assert (record.round_trip_ms, record.clock_error_ms) == (30.0, 16.0)


def test_a_reply_with_a_gap_in_it_began_when_its_first_samples_say():
    """Its 24,000 samples are 1,088 ms, and it took 1,100."""
    assert folded(on_its_own_clock(played_ms=3480)).stages["sound"] == (2380.0, 3480.0)


@pytest.mark.parametrize("off_ms", [-3000, -40, 40, 3000, 10**9])
def test_the_stages_stand_in_order_whatever_a_satellite_claims(off_ms):
    """Nothing arrives before it happened, and nothing sounds before it was sent."""
    record = folded(on_its_own_clock(wake_ms=off_ms, sounded_ms=2400 + off_ms, played_ms=3470 - off_ms))
    follows = [record.stages[stage] for stage in ("silence", "stt", "agent", "tts", "speaker", "sound")]
    assert all(ends == begins for (_, ends), (begins, _) in pairwise(follows))
    assert sum(end - begin for begin, end in follows[:-1]) == pytest.approx(record.v2v_ms, abs=0.5)


def test_a_ping_takes_the_network_out_of_the_microphones_clock():
    events = trace(*(("wake", 30, {**ANSWERED[0][2], "round_trip_ms": 40.0}), *ANSWERED[1:]))
    record = folded(events)
    assert record.stages["wake"] == (0.0, 30.0)
    assert record.v2v_ms == 762.0, "both ends of it are at the satellite"
    assert (record.round_trip_ms, record.clock_error_ms) == (40.0, None)


def test_speech_in_one_breath_with_the_wake_word_begins_where_the_word_was_detected():
    events = trace(ANSWERED[0], ("speech-started", 40, {"sample": ANSWERED[0][2]["sample"] - 8000}), *ANSWERED[4:])
    assert folded(events).stages["speech"][0] == 0.0


def test_without_being_asked_it_holds_no_words():
    text = records.to_json(folded(trace(*ANSWERED)))
    assert not [word for word in WORDS if word in text]
    assert json.loads(text)["words"] is None


def test_words_are_kept_when_they_are_asked_for():
    rejected = ("rejected", 2325, {"text": "turn off the light", "doubt": 0.81})
    record = folded(until("endpoint", rejected, ended("not-understood", 2400)), store_transcripts=True)
    assert record.words == Words("", "turn off the light", "")
    assert folded(trace(*ANSWERED), store_transcripts=True).words == Words(
        "turn on the light", "", "Turned on the light"
    )


def test_a_record_survives_json():
    record = folded(trace(*ANSWERED), engines={"stt": "x"}, store_transcripts=True)
    assert records.from_json(records.to_json(record)) == record


def test_half_a_character_keeps_no_turn_from_being_kept():
    said = [("rejected", 2325, {"text": "\ud83d off"}), ("transcript", 2330, {"text": "on \ud83d"})]
    record = folded(until("endpoint", *said, ended("not-understood", 2400)), store_transcripts=True)
    assert record.words == Words("on ?", "? off", "")
    assert records.from_json(records.to_json(record)) == record


def test_a_record_that_was_kept_before_clocks_were_known_is_still_read():
    record = folded(trace(*ANSWERED))
    older = json.loads(records.to_json(record))
    del older["round_trip_ms"], older["clock_error_ms"]
    assert records.from_json(json.dumps(older)) == record


def test_barge_in_ends_the_sound_with_the_turn():
    record = folded(until("first-audio", ended("cancelled", 2900)))
    assert record.stages["sound"] == (2332.0, 2880.0)
    assert (record.outcome, record.why) == ("cancelled", None)
    assert record.v2v_ms == 732.0


def test_a_failure_is_told_as_the_log_tells_it():
    record = folded(until("transcript", ended("failed", 2400, "the voice is gone")))
    assert (record.why, record.failure, record.why_words) == (None, "the voice is gone", "the voice is gone")
    assert record.stages["agent"] == (2310.0, 2380.0)
    assert "tts" not in record.stages
    assert record.v2v_ms is None


def test_a_recogniser_that_comes_late_is_named():
    record = folded(until("level", ended("failed", 12_320, "the recogniser did not finish in time")))
    assert (record.why, record.why_words) == ("stt-late", "STT late")
    assert folded(until("level", ended("failed", 2400, "the worker died"))).why is None


def level(speech_dbfs, noise_dbfs):
    return "level", 2320, {"speech_dbfs": speech_dbfs, "noise_dbfs": noise_dbfs}


@pytest.mark.parametrize(
    ("events", "outcome", "why"),
    [
        (until("wake"), "nothing-said", "no speech after the wake word"),
        (until("wake", level(None, -60.0)), "nothing-said", "no speech after the wake word"),
        (until("wake", level(None, -100.0)), "nothing-said", "level too low"),
        (until("endpoint"), "nothing-said", "a sound that was no speech"),
        (until("endpoint", level(-52.0, -70.0)), "nothing-said", "level too low"),
        (until("endpoint", level(-30.0, -31.0)), "nothing-said", "too noisy"),
        (until("wake", level(0.0, None)), "nothing-said", "no speech after the wake word"),
        (until("endpoint", level(-52.0, -70.0)), "not-understood", "level too low"),
        (until("endpoint", level(-30.0, -31.0)), "not-understood", "too noisy"),
        (until("endpoint", ("rejected", 2325, {"text": "x", "doubt": 0.813})), "not-understood", "rejected"),
        (until("level"), "not-understood", "no words were recognised"),
        (until("reply"), "not-understood", "words that are no command"),
        (until("reply"), "cancelled", ""),
        (until("partial"), "lost", ""),
    ],
)
def test_why_nothing_was_understood(events, outcome, why):
    record = folded([*events, *trace(ended(outcome, 5000))])
    assert record.why_words == (why + ", distance 0.81" if why == "rejected" else why)


def test_nobody_is_told_of_a_wake_word_that_there_was_not():
    invited = [("wake", 0, {"name": "", "sample": 0}), ended("nothing-said", 5000)]
    assert folded(trace(*invited, turn=2)).why_words == "no speech"


def test_of_previews_that_were_turned_down_the_last_one_counts():
    earlier = ("rejected", 1700, {"text": "turn on the", "doubt": 0.91})
    last = ("rejected", 2325, {"text": "turn on the fright", "doubt": 0.81})
    record = folded(until("level", earlier, last, ended("not-understood", 2400)), store_transcripts=True)
    assert (record.words.rejected, record.lengths.rejected, record.doubt) == ("turn on the fright", 18, 0.81)


@pytest.mark.parametrize(
    ("turn", "events", "begun_by"),
    [
        (1, [("wake", 0, {"name": "alexa", "sample": 0})], "wake-word"),
        (1, [("wake", 0, {"name": "", "sample": 0})], "button"),
        (2, [("wake", 0, {"name": "", "sample": 0})], "follow-up"),
        (2, [ended("nothing-said", 5000)], "follow-up"),
        (2, [("reply", 0, {"text": "Your timer is over"})], "server"),
    ],
)
def test_who_began_it(turn, events, begun_by):
    assert folded(trace(*events, turn=turn)).begun_by == begun_by


def test_an_announcement_has_no_v2v():
    happened = [("reply", 0, {"text": "Ding"}), ("first-audio", 10, {}), ("played", 500, {}), ended("answered", 501)]
    record = folded(trace(*happened, turn=2))
    assert record.stages == {"tts": (0.0, 10.0), "sound": (10.0, 500.0)}
    assert record.v2v_ms is None


def test_speculations_are_counted():
    made = [("speculated", at_ms, {"revision": at_ms}) for at_ms in (900, 1400, 1700)]
    rest = [("discarded", 1000, {"revision": 900}), ("discarded", 1500, {}), ("committed", 2320, {})]
    assert folded(trace(*ANSWERED, *made, *rest)).revisions == Revisions(made=3, discarded=2, committed=1)


@given(st.lists(st.sampled_from(ANSWERED), min_size=1, max_size=20), st.sampled_from([1, 2]))
def test_whatever_is_missing_or_told_twice_there_is_a_record(happened, turn):
    record = folded(trace(*happened, turn=turn))
    assert records.from_json(records.to_json(record)) == record
    assert all(0 <= begin_ms <= end_ms for begin_ms, end_ms in record.stages.values())


def test_turns_are_collected_side_by_side():
    open_turns = OpenTurns()
    kitchen, office = trace(*ANSWERED), trace(*ANSWERED, satellite="o1")
    whole = [found for pair in zip(kitchen, office, strict=True) for event in pair if (found := open_turns.take(event))]
    assert whole == [kitchen, office]


def test_what_a_broken_off_reply_reports_afterwards_begins_no_turn():
    open_turns = OpenTurns()
    for event in trace(*ANSWERED):
        open_turns.take(event)
    [late] = trace(("played", 4000, {"samples": 1}))
    assert open_turns.take(late) is None
    again = trace(*ANSWERED)
    assert [found for event in again if (found := open_turns.take(event))] == [again]


def test_a_wake_word_begins_anew_what_an_earlier_connection_left_open():
    open_turns = OpenTurns()
    for event in until("partial"):
        open_turns.take(event)
    again = trace(*ANSWERED)
    assert [found for event in again if (found := open_turns.take(event))] == [again]


def test_neither_a_turn_without_an_end_nor_turns_without_number_fill_the_memory():
    open_turns = OpenTurns()
    [partial] = trace(("partial", 0, {"text": "na"}))
    for _ in range(MAX_EVENTS_OF_A_TURN + 10):
        open_turns.take(partial)
    assert len(open_turns.take(*trace(ended("failed", 1)))) == MAX_EVENTS_OF_A_TURN + 1
    for number in range(MAX_OPEN_TURNS + 10):
        open_turns.take(*trace(("partial", 0, {"text": "na"}), turn=number))
    assert len(open_turns.take(*trace(ended("lost", 1), turn=0))) == 1, "the oldest was forgotten"
    assert len(open_turns.take(*trace(ended("lost", 1), turn=MAX_OPEN_TURNS))) == 2
