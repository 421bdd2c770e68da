"""docs/engines.md says how chains are set."""

from pathlib import Path

import pytest

from roomtone_server.engines.breaker import FIRST_REST_S, LONGEST_REST_S
from roomtone_server.settings import PatienceSettings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "engines.md").read_text("utf-8")
SECTION = DOCUMENT.partition("\n## Chains\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("kind", PatienceSettings.model_fields)
def test_each_patience_is_documented_with_its_default(kind):
    assert f"| `{kind}` | {getattr(PatienceSettings(), kind):g} |" in SECTION


def test_rests_are_as_long_as_it_says():
    assert f"rests for {FIRST_REST_S:g} s" in SECTION
    assert f"up to {LONGEST_REST_S / 60:g} minutes" in SECTION
