"""Where something speaks plain Wyoming, as settings name it: tcp://HOST:PORT."""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

Address = tuple[str, int]

_PATTERN: Final = r"^tcp://[^/\s]+:\d{1,5}$"


def _with_a_port(uri: str) -> str:
    if not 0 < int(uri.rpartition(":")[2]) < 2**16:
        raise ValueError("a port is a number from 1 to 65535")
    return uri


WyomingUri = Annotated[str, Field(pattern=_PATTERN), AfterValidator(_with_a_port)]


def is_wyoming_uri(text: str) -> bool:
    """Whether it looks like one; its port may still be none."""
    return re.match(_PATTERN, text) is not None


def address_of(uri: str) -> Address:
    """Host and port of a `WyomingUri`."""
    parts = urlsplit(uri)
    return parts.hostname or "", parts.port or 0
