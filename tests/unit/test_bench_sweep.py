"""What `roomtone bench stt` says of other thresholds, and how it draws it."""

import math
from xml.etree import ElementTree as ET

import pytest
from support.vocabularies import SMALL

from roomtone_server.bench.judge import Judge
from roomtone_server.bench.manifest import Clip
from roomtone_server.bench.stt.figures import figures, judged
from roomtone_server.bench.stt.hearing import Heard
from roomtone_server.bench.stt.picture import picture
from roomtone_server.bench.stt.sweep import step_at, sweep
from roomtone_server.engines.base import Transcript

ON, OFF = "turn on the ceiling light", "turn off the ceiling light"
REJECT_FROM = 1.3


def transcript(taken_for, doubt):
    """As an engine answers that turns down from REJECT_FROM on."""
    if doubt is not None and doubt >= REJECT_FROM:
        return Transcript("", taken_for, doubt)
    return Transcript(taken_for, "", doubt)


HEARD = [
    (ON, transcript(ON, 0.0)),
    (ON, transcript(ON, 0.8)),
    (ON, transcript(OFF, 1.0)),
    (ON, transcript(ON, 1.3)),
    ("", transcript(ON, 1.2)),
    ("", transcript(ON, 2.0)),
]


@pytest.fixture(scope="module")
def judge():
    return Judge(SMALL, "Kitchen")


@pytest.fixture
def results(judge):
    return [judged(judge, Clip("m:1", "a.wav", "x", said, bytes(320)), Heard(each, 1, 0)) for said, each in HEARD]


def test_the_higher_the_threshold_the_more_gets_through(results):
    steps = sweep(results)
    assert [step.above for step in steps] == [-math.inf, 0, 0.8, 1.0, 1.2, 1.3, 2.0]
    assert [step.shares["right"] for step in steps] == [0, 0.25, 0.5, 0.5, 0.5, 0.75, 0.75]
    assert [step.shares["wrong"] for step in steps] == [0, 0, 0, 0.25, 0.25, 0.25, 0.25]
    assert [step.shares["acting"] for step in steps] == [0, 0, 0, 0, 0.5, 0.5, 1]
    assert all(sum(step.shares[name] for name in ("right", "wrong", "rejected")) == 1 for step in steps)


def test_at_the_threshold_in_force_it_says_what_was_measured(results):
    now = step_at(sweep(results), REJECT_FROM).shares
    commands = figures(results[:4])["all"]
    assert {name: now[name] for name in ("right", "wrong", "rejected")} == {
        name: commands[name] for name in ("right", "wrong", "rejected")
    }
    assert now["acting"] == figures(results[4:])["all"]["wrong"]


def test_what_was_turned_down_for_another_reason_stays_so(judge, results):
    silent = Heard(Transcript("", ON, 0.1, spoken=False), 1, 0)
    steps = sweep([*results[:4], judged(judge, results[0].clip, silent)])
    assert [step.shares["rejected"] for step in steps][-1] == 0.2


def test_without_doubts_there_is_nothing_to_sweep(judge, results):
    certain = [judged(judge, result.clip, Heard(Transcript(ON), 1, 0)) for result in results]
    assert sweep(certain) == []
    assert len(sweep([*results, *certain])) == len(sweep(results))


def drawn(steps, in_force, subtitle="a < b & c"):
    svg = picture(steps, in_force, subtitle)
    texts = [node.text for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    return svg, texts


def test_the_picture_has_a_line_for_each_share_and_marks_the_threshold_in_force(results):
    svg, texts = drawn(sweep(results), REJECT_FROM)
    assert {"right 50.0%", "wrong 25.0%", "rejected 25.0%", "in force: 1.3", "a < b & c"} <= set(texts)
    assert all(svg.count(f'class="line {name}"') == 2 for name in ("right", "wrong", "rejected", "acting"))


def test_a_picture_of_commands_only_or_without_a_known_threshold_leaves_out_what_it_cannot_say(results):
    svg, texts = drawn(sweep(results[:4]), None)
    assert {"right", "wrong", "rejected"} <= set(texts)
    assert 'class="line acting"' not in svg
    assert "in force" not in svg


def test_a_single_doubt_is_drawn_too(results):
    _, texts = drawn(sweep(results[:1]), 0.0)
    assert "right 0.0%" in texts
