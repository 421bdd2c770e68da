import pytest

from roomtone import paths


@pytest.mark.parametrize(
    ("where", "own", "xdg"),
    [
        (paths.state_dir, "ROOMTONE_STATE", "XDG_STATE_HOME"),
        (paths.cache_dir, "ROOMTONE_CACHE", "XDG_CACHE_HOME"),
    ],
)
def test_a_folder_is_ones_own_else_the_desktops_else_below_home(monkeypatch, tmp_path, where, own, xdg):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(own, "/own")
    monkeypatch.setenv(xdg, "/xdg")
    assert str(where()) == "/own"
    monkeypatch.delenv(own)
    assert str(where()) == "/xdg/roomtone"
    monkeypatch.setenv(xdg, "")
    assert where().is_relative_to(tmp_path)
    assert where().name == "roomtone"


def test_a_private_folder_is_its_owners_alone(tmp_path):
    folder = paths.make_private(tmp_path / "a" / "b")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert paths.make_private(folder) == folder
