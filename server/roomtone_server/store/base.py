"""What is kept, and what each store of it promises.

Times are seconds since the Unix epoch (wall clock), so that they mean the same after a restart.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol


@dataclass(frozen=True, slots=True)
class PairedSatellite:
    """A satellite that this server let in. Of its token only the hash is kept."""

    id: str
    name: str
    area: str | None
    token_hash: bytes
    paired_at: float
    seen_at: float | None = None  # its last connection


class SatelliteStore(Protocol):
    async def add(self, satellite: PairedSatellite) -> None:
        """Keeps it; one with the same id is replaced (paired again)."""

    async def find(self, satellite_id: str) -> PairedSatellite | None:
        """None for an id that was never paired, or was removed."""

    async def list(self) -> Sequence[PairedSatellite]:
        """All of them, by name."""

    async def remove(self, satellite_id: str) -> bool:
        """Revokes it; whether it was there."""

    async def seen(self, satellite_id: str, at: float, *, name: str, area: str | None) -> PairedSatellite | None:
        """It connected, and says of itself that it is called so and stands there; as what it is known from now on, or
        None when it was removed meanwhile. A name or an area that it was given here (`rename`) holds for as long as it
        says the same of itself as before; one that says no area leaves that as it is."""

    async def rename(self, satellite_id: str, name: str, area: str | None) -> bool:
        """Gives it a name and an area; whether it was there."""


class PresentedStore(Protocol):
    async def port_of(self, satellite_id: str, ports: Collection[int]) -> int | None:
        """The port at which a paired satellite is presented to others: of these, and the same each time; None when all
        are taken by other paired satellites."""


@dataclass(frozen=True, slots=True)
class StoredTimer:
    """A countdown as it survives a restart: running until `ends_at`, or paused with `left_s` to go."""

    id: str
    satellite: str  # where it rings; empty: everywhere
    area: str | None  # where the satellite stood
    name: str | None
    set_s: int  # what was asked for, as people refer to it: "the five minute timer"
    ends_at: float | None
    left_s: float | None
    command: str | None = None  # instead of ringing: a sentence to be carried out
    confirmed: bool = False  # whether the sentence needs no "yes" any more
    language: str = ""  # in which it was set, and the sentence is; empty: the house's first


class TimerStore(Protocol):
    async def save(self, timer: StoredTimer) -> None:
        """Keeps it; replaces the one with the same id."""

    async def remove(self, timer_id: str) -> None:
        """Forgets it, if it is there."""

    async def list(self) -> Sequence[StoredTimer]:
        """All of them, in the order in which they were set."""


@dataclass(frozen=True, slots=True)
class StoredReminder:
    """Something to be said at a time."""

    id: str
    satellite: str  # where; empty: everywhere
    text: str  # in the speaker's words
    at: float
    language: str = ""  # of the text; empty: the house's first


class ReminderStore(Protocol):
    async def save(self, reminder: StoredReminder) -> None:
        """Keeps it; replaces the one with the same id."""

    async def remove(self, reminder_id: str) -> None:
        """Forgets it, if it is there."""

    async def list(self) -> Sequence[StoredReminder]:
        """All of them, the soonest first."""


@dataclass(frozen=True, slots=True)
class StoredFact:
    """Something that somebody asked to be remembered."""

    id: str
    text: str
    told_at: float


class FactStore(Protocol):
    async def save(self, fact: StoredFact) -> None:
        """Keeps it; replaces the one with the same id."""

    async def remove(self, fact_id: str) -> None:
        """Forgets it, if it is there."""

    async def list(self) -> Sequence[StoredFact]:
        """All of them, in the order in which they were told."""


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """What was said in one conversation."""

    id: str
    exchanges: str  # JSON, the agent's own
    until: float  # UNIX time: then it is forgotten


class ConversationStore(Protocol):
    async def save(self, conversation: StoredConversation) -> None:
        """Keeps it; replaces the one with the same id."""

    async def list(self) -> Sequence[StoredConversation]:
        """All of them, as they were saved."""

    async def clear(self) -> None:
        """Forgets them all."""


@dataclass(frozen=True, slots=True)
class StoredDucked:
    """A media player that is turned down for a while; volumes are 0 to 1."""

    entity: str
    before: float
    lowered: float


class DuckedStore(Protocol):
    async def save(self, ducked: StoredDucked) -> None:
        """Keeps it; replaces the one of the same player."""

    async def remove(self, entity: str) -> None:
        """It is as loud as before: forgets it, if it is there."""

    async def list(self) -> Sequence[StoredDucked]:
        """All that are turned down."""


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn that is over."""

    number: int  # counted by the store, from 1 on, never twice
    satellite: str  # its id
    name: str | None  # its name now; None when it is no longer paired
    began_at: float
    record: str  # JSON, as `telemetry.record` writes it
    area: str | None = None  # where the satellite stands now


@dataclass(frozen=True, slots=True)
class WhichTurns:
    """Those to which all of it applies; what is empty applies to every turn."""

    satellite: str = ""  # its name or id
    area: str = ""  # where it stands now
    outcome: str = ""
    before: int | None = None  # turns with lower numbers


EVERY_TURN: Final = WhichTurns()


class TurnStore(Protocol):
    async def add(self, satellite: str, began_at: float, record: str) -> int:
        """Keeps a turn under the next number, which it tells; the oldest give way to it."""

    async def find(self, number: int) -> StoredTurn | None:
        """None for one that never was, or is no longer kept."""

    async def latest(self, limit: int, which: WhichTurns = EVERY_TURN) -> Sequence[StoredTurn]:
        """The last of them, in the order in which they ended."""

    async def since(self, at: float, which: WhichTurns = EVERY_TURN) -> Sequence[StoredTurn]:
        """Those that began at that time or later, in the order in which they ended."""

    async def last_of_each(self) -> Sequence[StoredTurn]:
        """The last turn of each satellite."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What lets somebody in through the web port: a browser's session, the owner's or the family's, or a program's
    token. Of its secret only the hash is kept."""

    id: str
    kind: Literal["owner", "family", "token"]
    name: str
    scopes: frozenset[str]  # of a token; a session's are those of its kind
    secret_hash: str
    address: str  # from where a session came in
    made_at: float
    seen_at: float | None  # None: a token that was never used


class KeyStore(Protocol):
    async def add(self, key: StoredKey) -> None:
        """Keeps it."""

    async def seen(self, key_id: str, at: float) -> None:
        """It was used; nothing happens when it was removed meanwhile."""

    async def remove(self, key_id: str) -> None:
        """Forgets it, if it is there."""

    async def list(self) -> Sequence[StoredKey]:
        """All of them."""


class PasswordStore(Protocol):
    async def save(self, hashed: str) -> None:
        """Keeps it, in place of the one before."""

    async def load(self) -> str | None:
        """None while there is none."""
