"""What the page is looked over with."""

import pytest
from support import axe


@pytest.fixture(scope="session")
def axe_core(pytestconfig) -> str:
    """The source of axe-core."""
    return axe.axe_core(pytestconfig.cache.mkdir("axe-core"))
