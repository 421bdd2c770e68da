"""A fresh Debian to install into. Collected only where these tests are asked for by their path: `make test-install`."""

import pytest
from support import debian


@pytest.fixture(scope="module")
def machine(request, tmp_path_factory):
    """Of the release that the test asks for; the tests of a file share it."""
    if missing := debian.missing():
        pytest.skip(f"no Debian to install into: {missing}")
    with debian.booted(request.param, tmp_path_factory.mktemp("machine")) as machine:
        yield machine
