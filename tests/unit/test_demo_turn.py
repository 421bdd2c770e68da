"""The demo's turn: folded from the trace, measured from the devices' timelines, drawn on one axis."""

import json
import wave

import numpy as np
import pytest
from rich.console import Console

from roomtone.errors import DeviceError
from roomtone_server.bench.answer import read_answers
from roomtone_server.bench.demo.rooms import RealRoom, RecordedRoom
from roomtone_server.bench.demo.screen import Picture
from roomtone_server.bench.demo.stages import Heard, result, spans
from roomtone_server.bench.scene import Clip, compose
from roomtone_server.bench.turn import Turn
from roomtone_server.telemetry.record import STAGES
from roomtone_server.telemetry.trace import TraceEvent

MS = 1_000_000
ZERO_NS = 5_000_000_000_000

EVENTS = [
    ("wake", 1800, {"name": "okay_nabu", "score": 0.98, "sample": 60_800, "first_sample": 52_800}),
    ("speech-started", 2150, {"sample": 66_000}),
    ("partial", 2500, {"text": "turn on"}),
    ("partial", 2900, {"text": "turn on the kitchen light"}),
    ("speech-ended", 4000, {"sample": 89_600}),
    ("endpoint", 4320, {"sample": 101_120, "silence_ms": 700}),
    ("transcript", 4330, {"text": "turn on the kitchen light"}),
    ("intent", 4336, {"name": "HassTurnOn", "slots": {"name": "Kitchen Light"}}),
    ("action", 4338, {"entity": "light.kitchen", "service": "light.turn_on", "data": {"brightness": 255}}),
    ("reply", 4340, {"text": "Turned on "}),
    ("reply", 4341, {"text": "the light"}),
    ("first-audio", 4352, {"rate_hz": 22_050}),
    ("last-audio", 5300, {}),
    ("played", 5480, {"samples": 24_000}),
    ("ended", 5490, {"outcome": "answered", "text": ""}),
]
HEARD = Heard(
    zero_ns=ZERO_NS,
    wake_ns=ZERO_NS + 1000 * MS,
    speech_ns=ZERO_NS + 2100 * MS,
    silence_ns=ZERO_NS + 3600 * MS,
    reply_ns=(ZERO_NS + 4380 * MS, ZERO_NS + 5470 * MS),
)


def event(what, at_ms, data, number=1):
    """As it comes over the control socket."""
    return json.loads(json.dumps(TraceEvent("abc", number, ZERO_NS + at_ms * MS, what, data).to_dict()))


def turn_until(last="ended", without=()):
    turn = Turn()
    for what, at_ms, data in EVENTS:
        if what not in without:
            turn.take(event(what, at_ms, data))
        if what == last:
            break
    return turn


def shown(picture, width=100):
    console = Console(width=width, file=None, record=True, quiet=False)
    with console.capture() as capture:
        console.print(picture)
    return capture.get()


def test_the_result_has_the_schema_of_json():
    assert result(turn_until(), HEARD, "reply.wav") == {
        "wake": {"name": "okay_nabu", "ms": 1800.0},
        "partials": ["turn on", "turn on the kitchen light"],
        "transcript": "turn on the kitchen light",
        "intent": {"name": "HassTurnOn", "slots": {"name": "Kitchen Light"}},
        "actions": [{"entity": "light.kitchen", "service": "light.turn_on", "data": {"brightness": 255}}],
        "reply": "Turned on the light",
        "reply_wav": "reply.wav",
        "v2v_ms": 780.0,
        "stages": {
            "wake": [1000.0, 1800.0],
            "speech": [2100.0, 3600.0],
            "silence": [3600.0, 4320.0],
            "stt": [4320.0, 4330.0],
            "agent": [4330.0, 4340.0],
            "tts": [4340.0, 4352.0],
            "speaker": [4352.0, 4380.0],
            "sound": [4380.0, 5470.0],
        },
    }


def test_without_a_wake_word_the_result_is_empty():
    assert result(Turn(), None, None) == {
        "wake": None,
        "partials": [],
        "transcript": "",
        "intent": None,
        "actions": [],
        "reply": "",
        "reply_wav": None,
        "v2v_ms": None,
        "stages": {},
    }


def test_an_answer_before_the_command_was_over_has_no_v2v():
    early = Heard(HEARD.zero_ns, HEARD.wake_ns, HEARD.speech_ns, HEARD.silence_ns, (ZERO_NS, ZERO_NS + MS))
    assert result(turn_until(), early, "reply.wav")["v2v_ms"] is None


def test_only_the_first_turn_of_a_wake_word_counts():
    turn = Turn()
    turn.take(event("ended", 100, {"outcome": "failed", "text": "before"}, number=4))
    for what, at_ms, data in EVENTS:
        turn.take(event(what, at_ms, data, number=7))
        turn.take(event("reply", at_ms, {"text": "another's"}, number=8))
    turn.take(event("wake", 9000, {"name": "alexa", "sample": 1}, number=9))
    assert (turn.number, turn.wake_name, turn.reply, turn.outcome) == (
        7,
        "okay_nabu",
        "Turned on the light",
        "answered",
    )


def test_stages_grow_until_they_end():
    turn = turn_until("partial")
    heard = Heard(HEARD.zero_ns, HEARD.wake_ns, HEARD.speech_ns, HEARD.silence_ns)
    assert spans(turn, heard, ZERO_NS + 500 * MS) == {}
    assert spans(turn, heard, ZERO_NS + 2600 * MS) == {"wake": (1000.0, 1800.0), "speech": (2100.0, 2600.0)}
    assert spans(turn, heard, ZERO_NS + 3900 * MS)["silence"] == (3600.0, 3900.0)
    assert "stt" not in spans(turn, heard, ZERO_NS + 3900 * MS)


def test_what_a_turn_left_out_has_no_bar():
    turn = turn_until(without=("reply", "first-audio", "last-audio", "played"))
    heard = Heard(HEARD.zero_ns, HEARD.wake_ns, HEARD.speech_ns, HEARD.silence_ns)
    assert list(spans(turn, heard, ZERO_NS + 9000 * MS)) == ["wake", "speech", "silence", "stt"]
    assert result(turn, heard, None)["v2v_ms"] is None


@pytest.mark.parametrize("last", [what for what, _, _ in EVENTS])
@pytest.mark.parametrize("width", [40, 80, 100])
def test_there_is_a_picture_at_every_moment_and_in_any_terminal(last, width):
    turn = turn_until(last)
    now_ns = max(turn.at_ns(what) or 0 for what, _, _ in EVENTS)
    text = shown(Picture(turn, spans(turn, HEARD, now_ns)), width)
    assert "okay nabu" in text
    assert max(len(line) for line in text.splitlines()) <= width
    assert all(any(stage in line for line in text.splitlines()) for stage in STAGES)


def test_the_final_picture_tells_everything():
    text = shown(
        Picture(turn_until(), spans(turn_until(), HEARD, 2**63), HEARD.v2v, ["Light (light.kitchen): off → on"])
    )
    for words in (
        "turn on the kitchen light",
        "HassTurnOn  name Kitchen Light",
        "light.turn_on light.kitchen",
        "Turned on the light",
        "off → on",
        "720 ms",
        "780 ms",
        "5 s",
    ):
        assert words in text


def test_nothing_that_was_said_is_taken_for_markup():
    turn = turn_until("wake")
    turn.take(event("transcript", 3000, {"text": "[bold red]hello[/] [/nonsense]"}))
    assert "[bold red]hello[/] [/nonsense]" in shown(Picture(turn, {}))


def write_speaker(folder, blocks, rate_hz=22_050):
    """`blocks`: (turn, when its first sample sounds in ms, samples), as the WAV speaker keeps them."""
    file, timeline, at = folder / "speaker.wav", folder / "speaker.jsonl", 0
    with wave.open(str(file), "wb") as played, timeline.open("w") as lines:
        played.setnchannels(1)
        played.setsampwidth(2)
        played.setframerate(rate_hz)
        for turn, at_ms, samples in blocks:
            block = {
                "sample": at,
                "rate_hz": rate_hz,
                "at_ns": ZERO_NS + at_ms * MS,
                "samples": samples.size,
                "turn": turn,
            }
            lines.write(json.dumps(block) + "\n")
            played.writeframes(samples.astype(np.int16).tobytes())
            at += samples.size
    return file, timeline


def loud(ms, level=5000):
    return np.full(22_050 * ms // 1000, level)


def test_the_answer_is_the_turns_own_audio_and_nothing_else(tmp_path):
    blocks = [
        (None, 0, loud(100, 9)),
        (1, 1000, loud(20, 0)),
        (1, 1020, loud(20)),
        (1, 1060, loud(20, 50)),
        (3, 2000, loud(40)),
    ]
    answer = read_answers(*write_speaker(tmp_path, blocks))[1]
    assert np.array_equal(answer.sound, np.concatenate([loud(20, 0), loud(20), loud(20, 50)]))
    first_ns, last_ns = answer.audible_ns  # 50 of 32768 is below -50 dBFS
    assert first_ns == ZERO_NS + 1020 * MS
    assert last_ns == pytest.approx(ZERO_NS + 1040 * MS, abs=0.1 * MS)
    answer.write(tmp_path / "reply.wav")
    with wave.open(str(tmp_path / "reply.wav")) as written:
        assert written.getframerate() == 22_050
        assert np.array_equal(np.frombuffer(written.readframes(99_999), np.int16), answer.sound)


def test_no_answer_and_a_silent_one(tmp_path):
    files = write_speaker(tmp_path, [(None, 0, loud(100)), (1, 500, loud(20, 3))])
    (answer,) = read_answers(*files).values()
    assert answer.audible_ns is None


def test_an_answer_that_cannot_be_written_is_told(tmp_path):
    answer = read_answers(*write_speaker(tmp_path, [(1, 0, loud(20))]))[1]
    with pytest.raises(DeviceError, match="cannot be written"):
        answer.write(tmp_path / "nowhere" / "reply.wav")


def test_a_recorded_room_measures_by_the_devices_own_clocks(tmp_path):
    sound = np.full(16_000, 5000, np.int16)
    scene = compose(Clip(sound, 16_000), Clip(sound, 15_000))
    room = RecordedRoom(scene, tmp_path)
    assert room.heard(Turn()) is None
    (tmp_path / "microphone.jsonl").write_text(json.dumps({"sample": 32_000, "at_ns": ZERO_NS, "rate_hz": 16_000}))
    write_speaker(tmp_path, [(1, 4380, loud(500))])
    heard = room.heard(turn_until())
    assert heard.zero_ns == ZERO_NS
    assert heard.silence_ns == ZERO_NS + scene.command_end * 1000 * MS // 16_000
    assert heard.reply_ns[0] == ZERO_NS + 4380 * MS
    assert room.heard(turn_until("reply")).reply_ns is None
    assert room.devices["microphone"]["wait_for_server"]
    assert room.wake_within_s > 2


def test_a_real_room_knows_what_the_trace_tells():
    room = RealRoom()
    assert room.heard(Turn()) is None
    heard = room.heard(turn_until())
    assert heard.silence_ns - heard.wake_ns == (89_600 - 60_800) * 1000 * MS // 16_000
    assert heard.reply_ns == (ZERO_NS + 4352 * MS, ZERO_NS + 5480 * MS)
    assert room.answer(turn_until()) is None


def test_events_of_the_trace_are_understood_as_they_are_sent():
    """The names in the trace are the names here."""
    from typing import get_args

    from roomtone_server.telemetry.trace import What

    assert {what for what, _, _ in EVENTS} <= set(get_args(What))
