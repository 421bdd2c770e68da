"""Figures for Prometheus: how many turns, how they ended, how long each stage took, who is connected, what fails.

No words, no names but those of the satellites that are connected. Everything is in a registry of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from roomtone_server.telemetry.record import TurnRecord

Health = Callable[[], Mapping[str, Any]]

# Fine where the promise is (voice to voice in 350 ms), coarse up to the longest utterance.
BUCKETS_S: Final = (
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.15,
    0.2,
    0.25,
    0.3,
    0.35,
    0.5,
    0.75,
    1.0,
    1.5,
    2.5,
    5.0,
    10.0,
    15.0,
)


class Metrics:
    """One event loop: `count` takes some microseconds, `exposition` 2 ms with fifty satellites."""

    def __init__(self, health: Health) -> None:
        """`health` is the report that /health gives; it is asked at each exposition."""
        self._registry = CollectorRegistry()
        self._registry.register(_Present(health))
        self._turns = Counter("roomtone_turns", "Turns that are over.", ["outcome"], registry=self._registry)
        self._whys = Counter(
            "roomtone_turns_not_understood", "Turns that came to nothing, by reason.", ["why"], registry=self._registry
        )
        self._v2v = Histogram(
            "roomtone_v2v_seconds",
            "From the user's last sound to the reply's first, at the satellite.",
            registry=self._registry,
            buckets=BUCKETS_S,
        )
        self._stages = Histogram(
            "roomtone_stage_seconds",
            "Each stage of a turn.",
            ["stage"],
            registry=self._registry,
            buckets=BUCKETS_S,
        )

    def count(self, record: TurnRecord) -> None:
        """Takes note of a turn that is over."""
        self._turns.labels(record.outcome).inc()
        if record.why is not None:
            self._whys.labels(record.why).inc()
        if record.v2v_ms is not None:
            self._v2v.observe(record.v2v_ms / 1000)
        for stage, (begin_ms, end_ms) in record.stages.items():
            self._stages.labels(stage).observe((end_ms - begin_ms) / 1000)

    def exposition(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self._registry)


class _Present(Collector):
    """What is true at this moment: a satellite that went, and a fault that passed, leave no label behind."""

    def __init__(self, health: Health) -> None:
        self._health = health

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        report = self._health()
        satellites = GaugeMetricFamily("roomtone_satellite_connected", "Satellites here now.", labels=["satellite"])
        for name in sorted(set(report["satellites"])):
            satellites.add_metric([name], 1)
        yield satellites
        faults = GaugeMetricFamily("roomtone_fault", "What failed the last time it was tried.", labels=["what"])
        for what in sorted(report["faults"]):
            faults.add_metric([what], 1)
        yield faults
        works = GaugeMetricFamily(
            "roomtone_engine_works", "Whether an engine of a chain works; 0: it rests.", labels=["kind", "engine"]
        )
        for kind, engines in sorted(report["chains"].items()):
            for engine in engines:
                works.add_metric([kind, engine["name"]], engine["state"] == "works")
        yield works
