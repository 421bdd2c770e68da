"""One SQLite file, one thread that owns it; the event loop only ever waits for that thread."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from roomtone.errors import StoreError
from roomtone_server.store.migrations import check_version, expect_newest, migrate

T = TypeVar("T")
SqlValue = str | bytes | int | float | None

FILE_NAME: Final = "roomtone.db"  # in the server's state folder

# How long another process (a backup, say) may hold the file before we give up.
BUSY_TIMEOUT_S: Final = 5.0


class Database:
    """Made by `Database.open`; the stores beside this module put their queries to it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, executor: Executor) -> None:
        self._path = path
        self._connection = connection
        self._executor = executor

    @classmethod
    def open(cls, path: Path, executor: Executor | None = None) -> AbstractAsyncContextManager[Self]:
        """The database in that file, made (0600) or migrated if need be; closed, with nothing lost, at the end.

        `executor` is where all calls run, one after the other; None makes a thread for it. Raises StoreError when the
        file is no database, is damaged, is of a newer version, or cannot be written.
        """
        return cls._opened(path, _connect, executor)

    @classmethod
    def read(cls, path: Path) -> AbstractAsyncContextManager[Self]:
        """The same for `select` alone, beside a server that may be using it: it neither waits nor is kept waiting.

        Raises StoreError also when there is no such file, or it is of an older version.
        """
        return cls._opened(path, _connect_to_read, None)

    @classmethod
    @asynccontextmanager
    async def _opened(
        cls, path: Path, connect: Callable[[Path], sqlite3.Connection], executor: Executor | None
    ) -> AsyncIterator[Self]:
        owned = ThreadPoolExecutor(1, thread_name_prefix="store") if executor is None else executor
        loop = asyncio.get_running_loop()
        try:
            connection = await loop.run_in_executor(owned, connect, path)
            try:
                yield cls(path, connection, owned)
            finally:
                await loop.run_in_executor(owned, connection.close)
        finally:
            if executor is None:
                owned.shutdown()

    async def change(self, statement: str, *values: SqlValue) -> int:
        """Runs one statement; when it returns, the change is on the disk. How many rows it touched.

        Raises StoreError.
        """
        return await self._run(lambda: self._connection.execute(statement, values).rowcount)

    async def select(self, query: str, *values: SqlValue) -> Sequence[tuple[Any, ...]]:
        """All rows of one query. Raises StoreError."""
        return await self._run(lambda: self._connection.execute(query, values).fetchall())

    async def _run(self, work: Callable[[], T]) -> T:
        def blamed() -> T:
            with _blaming(self._path):
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._executor, blamed)


def copy(path: Path, target: Path) -> None:
    """The database as it is at this moment, whoever is using it, in a file of its own. Raises StoreError."""
    with _blaming(path), _closing(f"{path.absolute().as_uri()}?mode=ro") as source, _closing(target.as_uri()) as copied:
        source.backup(copied)


def check(path: Path) -> None:
    """Raises StoreError for a database that is damaged, or of a newer version than this Roomtone's."""
    with _blaming(path), _closing(f"{path.absolute().as_uri()}?mode=ro&immutable=1") as connection:
        _check(connection)
        check_version(connection)


@contextmanager
def _closing(uri: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    with _blaming(path):
        # SQLite gives its journal files the mode of the database: this decides for all three.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _check(connection)
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """A reader of a WAL database sees its last whole state, and holds no lock that a writer would wait for."""
    with _blaming(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False
        )
        try:
            expect_newest(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Every failure as a StoreError that names the file and what to do."""
    try:
        yield
    except OSError as problem:
        raise StoreError(f"the database {path} cannot be opened: {problem.strerror}") from problem
    except StoreError as problem:
        raise StoreError(f"the database {path} {problem}") from problem
    except sqlite3.OperationalError as problem:
        raise StoreError(f"the database {path} cannot be used now: {problem}") from problem
    except sqlite3.Error as problem:
        raise StoreError(
            f"the database {path} is damaged: {problem}; restore it, or move it away to start with an empty one"
        ) from problem
