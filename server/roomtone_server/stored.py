"""What the server keeps, read by the command line, whether the server runs or not."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # for the command line's speed: see `roomtone.cli`
    from roomtone_server.store.database import Database

T = TypeVar("T")


def stored(ask: "Callable[[Database], Awaitable[T]]") -> T:
    """What the database answers. Raises StoreError."""
    import asyncio

    from roomtone.errors import StoreError
    from roomtone.paths import state_dir
    from roomtone_server.store.database import FILE_NAME, Database

    path = state_dir() / "server" / FILE_NAME
    if not path.exists():
        raise StoreError(f"there is no database at {path}: `roomtone server` makes it when it first runs")

    async def read() -> T:
        async with Database.read(path) as database:
            return await ask(database)

    return asyncio.run(read())
