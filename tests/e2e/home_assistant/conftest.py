"""The real Home Assistant. Collected only where these tests are asked for by their path: `make test-home-assistant`."""

from collections.abc import AsyncIterator, Iterator

import pytest
from support.home_assistant import HomeAssistant, signed_in
from support.home_assistant_kit import Kit, Running


@pytest.fixture(scope="session")
def _started() -> Iterator[Kit]:
    kit = Kit.chosen()
    if missing := kit.missing():
        pytest.skip(f"no Home Assistant: {missing}")
    try:
        yield kit
    finally:
        kit.stop()


@pytest.fixture(scope="module")
def running(_started: Kit) -> Running:
    """A Home Assistant whose home is fresh for each file of tests."""
    return _started.start()


@pytest.fixture
async def home_assistant(running: Running) -> AsyncIterator[HomeAssistant]:
    """Signed in to the Home Assistant of this file."""
    async with signed_in(running) as client:
        yield client


@pytest.fixture
async def fresh_home_assistant(_started: Kit) -> AsyncIterator[HomeAssistant]:
    """Signed in to one whose home nobody has seen; it takes the place of the other, whose home is gone."""
    async with signed_in(_started.start()) as client:
        yield client
