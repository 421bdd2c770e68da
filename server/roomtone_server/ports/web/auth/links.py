"""One-time links: how the owner comes in the first time, or after the password was forgotten, and how the owner lets a
device of the family in. Kept in memory: a server that starts anew knows none of them any more."""

import secrets
from dataclasses import dataclass
from typing import Final, Literal

from roomtone.link.pairing import token_hash

Purpose = Literal["owner", "family"]

VALID_S: Final = 3600.0
MAX_LINKS: Final = 16  # guards memory: whoever may invite could do so without end


def entry(address: str, secret: str) -> str:
    """The page's address that comes in by a link."""
    return f"{address}/#/enter/{secret}"


@dataclass(frozen=True, slots=True)
class OpenLink:
    purpose: Purpose
    until: float


class Links:
    """Pure: `now` is a monotonic time in seconds. Of each secret, 256 random bits as text, only the hash is kept."""

    def __init__(self) -> None:
        self._open: dict[str, OpenLink] = {}  # by hash, the oldest first

    def make(self, purpose: Purpose, now: float) -> str:
        """A secret, good once, for VALID_S. There is one for an owner at most: the one before it is void."""
        self._open = {
            hashed: link
            for hashed, link in self._open.items()
            if now < link.until and not purpose == link.purpose == "owner"
        }
        if len(self._open) >= MAX_LINKS:
            del self._open[next(iter(self._open))]
        secret = secrets.token_urlsafe(32)
        self._open[token_hash(secret)] = OpenLink(purpose, now + VALID_S)
        return secret

    def find(self, secret: str, now: float) -> OpenLink | None:
        """What it is good for; None: for nothing, or no longer."""
        link = self._open.get(token_hash(secret))
        return link if link is not None and now < link.until else None

    def take(self, secret: str, purpose: Purpose, now: float) -> bool:
        """Whether it was good for this; it is so no longer."""
        link = self.find(secret, now)
        if link is None or link.purpose != purpose:
            return False
        del self._open[token_hash(secret)]
        return True
