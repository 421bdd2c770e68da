"""Figures of many turns, against other people's arithmetic; and one turn as a picture in text."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.traces import ANSWERED, trace, until

from roomtone_server.telemetry.folding import fold
from roomtone_server.telemetry.percentiles import Percentiles, percentiles
from roomtone_server.telemetry.record import STAGES
from roomtone_server.telemetry.summary import summarise
from roomtone_server.telemetry.waterfall import waterfall

TURN = fold(trace(*ANSWERED), began_at=0.0)
SILENT = fold(until("wake", ("ended", 4000, {"outcome": "nothing-said"})), began_at=0.0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_numpys(values):
    found = percentiles(values)
    expected = np.percentile(values, [50, 95, 99])
    assert (found.p50, found.p95, found.p99) == pytest.approx(expected, abs=0.051)
    assert found.count == len(values)


def test_percentiles_are_those_of_the_standard_library():
    values = [float(value * value % 997) for value in range(500)]
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    found = percentiles(values)
    assert (found.p50, found.p95, found.p99) == pytest.approx((cuts[49], cuts[94], cuts[98]), abs=0.051)


def test_no_values_have_no_percentiles():
    assert percentiles([]) is None


def test_a_summary_counts_what_each_turn_has():
    summary = summarise([TURN, TURN, SILENT])
    assert (summary.turns, summary.outcomes, summary.whys) == (
        3,
        {"answered": 2, "nothing-said": 1},
        {"no-speech": 1},
    )
    assert summary.v2v_ms == Percentiles(2, 762.0, 762.0, 762.0)
    assert summary.s_ms == Percentiles(2, 700.0, 700.0, 700.0)
    assert summary.share_ms == Percentiles(2, 62.0, 62.0, 62.0)
    assert summary.stages["stt"] == Percentiles(2, 10.0, 10.0, 10.0)
    assert summary.stages["wake"].count == 3


def test_a_summary_of_nothing():
    summary = summarise([])
    assert (summary.turns, summary.v2v_ms, summary.stages) == (0, None, {})


def test_each_stage_is_a_bar_where_it_was():
    lines = list(waterfall(TURN, 80))
    assert [line.split()[0] for line in lines] == [*STAGES, "V2V", "0"]
    assert lines[2] == "silence                              ━━━━━━━━━━━━ 700 ms"
    assert lines[3] == "stt                                              ━ 10 ms"
    assert lines[-2].index("━") == lines[2].index("━"), "V2V begins with the silence"
    assert lines[-1] == "         0 s      0.5 s   1 s      1.5 s    2 s     2.5 s    3 s"


@pytest.mark.parametrize("width", [1, 40, 80, 200])
@pytest.mark.parametrize("record", [TURN, SILENT])
def test_the_picture_fits_its_terminal(record, width):
    lines = list(waterfall(record, width))
    assert max(len(line) for line in lines) <= min(max(width, 40), 100)


def test_a_turn_without_stages_has_no_picture():
    assert list(waterfall(fold(trace(("ended", 0, {"outcome": "cancelled"}), turn=2), began_at=0.0), 80)) == []


def test_a_turn_that_took_no_time_is_still_seen():
    record = fold(trace(("endpoint", 0, {"sample": 0, "silence_ms": 0})), began_at=0.0)
    assert "━" in next(waterfall(record, 80))
