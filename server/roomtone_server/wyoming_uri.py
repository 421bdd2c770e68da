"""Where something speaks plain Wyoming, as settings name it."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

Address = tuple[str, int]


def _with_a_port(uri: str) -> str:
    if not 0 < int(uri.rpartition(":")[2]) < 2**16:
        raise ValueError("a port is a number from 1 to 65535")
    return uri


WyomingUri = Annotated[str, Field(pattern=r"^tcp://[^/\s]+:\d{1,5}$"), AfterValidator(_with_a_port)]


def address_of(uri: str) -> Address:
    """Host and port of a `WyomingUri`."""
    parts = urlsplit(uri)
    return parts.hostname or "", parts.port or 0
