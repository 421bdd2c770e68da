"""Figures for Prometheus, read with its own parser."""

import aiohttp
import pytest
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from support.traces import ANSWERED, trace, until
from support.web import DoorsFor, serving

from roomtone_server.ports.web.port import watching_routes
from roomtone_server.ports.web.route import Who
from roomtone_server.telemetry.folding import fold
from roomtone_server.telemetry.metrics import Metrics


def samples(metrics):
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for each in families for sample in each.samples
    }


def test_turns_are_counted_by_outcome_and_reason_and_timed_by_stage():
    metrics = Metrics(lambda: {"satellites": [], "faults": {}, "chains": {}})
    metrics.count(fold(trace(*ANSWERED), began_at=0.0))
    metrics.count(fold(trace(*ANSWERED), began_at=0.0))
    metrics.count(fold(until("wake", ("ended", 4000, {"outcome": "nothing-said"})), began_at=0.0))
    found = samples(metrics)
    assert found["roomtone_turns_total", "answered"] == 2
    assert found["roomtone_turns_total", "nothing-said"] == 1
    assert found["roomtone_turns_not_understood_total", "no-speech"] == 1
    assert found["roomtone_v2v_seconds_count",] == 2
    assert found["roomtone_v2v_seconds_sum",] == pytest.approx(1.524)
    assert found["roomtone_stage_seconds_sum", "silence"] == pytest.approx(1.4)
    assert found["roomtone_stage_seconds_count", "wake"] == 3


def test_satellites_and_faults_are_those_of_the_moment():
    health = {"satellites": ["Kitchen", "Kitchen", 'At"tic\n'], "faults": {"hearing": "the worker died"}, "chains": {}}
    metrics = Metrics(lambda: health)
    found = samples(metrics)
    assert found["roomtone_satellite_connected", "Kitchen"] == 1
    assert found["roomtone_satellite_connected", 'At"tic\n'] == 1
    assert found["roomtone_fault", "hearing"] == 1
    assert "the worker died" not in metrics.exposition().decode()
    health.update(satellites=["Kitchen"], faults={})
    assert [key for key in samples(metrics) if key[0] in ("roomtone_satellite_connected", "roomtone_fault")] == [
        ("roomtone_satellite_connected", "Kitchen")
    ]


def test_nothing_that_was_said_is_in_them():
    metrics = Metrics(lambda: {"satellites": [], "faults": {}, "chains": {}})
    metrics.count(fold(trace(*ANSWERED), began_at=0.0, store_transcripts=True))
    text = metrics.exposition().decode()
    assert not [word for word in ("turn on", "Turned", "HassTurnOn", "k1") if word in text]


def test_two_servers_in_one_process_share_nothing():
    one, other = (Metrics(lambda: {"satellites": [], "faults": {}, "chains": {}}) for _ in range(2))
    one.count(fold(trace(*ANSWERED), began_at=0.0))
    assert ("roomtone_turns_total", "answered") not in samples(other)
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("roomtone")]


async def test_they_are_served_to_whoever_has_their_scope():
    metrics = Metrics(lambda: {"satellites": [], "faults": {}, "chains": {}})
    routes = watching_routes(dict, metrics.exposition)
    scraper = Who("token", frozenset({"metrics"}), "t1", "Prometheus")
    async with (
        serving(routes, DoorsFor(scraper)) as url,
        aiohttp.ClientSession() as web,
        web.get(f"{url}/metrics") as answer,
    ):
        assert (answer.status, answer.headers["Content-Type"]) == (200, CONTENT_TYPE_LATEST)
        assert "roomtone_v2v_seconds_count 0.0" in await answer.text()


async def test_nobody_else_learns_of_them():
    async with serving(watching_routes(dict, lambda: b"figures")) as url, aiohttp.ClientSession() as web:
        async with web.get(f"{url}/metrics") as answer:
            assert answer.status == 401
            assert b"figures" not in await answer.read()
        async with web.get(f"{url}/health") as answer:
            assert await answer.json() == {}
