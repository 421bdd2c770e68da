"""Engines that hear nothing, for tests of how one is chosen."""

from roomtone.engines import EngineSettings, EngineSpec


class PaceSettings(EngineSettings):
    pace: int = 1


def _make(settings, surroundings):
    return settings.pace, surroundings.language


BEST = EngineSpec("best", PaceSettings, _make, lambda: "pip install best", rank=9)
GOOD = EngineSpec("good", PaceSettings, _make, lambda: None, rank=5)
POOR = EngineSpec("poor", PaceSettings, _make, lambda: None, rank=1)
FAR = EngineSpec("far", PaceSettings, _make, lambda: None, rank=10, auto=False)
NO_SPEC = "not an engine"
