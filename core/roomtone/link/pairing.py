"""How a satellite and a server come to know each other: the code that a person carries, and what is kept after it.

A code is 25 bytes in Crockford's base32, 40 characters: 16 bytes of the SHA-256 of the server's certificate, 8 bytes of
a one-time secret, and a CRC-8 of these 24. The CRC's polynomial is irreducible, so one wrong character, or two
neighbours swapped, is always noticed.
"""

import hashlib
import hmac
import json
import secrets
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import override

from roomtone.errors import CodeRefused, LinkError
from roomtone.link.security import write_private
from roomtone.paths import make_private

FINGERPRINT_BYTES: Final = 16  # 128 bits: nobody finds a second certificate that begins like ours
SECRET_BYTES: Final = 8
WINDOW_S: Final = 600.0
MAX_WRONG_TRIES: Final = 5  # without it, a patient peer on the LAN would try secrets for ten minutes

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AS_MEANT: Final = str.maketrans(string.ascii_lowercase + "oilOIL", string.ascii_uppercase + "011011")
_CODE_BYTES: Final = FINGERPRINT_BYTES + SECRET_BYTES + 1
_CODE_CHARACTERS: Final = _CODE_BYTES * 8 // 5
_GROUP: Final = 5


@dataclass(frozen=True, slots=True)
class PairingCode:
    """What `roomtone pair` prints. `str` gives the text; `repr` keeps the secret."""

    fingerprint16: bytes
    secret: bytes = field(repr=False)

    @override
    def __str__(self) -> str:
        body = self.fingerprint16 + self.secret
        number = int.from_bytes(body + bytes([_crc8(body)]))
        text = "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_CODE_CHARACTERS - 1), -1, -5))
        return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))

    @classmethod
    def parse(cls, text: str) -> "PairingCode":
        """The code that a person typed: either case, O for 0, I and L for 1, any spaces and dashes.

        Raises CodeRefused, saying whether it is too short, too long or mistyped.
        """
        typed = "".join(text.split()).replace("-", "").translate(_AS_MEANT)
        strange = next((character for character in typed if character not in _ALPHABET), None)
        if strange is not None:
            raise CodeRefused(f"the pairing code is mistyped: {strange!r} is in no code")
        if len(typed) != _CODE_CHARACTERS:
            raise CodeRefused(f"the pairing code has {len(typed)} characters and should have {_CODE_CHARACTERS}")
        number = 0
        for character in typed:
            number = number << 5 | _ALPHABET.index(character)
        raw = number.to_bytes(_CODE_BYTES)
        body, check = raw[:-1], raw[-1]
        if _crc8(body) != check:
            raise CodeRefused("the pairing code is mistyped: compare it with what `roomtone pair` printed")
        return cls(body[:FINGERPRINT_BYTES], body[FINGERPRINT_BYTES:])


class PairingWindow:
    """The time in which one satellite may pair. Pure: `now` is a monotonic time in seconds."""

    def __init__(self) -> None:
        self._secret_hash: str | None = None
        self._until = 0.0
        self._tries_left = 0

    def open(self, now: float) -> bytes:
        """A new secret, good once, for WINDOW_S; the one before it is void."""
        secret = secrets.token_bytes(SECRET_BYTES)
        self._secret_hash = token_hash(secret.hex())
        self._until = now + WINDOW_S
        self._tries_left = MAX_WRONG_TRIES
        return secret

    def is_open(self, now: float) -> bool:
        return self._secret_hash is not None and now < self._until

    def redeem(self, secret: str, now: float) -> None:
        """Takes the secret, in hex, and closes the window. Raises CodeRefused."""
        if self._secret_hash is None:
            raise CodeRefused("no pairing code is valid now, or this one was used: run `roomtone pair` for a new one")
        if now >= self._until:
            self._secret_hash = None
            raise CodeRefused("the pairing code has expired: run `roomtone pair` for a new one")
        if hmac.compare_digest(token_hash(secret), self._secret_hash):
            self._secret_hash = None
            return
        self._tries_left -= 1
        if self._tries_left == 0:
            self._secret_hash = None
            raise CodeRefused(f"{MAX_WRONG_TRIES} wrong codes closed the window: run `roomtone pair` for a new one")
        raise CodeRefused("this pairing code is not the newest one: use the last that `roomtone pair` printed")


def new_token() -> str:
    """256 random bits, as text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the server keeps instead of a token or secret: its SHA-256 in hex. Random enough to need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a satellite keeps of its server."""

    satellite: str  # the id that the server gave
    token: str = field(repr=False)
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]  # SHA-256 of the server's certificate, hex
    server: str  # its name, for people
    host: str  # where it was last seen
    port: Annotated[int, Field(ge=1, le=65535)]

    def save(self, path: Path) -> None:
        """Writes the file, 0600, whole or not at all. Raises LinkError."""
        try:
            make_private(path.parent)
            write_private(path, json.dumps(asdict(self), indent=2).encode())
        except OSError as problem:
            raise LinkError(f"the pairing cannot be kept in {path}: {problem.strerror}") from problem

    @classmethod
    def load(cls, path: Path) -> "Credentials | None":
        """What `save` wrote; None when there is no file: not paired. Raises LinkError for one that cannot be read."""
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise LinkError(f"the pairing in {path} cannot be read: {problem.strerror}") from problem
        try:
            return _CREDENTIALS.validate_json(raw, strict=True)
        except ValidationError:
            raise LinkError(f"the pairing in {path} is broken: delete the file and pair again") from None


_CREDENTIALS: Final = TypeAdapter(Credentials)


def _crc8(data: bytes) -> int:
    """CRC-8/SAE-J1850: polynomial x^8 + x^4 + x^3 + x^2 + 1, which is irreducible."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x11D) if crc & 0x80 else crc << 1
    return crc ^ 0xFF
