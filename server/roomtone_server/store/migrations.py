"""The database's layout, as the steps that led to it. Forward only: a step, once released, is never edited.

Step n takes a database from version n - 1 to n; SQLite keeps the version in its header (`PRAGMA user_version`). All
steps that are due run in one transaction, so that a database is never between two versions.
"""

import sqlite3
from typing import Final

from roomtone.errors import StoreError

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE satellite (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            area TEXT,
            token_hash BLOB NOT NULL,
            paired_at REAL NOT NULL,
            seen_at REAL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE timer (
            position INTEGER PRIMARY KEY,
            id TEXT UNIQUE NOT NULL,
            satellite TEXT NOT NULL,
            area TEXT,
            name TEXT,
            set_s INTEGER NOT NULL,
            ends_at REAL,
            left_s REAL,
            command TEXT,
            confirmed INTEGER NOT NULL,
            CHECK ((ends_at IS NULL) <> (left_s IS NULL))
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE turn (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            satellite TEXT NOT NULL,
            began_at REAL NOT NULL,
            record TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX turn_by_time ON turn (began_at)",
    ),
    (
        """
        CREATE TABLE reminder (
            id TEXT PRIMARY KEY NOT NULL,
            satellite TEXT NOT NULL,
            text TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE fact (
            id TEXT PRIMARY KEY NOT NULL,
            text TEXT NOT NULL,
            told_at REAL NOT NULL
        ) STRICT
        """,
    ),
    (
        "ALTER TABLE timer ADD COLUMN language TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE reminder ADD COLUMN language TEXT NOT NULL DEFAULT ''",
    ),
    (
        """
        CREATE TABLE conversation (
            id TEXT PRIMARY KEY NOT NULL,
            exchanges TEXT NOT NULL,
            until REAL NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE presented (
            satellite TEXT PRIMARY KEY NOT NULL,
            port INTEGER UNIQUE NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE web_key (
            id TEXT PRIMARY KEY NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            secret_hash TEXT UNIQUE NOT NULL,
            address TEXT NOT NULL,
            made_at REAL NOT NULL,
            seen_at REAL
        ) STRICT
        """,
        """
        CREATE TABLE web_password (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            hash TEXT NOT NULL
        ) STRICT
        """,
    ),
    (  # what a satellite says of itself, where it was given another name or area
        "ALTER TABLE satellite ADD COLUMN said_name TEXT",
        "ALTER TABLE satellite ADD COLUMN said_area TEXT",
        "UPDATE satellite SET said_name = name, said_area = area",
    ),
    (
        """
        CREATE TABLE ducked (
            entity TEXT PRIMARY KEY NOT NULL,
            before REAL NOT NULL,
            lowered REAL NOT NULL
        ) STRICT
        """,
    ),
)
VERSION: Final = len(STEPS)


def migrate(connection: sqlite3.Connection, *, to: int = VERSION) -> None:
    """Brings a database in autocommit mode from whatever version it has to `to`. Raises StoreError for a newer one."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in (statement for step in STEPS[_version(connection, to) : to] for statement in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {to:d}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def check_version(connection: sqlite3.Connection) -> None:
    """Raises StoreError for a database of a newer version."""
    _version(connection, VERSION)


def expect_newest(connection: sqlite3.Connection) -> None:
    """Raises StoreError for a database of any other version: who only reads cannot bring it to this one."""
    if (found := _version(connection, VERSION)) < VERSION:
        raise StoreError(f"has version {found}, and this Roomtone reads version {VERSION}: start the server once")


def _version(connection: sqlite3.Connection, newest: int) -> int:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > newest:
        raise StoreError(f"has version {found}, and this Roomtone knows versions up to {newest}: update Roomtone")
    assert isinstance(found, int)
    return found
