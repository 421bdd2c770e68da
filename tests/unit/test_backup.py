"""A server's state in one file, and back; and what a file may hold that is no backup."""

import asyncio
import gzip
import io
import json
import sqlite3
import stat
import tarfile
from hashlib import sha256

import pytest
from click.testing import CliRunner

from roomtone import cli
from roomtone.errors import AlreadyRunning, BackupError, LinkError, StoreError
from roomtone.link.security import make_certificate
from roomtone.paths import state_dir
from roomtone_server.backup import archive
from roomtone_server.backup.state import back_up, restore
from roomtone_server.ports.control import ControlPort, control_path
from roomtone_server.store.base import PairedSatellite, StoredKey
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.web import SqliteKeyStore, SqlitePasswordStore

TABLET = StoredKey("f1", "family", "tablet", frozenset(), "00" * 32, "192.0.2.1", 1000.0, 2000.0)
KITCHEN = PairedSatellite("k1", "Kitchen speaker", "Kitchen", b"\x00" * 32, 1000.0)


@pytest.fixture
async def state():
    """Of a server that has run."""
    folder = state_dir() / "server"
    make_certificate(folder)
    (folder / "virtual-home.json").write_text("{}")
    (folder / "piper").mkdir()
    async with Database.open(folder / FILE_NAME) as database:
        await SqliteSatelliteStore(database).add(KITCHEN)
        await SqliteKeyStore(database).add(TABLET)
        await SqlitePasswordStore(database).save("$argon2id$")
    (folder / "web.pem").write_text("what browsers see")
    return folder


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "etc" / "mine.yaml"
    path.parent.mkdir()
    (path.parent / "my home.yaml").write_text("areas: [{name: Kitchen}]")
    path.write_text(f"name: attic\nhome: {{engine: virtual, file: '{path.parent / 'my home.yaml'}'}}\n")
    return path


def run(*arguments):
    return CliRunner().invoke(cli.roomtone, arguments, prog_name="roomtone")


async def satellites(state):
    async with Database.open(state / FILE_NAME) as database:
        return await SqliteSatelliteStore(database).list()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".lock"}


async def test_what_is_lost_comes_back(state, config, tmp_path):
    kept = contents(state)
    settings = config.read_text()
    file = tmp_path / "roomtone.tar.gz"
    done = run("backup", str(file), "--config", str(config))
    assert done.exit_code == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for path in (*state.glob("*.*"), config, config.with_name("my home.yaml")):
        path.unlink()
    done = run("restore", str(file), "--config", str(config))
    assert done.exit_code == 0, done.stderr
    assert {**contents(state), FILE_NAME: b""} == {**kept, FILE_NAME: b""}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in state.glob("*.*"))
    assert config.read_text() == settings
    assert config.with_name("my home.yaml").exists()
    assert await satellites(state) == [KITCHEN]
    async with Database.open(state / FILE_NAME) as database:
        assert await SqliteKeyStore(database).list() == [TABLET]
        assert await SqlitePasswordStore(database).load() == "$argon2id$"


async def test_a_server_that_uses_its_database_can_be_backed_up(state, tmp_path):
    async with Database.open(state / FILE_NAME) as database:
        await SqliteSatelliteStore(database).remove("k1")
        back_up(tmp_path / "file", state, None)
        await SqliteSatelliteStore(database).add(KITCHEN)
    restore(tmp_path / "file", state, None)
    assert await satellites(state) == []


async def test_what_was_there_is_kept_aside(state, config, tmp_path):
    back_up(tmp_path / "file", state, config)
    (state / "virtual-home.json").write_text('{"newer": 1}')
    (state / "newer.json").write_text("[]")
    config.write_text("name: cellar\n")
    before = contents(state)
    restored = restore(tmp_path / "file", state, config)
    assert contents(restored.aside) == before
    assert (state / "virtual-home.json").read_text() == "{}"
    assert not (state / "newer.json").exists()
    assert [path.read_text() for path in config.parent.glob("mine.yaml.before-restore-*")] == ["name: cellar\n"]
    assert not [path for path in state.iterdir() if path.name.startswith(".")]


async def test_settings_that_nobody_has_a_place_for_are_kept_with_the_state(state, config, tmp_path):
    back_up(tmp_path / "file", state, config)
    assert run("restore", str(tmp_path / "file")).stdout.count("settings: ") == 2
    assert (state / "server.yaml").read_text() == config.read_text()


async def test_a_running_server_is_left_alone(state, tmp_path):
    back_up(tmp_path / "file", state, None)
    before = contents(state)
    async with ControlPort(control_path(), {}):
        back_up(tmp_path / "file", state, None)
        with pytest.raises(AlreadyRunning, match=r"is running with the state in .*: stop it first"):
            await asyncio.to_thread(restore, tmp_path / "file", state, None)
    assert contents(state) == before


def test_where_nothing_is_there_is_nothing_to_back_up(tmp_path):
    refused = run("backup", str(tmp_path / "file"))
    assert refused.exit_code == 1
    assert "there is nothing to back up" in refused.stderr
    assert not (tmp_path / "file").exists()


async def test_a_place_that_cannot_be_written_is_told(state):
    with pytest.raises(BackupError, match="/proc/backup cannot be written: "):
        back_up(state.__class__("/proc/backup"), state, None)


async def test_a_move_that_fails_leaves_all_as_it_was(state, config, tmp_path):
    back_up(tmp_path / "file", state, config)
    before = contents(state)
    (tmp_path / "plain").write_text("no folder")
    with pytest.raises(BackupError, match="all is as it was"):
        restore(tmp_path / "file", state, tmp_path / "plain" / "server.yaml")
    assert contents(state) == before


# What is no backup. A member is (name, content) or a TarInfo; the index is true unless a test says otherwise.


def packed(path, *members, index=None, total=None):
    files = {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in members}
    said = {"format": 1, "roomtone": "9", "made_at": "2026-01-01T00:00:00Z", "files": files} | (index or {})
    with gzip.open(path, "wb") as file, tarfile.open(fileobj=file, mode="w:") as tar:
        for name, data in [(archive.INDEX, json.dumps(said).encode()), *members]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for member in total or ():
            tar.addfile(member)
    return path


def linked(name, kind, to):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


A_FILE = ("state/a.json", b"{}")
ENTRY = {"bytes": 0, "sha256": sha256(b"").hexdigest()}


@pytest.mark.parametrize(
    ("members", "options", "complaint"),
    [
        ([("../a.json", b"")], {}, "has an index that cannot be used"),
        ([("/etc/passwd", b"")], {}, "has an index that cannot be used"),
        ([("state/../../a", b"")], {}, "has an index that cannot be used"),
        ([("state/.hidden", b"")], {}, "has an index that cannot be used"),
        ([A_FILE], {"index": {"files": {}}}, "holds 'state/a.json', which its index does not"),
        ([A_FILE, A_FILE], {}, "holds 'state/a.json', which its index does not"),
        ([A_FILE], {"index": {"files": {"state/a.json": ENTRY}}}, "holds 'state/a.json', which its index does not"),
        (
            [A_FILE],
            {"index": {"files": {"state/a.json": ENTRY | {"bytes": 2}}}},
            r"is damaged: state/a.json is not what it was",
        ),
        ([], {"index": {"files": {"state/a.json": ENTRY}}}, "lacks state/a.json"),
        ([], {"index": {"format": 2}}, r"has an index that cannot be used \(format\): it may be of a newer version"),
        (
            [],
            {"index": {"files": {f"state/{n}": ENTRY | {"bytes": 2**31} for n in range(3)}}},
            "more than any state of a server",
        ),
        (
            [],
            {
                "index": {"files": {"state/a": ENTRY}},
                "total": [linked("state/a", tarfile.SYMTYPE, "/etc/passwd")],
            },
            "holds 'state/a', which",
        ),
        (
            [],
            {"index": {"files": {"state/a": ENTRY}}, "total": [linked("state/a", tarfile.LNKTYPE, "state/b")]},
            "holds 'state/a', which",
        ),
        ([], {"total": [linked("state", tarfile.DIRTYPE, "")]}, "holds 'state', which"),
        ([], {"total": [linked("state/dev", tarfile.CHRTYPE, "")]}, "holds 'state/dev', which"),
    ],
)
def test_an_archive_that_holds_something_else_is_refused(tmp_path, members, options, complaint):
    file, state = packed(tmp_path / "file", *members, **options), tmp_path / "server"
    with pytest.raises(BackupError, match=complaint):
        restore(file, state, None)
    assert contents(state) == {}


def test_an_archive_that_goes_on_behind_its_end_is_refused(tmp_path):
    file = packed(tmp_path / "file", A_FILE)
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()) + b"more"))
    with pytest.raises(BackupError, match="goes on behind its end"):
        restore(file, tmp_path / "server", None)


def test_a_name_without_end_takes_no_memory(tmp_path):
    member = tarfile.TarInfo("state/a")
    member.type, member.size = tarfile.XHDTYPE, 2**40
    file = tmp_path / "file"
    with gzip.open(file, "wb") as packed_file:
        packed_file.write(member.tobuf() + bytes(2**20))
    with pytest.raises(BackupError, match="is no backup of Roomtone's, or is damaged"):
        restore(file, tmp_path / "server", None)


@pytest.mark.parametrize("content", [b"", b"no archive", gzip.compress(b"no tar"), gzip.compress(bytes(10**6))])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BackupError, match="is no backup of Roomtone's"):
        restore(tmp_path / "file", tmp_path / "server", None)


async def test_a_backup_that_was_cut_off_is_refused(state, tmp_path):
    back_up(tmp_path / "file", state, None)
    whole, before = (tmp_path / "file").read_bytes(), contents(state)
    for length in range(0, len(whole), len(whole) // 15):
        (tmp_path / "file").write_bytes(whole[:length])
        with pytest.raises(BackupError):
            restore(tmp_path / "file", state, None)
    assert contents(state) == before


async def test_a_state_that_no_server_could_start_with_is_refused(state, tmp_path):
    before = contents(state)
    newer = tmp_path / "newer.db"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 999")
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    for name, content, error, words in [
        (FILE_NAME, b"no database" * 1000, StoreError, "is damaged"),
        (FILE_NAME, newer.read_bytes(), StoreError, "update Roomtone"),
        ("link.pem", b"no key", LinkError, "cannot be used"),
    ]:
        file = packed(tmp_path / "file", (f"state/{name}", content))
        with pytest.raises(error, match=words):
            restore(file, state, None)
    assert contents(state) == before
