"""Which engines a chain is made of, and what /health, the metrics and the doctor say of one that rests."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.chain_engines import Beeper
from support.entry_points import declare
from support.scripted import parts

from roomtone import engines
from roomtone.doctor import Finding
from roomtone.engines import Chosen, EngineChoice, Surroundings
from roomtone.errors import EngineMissing
from roomtone_server import checks
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.engines.chains import provider
from roomtone_server.health import Health
from roomtone_server.ports.control import ControlPort, control_path
from roomtone_server.runtime.house import House
from roomtone_server.telemetry.metrics import Metrics

HELLO = SpeechRequest("Hello.")


@pytest.fixture
def choose(monkeypatch, tmp_path):
    """What the choices make, and what provides it."""
    declared = {"beeper": "support.chain_engines:BEEPER", "mute": "support.chain_engines:MUTE"}
    declare(monkeypatch, engines, "roomtone.tts", declared)

    def choose(*choices):
        provided = provider.choose("tts", choices, 2)
        return provided, provided.make(Surroundings(tmp_path, tmp_path))

    return choose


def test_one_engine_is_no_chain(choose):
    provided, engine = choose(EngineChoice("beeper"))
    assert isinstance(provided, Chosen)
    assert isinstance(engine, Beeper)
    assert provider.chain_of(engine) is None


async def test_several_are_each_called_by_a_name_of_its_own(choose):
    provided, engine = choose(EngineChoice("beeper", {"fails_at": 0}), EngineChoice("beeper"), EngineChoice())
    assert provided.name == "beeper, beeper 2, beeper 3"
    assert [status.name for status in provider.chain_of(engine).status()] == ["beeper", "beeper 2", "beeper 3"]


async def test_one_that_is_not_installed_rests_with_its_remedy(choose):
    _, engine = choose(EngineChoice("mute"), EngineChoice("beeper"))
    await engine.start()
    [mute, _] = engine.chain.status()
    assert (mute.name, mute.state) == ("mute", "rests")
    assert mute.why == "the tts engine 'mute' cannot work here: pip install a mouth"
    assert [chunk async for chunk in engine.speak(HELLO)]
    await engine.close()


def test_where_none_is_installed_each_remedy_is_told(choose):
    with pytest.raises(EngineMissing, match="'mute' cannot work here: pip install a mouth; there is no tts engine"):
        choose(EngineChoice("mute"), EngineChoice("nobody"))


async def test_health_and_metrics_say_who_rests_and_why(choose):
    provided, engine = choose(EngineChoice("beeper", {"fails_at": 0}), EngineChoice("beeper"))
    health = Health("attic")
    health.engines = {"tts": provided}
    health.house, health.chains, health.ready = House(parts()), {"tts": engine.chain}, True
    assert {each["state"] for each in health.report()["chains"]["tts"]} == {"starts"}
    await engine.start()
    assert health.report()["status"] == "ok"
    assert health.report()["engines"]["tts"]["name"] == "beeper, beeper 2"
    assert works(health) == {"beeper": 1, "beeper 2": 1}
    assert [chunk async for chunk in engine.speak(HELLO)]
    report = health.report()
    assert report["status"] == "degraded"
    first, second = report["chains"]["tts"]
    assert first == {
        "name": "beeper",
        "state": "rests",
        "why": "its cable was pulled",
        "rests_s": pytest.approx(5, abs=0.5),
    }
    assert second == {"name": "beeper 2", "state": "works", "why": "", "rests_s": 0.0}
    assert works(health) == {"beeper": 0, "beeper 2": 1}
    await engine.close()


def works(health):
    families = text_string_to_metric_families(Metrics(health.report).exposition().decode())
    [gauge] = [family for family in families if family.name == "roomtone_engine_works"]
    assert {sample.labels["kind"] for sample in gauge.samples} == {"tts"}
    return {sample.labels["engine"]: sample.value for sample in gauge.samples}


async def test_the_doctor_says_who_rests_and_why():
    chain = [
        {"name": "elevenlabs", "state": "rests", "why": "it was silent", "rests_s": 12.3},
        {"name": "piper", "state": "on-trial", "why": "no voice", "rests_s": 0.0},
        {"name": "espeak", "state": "works", "why": "", "rests_s": 0.0},
    ]

    async def status(_arguments):
        yield {"status": "degraded", "engines": {}, "satellites": [], "chains": {"tts": chain}, "unheard_names": []}

    async with ControlPort(control_path(), {"status": status}):
        findings = await asyncio.to_thread(lambda: list(checks.CHECKS[0]()))
    assert findings[1:] == [
        Finding("tts engine elevenlabs", "degraded", "rests for 12 s more: it was silent"),
        Finding("tts engine piper", "degraded", "rests until it is asked again: no voice"),
    ]
