"""Images of the real Dockerfile. Collected only where these tests are asked for by their path: `make test-image`."""

import pytest
from support import images


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    if missing := images.missing():
        pytest.skip(f"no images: {missing}")
    store = images.Store(tmp_path_factory.mktemp("store"))
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="session")
def base(store):
    return store.base()
