"""What every test stands under: no leaked task, no warning, no chance; and where real recordings are found."""

import asyncio
import functools
import inspect
import os
from pathlib import Path

import hypothesis
import pytest

# The same examples in every run: a test that fails by chance teaches to run it again.
# New ones are tried with `pytest --hypothesis-profile default`, for as long as one likes.
hypothesis.settings.register_profile("the same", derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("few", derandomize=True, database=None, deadline=None, max_examples=15)
hypothesis.settings.load_profile("the same")


def pytest_collection_modifyitems(items):
    for item in items:
        function = getattr(item, "obj", None)
        if inspect.iscoroutinefunction(function):
            item.obj = _without_leaks(function)


def _without_leaks(test):
    @functools.wraps(test)
    async def checked(*args, **kwargs):
        before = asyncio.all_tasks()
        await test(*args, **kwargs)
        leaked = {task for task in asyncio.all_tasks() - before if not task.done()}
        assert not leaked, f"leaked tasks: {sorted(task.get_name() for task in leaked)}"

    return checked


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Real recordings, in the folder that ROOMTONE_TEST_DATA names: unset, skipped; set, a missing file fails."""
    named = os.environ.get("ROOMTONE_TEST_DATA")
    if not named:
        pytest.skip("ROOMTONE_TEST_DATA is not set: no real recordings here")
    folder = Path(named)
    assert folder.is_dir(), f"ROOMTONE_TEST_DATA names {folder}, which is no folder"
    return folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory, monkeypatch):
    """No test reads or writes the state of whoever runs it."""
    home = tmp_path_factory.mktemp("roomtone")
    monkeypatch.setenv("ROOMTONE_STATE", str(home / "state"))
    monkeypatch.setenv("ROOMTONE_CACHE", str(home / "cache"))
