import pytest
from support.entry_points import declare
from support.paced_engines import GOOD

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineMissing, SettingsError


@pytest.fixture
def declared(monkeypatch):
    def these(*names):
        declare(monkeypatch, engines, "roomtone.vad", {name.lower(): f"support.paced_engines:{name}" for name in names})

    return these


def test_auto_takes_the_best_that_works_and_says_why(declared):
    declared("POOR", "BEST", "GOOD")
    chosen = engines.choose("vad", EngineChoice())
    assert chosen.spec is GOOD
    assert chosen.why == "the best that works here; passed over best: pip install best"


def test_auto_takes_none_that_wants_to_be_named(declared):
    declared("POOR", "FAR")
    assert engines.choose("vad", EngineChoice()).spec.name == "poor"
    assert engines.choose("vad", EngineChoice("far")).spec.name == "far"
    declared("FAR")
    with pytest.raises(EngineMissing, match="no vad engine can work here"):
        engines.choose("vad", EngineChoice())


def test_the_chosen_engine_is_made_with_its_settings(declared, tmp_path):
    declared("GOOD")
    chosen = engines.choose("vad", EngineChoice("good", {"pace": 3}))
    assert chosen.make(Surroundings(tmp_path, tmp_path, "de")) == (3, "de")


def test_a_named_engine_is_never_replaced(declared):
    declared("BEST", "GOOD")
    with pytest.raises(EngineMissing, match="the vad engine 'best' cannot work here: pip install best"):
        engines.choose("vad", EngineChoice("best"))


def test_an_unknown_name_is_told_with_the_known_ones(declared):
    declared("GOOD", "POOR")
    with pytest.raises(EngineMissing, match="no vad engine named 'god'; known are: auto, good, poor"):
        engines.choose("vad", EngineChoice("god"))


def test_an_engine_that_is_broken_does_not_take_auto_with_it(declared, monkeypatch):
    declared("NO_SPEC", "GOOD")
    chosen = engines.choose("vad", EngineChoice())
    assert chosen.spec is GOOD
    assert "its entry point is not an EngineSpec" in chosen.why
    declare(monkeypatch, engines, "roomtone.vad", {"gone": "roomtone.no_such_module:ENGINE"})
    with pytest.raises(EngineMissing, match="the vad engine 'gone' cannot be imported"):
        engines.choose("vad", EngineChoice())


def test_where_nothing_works_every_remedy_is_told(declared):
    declared("BEST")
    with pytest.raises(EngineMissing, match="no vad engine can work here: best: pip install best"):
        engines.choose("vad", EngineChoice())
    declared()
    with pytest.raises(EngineMissing, match="none is installed"):
        engines.choose("vad", EngineChoice())


def test_options_that_the_engine_refuses_are_a_settings_error(declared):
    declared("GOOD")
    with pytest.raises(SettingsError, match=r"vad\.pace: .*integer.*\(engine good\)"):
        engines.choose("vad", EngineChoice("good", {"pace": "fast"}))


@pytest.mark.parametrize("kind", ["stt", "tts", "llm", "wake", "vad", "home"])
def test_every_declared_engine_is_an_engine(kind):
    for name in engines.names(kind):
        assert engines.load(kind, name).name == name
