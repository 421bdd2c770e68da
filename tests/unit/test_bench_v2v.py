"""How `roomtone bench v2v` splices, measures, counts and draws."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner
from support.spoken_manifests import entry, write_manifest
from support.vocabularies import SMALL

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import UsageError
from roomtone_satellite.settings import ChimeSettings
from roomtone_server.bench.answer import Answer
from roomtone_server.bench.devices import NO_CHIMES
from roomtone_server.bench.judge import Judge
from roomtone_server.bench.scene import GAP_S, LEAD_IN_S, Clip
from roomtone_server.bench.turn import Turn
from roomtone_server.bench.v2v import commands
from roomtone_server.bench.v2v.bound import bound, lines
from roomtone_server.bench.v2v.command import v2v
from roomtone_server.bench.v2v.commands import Command, recorded, repeated
from roomtone_server.bench.v2v.figures import figures
from roomtone_server.bench.v2v.measure import STAGES, Outcome, measured
from roomtone_server.bench.v2v.model import ANSWER, TOKENS_PER_S, first_fragment_ms
from roomtone_server.bench.v2v.picture import picture
from roomtone_server.bench.v2v.playing import turns_by_take
from roomtone_server.bench.v2v.reel import spliced
from roomtone_server.bench.v2v.report import table
from roomtone_server.telemetry.trace import TraceEvent

MS = 1_000_000
SPEECH_END_NS = 5_000_000_000_000
ON, OFF = "turn on the ceiling light", "turn off the ceiling light"
EVENTS = {
    "wake": (-1500, {"name": "okay_nabu", "sample": 20_000}),
    "endpoint": (200, {"sample": 60_000, "silence_ms": 180}),
    "transcript": (205, {"text": ON}),
    "reply": (225, {"text": "Turned on"}),
    "first-audio": (231, {"rate_hz": 22_050}),
    "ended": (1500, {"outcome": "answered", "text": ""}),
}


@pytest.fixture(scope="module")
def judge():
    return Judge(SMALL, "Kitchen")


def sound(*seconds_and_levels):
    """Noise at different levels, so many seconds each."""
    draw = np.random.default_rng(1)
    parts = [draw.normal(0, level, round(seconds * RATE_HZ)) for seconds, level in seconds_and_levels]
    return np.rint(np.concatenate(parts)).astype(np.int16)


def command(text=ON, clip=None):
    return Command(text, text, clip or Clip(sound((1.0, 3000)), RATE_HZ))


def turn(number=1, without=(), **instead):
    taken = Turn()
    for what, (at_ms, data) in {**EVENTS, **instead}.items():
        if what not in without:
            taken.take(TraceEvent("s1", number, SPEECH_END_NS + at_ms * MS, what, data).to_dict())
    return taken


def answer(at_ms):
    first_ns = SPEECH_END_NS + at_ms * MS
    return Answer(np.zeros(0, np.int16), 22_050, (first_ns, first_ns + MS))


def test_v2v_lies_between_the_users_last_sound_and_the_replys_first(judge):
    result = measured(command(), SPEECH_END_NS, turn(), answer(260), judge)
    assert (result.outcome, result.v2v_ms, result.s_ms, result.share_ms) == (Outcome.COUNTED, 260, 180, 80)
    assert result.stages == {"silence": 200, "stt": 5, "agent": 20, "tts": 6, "speaker": 29}


@pytest.mark.parametrize(
    ("of_turn", "of_answer", "outcome"),
    [
        (None, None, Outcome.NOT_WOKEN),
        (turn(transcript=(205, {"text": OFF})), answer(260), Outcome.MISHEARD),
        (turn(transcript=(205, {"text": ""})), answer(260), Outcome.MISHEARD),
        (turn(), None, Outcome.SILENT),
        (turn(), Answer(np.zeros(9, np.int16), 22_050, None), Outcome.SILENT),
        (turn(without=("endpoint",)), answer(260), Outcome.SILENT),
        (turn(), answer(-1), Outcome.EARLY),
    ],
)
def test_a_turn_that_does_not_count_says_why(judge, of_turn, of_answer, outcome):
    result = measured(command(), SPEECH_END_NS, of_turn, of_answer, judge)
    assert (result.outcome, result.v2v_ms, result.share_ms, result.stages) == (outcome, None, None, {})


@pytest.fixture
def results(judge):
    counted = [measured(command(), SPEECH_END_NS, turn(), answer(at_ms), judge) for at_ms in range(240, 345, 5)]
    return [*counted, measured(command(OFF), SPEECH_END_NS, turn(), answer(260), judge)]


def test_the_figures_have_the_shape_of_json(results):
    told = json.loads(json.dumps(figures(results)))
    assert list(told) == ["turns", "v2v_ms", "s_ms", "share_ms", "stages", "commands"]
    assert told["turns"] == 21
    assert told["v2v_ms"] == {"p50": 290, "p95": 335, "p99": 339}
    assert told["s_ms"] == {"p50": 180, "p95": 180, "p99": 180}
    assert told["share_ms"] == {"p50": 110, "p95": 155, "p99": 159}
    assert list(told["stages"]) == list(STAGES)
    assert told["stages"]["agent"] == {"p50": 20, "p95": 20, "p99": 20}
    assert told["commands"][-1] == {
        "command": OFF,
        "text": OFF,
        "outcome": "misheard",
        "heard": ON,
        "v2v_ms": None,
        "s_ms": None,
        "stages": {},
    }


def test_the_table_lists_what_does_not_count(results):
    lines = table(figures(results), results).splitlines()
    assert lines[0] == "turns: 21"
    assert lines[2].split()[:4] == ["V2V", "290", "335", "339"]
    assert lines[-1] == f"  misheard   {OFF}: {OFF!r}, heard {ON!r}"


def test_without_a_turn_that_counts_there_are_no_percentiles(results):
    told = figures(results[-1:])
    assert told["turns"] == 0
    assert told["v2v_ms"] == {"p50": None, "p95": None, "p99": None}
    assert "p50" not in table(told, results[-1:])


@pytest.mark.parametrize("count", [1, 21])
def test_the_picture_shows_the_distribution_and_the_mean_turn(results, count):
    svg = picture(results[:count])
    root = ET.fromstring(svg)
    texts = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert set(STAGES) <= texts
    assert "180 ms" not in texts  # silence is drawn whole, from the user's last sound on
    assert "200 ms" in texts
    assert f"turns: {count}; V2V p50 {290 if count > 1 else 240} ms, p95 {335 if count > 1 else 240} ms" in texts
    bars = [node.get("class") for node in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert bars[1:] == list(STAGES)
    assert svg.count('class="turns"') == (6 if count > 1 else 1)


def test_a_picture_that_cannot_be_written_is_told_before_anything_is_measured():
    told = CliRunner().invoke(v2v, ["--picture", "nowhere/v2v.svg"])
    assert told.exit_code == 2
    assert "nowhere/v2v.svg cannot be written: there is no folder nowhere" in told.output


def test_the_satellite_plays_no_chime_of_any_kind():
    chimes = {name for name, field in ChimeSettings.model_fields.items() if field.annotation is bool}
    assert dict.fromkeys(chimes, False) == NO_CHIMES


def test_one_take_follows_the_other_and_knows_where_its_command_ends():
    wake, clip = Clip(sound((0.5, 3000)), RATE_HZ // 2), Clip(sound((1.2, 3000), (0.5, 10)), round(1.2 * RATE_HZ))
    reel = spliced(wake, [command(ON, clip), command(OFF, clip)])
    first, second = reel.takes
    assert (first.begin, first.end, second.end) == (0, second.begin, reel.sound.size)
    assert first.speech_end == round((LEAD_IN_S + 0.5 + GAP_S + 1.2) * RATE_HZ)
    assert second.speech_end - second.begin == first.speech_end
    assert [reel.take_at(sample) for sample in (-1, 0, second.begin, reel.sound.size)] == [None, 0, 1, None]


def test_a_recorded_command_is_heard_in_its_own_room(tmp_path, judge):
    pcm = sound((0.5, 100), (1.0, 5000), (0.5, 100)).tobytes()
    manifest = write_manifest(
        tmp_path, entry(ON, file="a.wav", speech_ms=[500, 1480]), entry(OFF, file="b.wav"), entry(""), pcm=pcm
    )
    placed, found = recorded(manifest, "en", judge)
    assert (placed.name, placed.text, placed.clip.end) == ("a.wav", ON, 1480 * RATE_HZ // 1000)
    assert found.clip.end == pytest.approx(1.5 * RATE_HZ, abs=200)
    reel = spliced(Clip(sound((0.5, 1000)), RATE_HZ // 2), [placed])
    assert np.std(reel.sound[RATE_HZ : RATE_HZ * 3 // 2]) == pytest.approx(5000, rel=0.1)  # the same person's wake word
    for quiet in (reel.sound[:RATE_HZ], reel.sound[-2 * RATE_HZ :]):
        assert np.std(quiet) == pytest.approx(100, rel=0.2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (entry(ON, speech_ms=[0, 4000]), "ends behind the recording's end"),
        (entry(ON, speech_ms=[20, 10]), "is not where speech begins and ends"),
        (entry(ON, speech_ms="all"), "is not where speech begins and ends"),
        (entry(""), "no command in the language"),
        (entry("sing me a song"), "understands no command in"),
    ],
)
def test_a_manifest_without_commands_that_can_be_measured_is_told(tmp_path, judge, given, words):
    with pytest.raises(UsageError, match=words):
        recorded(write_manifest(tmp_path, given), "en", judge)


def test_a_home_to_which_no_sentence_speaks_needs_a_manifest(judge, monkeypatch):
    monkeypatch.setattr(commands, "SENTENCES", ("sing me a song",))
    with pytest.raises(UsageError, match="--manifest"):
        commands.spoken("en", judge)


def test_commands_are_said_once_or_over_and_over():
    three = [command(str(number)) for number in range(3)]
    assert [each.text for each in repeated(three, None)] == ["0", "1", "2"]
    assert [each.text for each in repeated(three, 5)] == ["0", "1", "2", "0", "1"]
    assert [each.text for each in repeated(three, 1)] == ["0"]


def test_a_turn_belongs_to_the_take_in_which_its_wake_word_was_heard():
    clip = Clip(sound((1.0, 3000)), RATE_HZ)
    reel = spliced(clip, [command(ON, clip), command(OFF, clip)])
    began = 32_000
    turns = {
        number: turn(number, wake=(0, {"name": name, "sample": began + sample}))
        for number, name, sample in [
            (1, "okay_nabu", -16_000),
            (2, "", 100),  # an answer that was asked for
            (3, "okay_nabu", reel.takes[1].begin + 30_000),
            (5, "alexa", reel.takes[1].begin + 50_000),  # in the midst of the command
        ]
    }
    assert {take: found.number for take, found in turns_by_take(reel, turns, began).items()} == {1: 3}


def test_the_bound_is_what_the_model_takes_and_a_little_more(judge):
    counted = [measured(command(), SPEECH_END_NS, turn(), answer(at_ms), judge) for at_ms in (980, 1000)]
    left_out = measured(command(OFF), SPEECH_END_NS, turn(), answer(5000), judge)
    told = bound([*counted, left_out], 300.0, 400.0)
    assert told["bound_ms"]["p99"] == 1000
    assert told["used_ms"]["p50"] == 110
    assert (told["over"], told["held"]) == (0, True)
    late = bound([*counted, measured(command(), SPEECH_END_NS, turn(), answer(1001), judge)], 300.0, 400.0)
    assert (late["over"], late["held"]) == (1, False)
    assert list(lines(late))[-1] == "not held; turns that took longer: 1"
    nothing = bound([left_out], 300.0, 400.0)
    assert (nothing["held"], nothing["used_ms"]["p50"], list(lines(nothing))[-1]) == (False, None, "no turn counts")


def test_the_first_fragment_is_whole_when_the_next_sentence_begins():
    assert ANSWER.startswith("I have seen to that for you. All")
    assert first_fragment_ms("en") == 8 / TOKENS_PER_S * 1000
