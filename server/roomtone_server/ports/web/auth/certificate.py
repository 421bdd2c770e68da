"""The certificate that browsers see: one that the owner has, or one that the server makes for itself.

Satellites pin the link's certificate, which therefore never changes. A browser asks for names and dates instead, so the
web port has another: whoever installs it on a device is not warned there any more.
"""

import asyncio
import datetime as dt
import ipaddress
import logging
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from roomtone.errors import LinkError
from roomtone.link.security import as_pem, write_private

if TYPE_CHECKING:  # for the server's start
    from cryptography import x509

CERTIFICATE_FILE: Final = "web.pem"  # the key and the certificate together, so that they are replaced together
VALID_FOR: Final = dt.timedelta(days=800)  # Apple's devices trust none that is valid for more than 825 days
RENEWED_BEFORE: Final = dt.timedelta(days=30)
_CLOCKS_DIFFER: Final = dt.timedelta(days=1)
LOOKED_AT_EVERY_S: Final = 60.0  # whether the owner's has been renewed: certbot does so weeks before it must

_log = logging.getLogger(__name__)


def own_context(folder: Path, names: Iterable[str], addresses: Iterable[str], now: dt.datetime) -> ssl.SSLContext:
    """The server's own, kept in `folder`: made when there is none, when it is about to expire, or when it lacks one of
    the names. Addresses change too often for that: it has those of the day when it was made. Blocks. Raises LinkError.
    """
    path, wanted = folder / CERTIFICATE_FILE, frozenset(names)
    try:
        if not (path.exists() and _is_good(path.read_bytes(), wanted, now)):
            write_private(path, _new(wanted.union(addresses), now))
        context = _new_context()
        context.load_cert_chain(path)
    except (OSError, ValueError) as problem:
        raise LinkError(f"the certificate {path} cannot be used: {problem}; delete it to get a new one") from problem
    return context


class OwnersCertificate:
    """The owner's two files. Whoever connects to `context` after they were renewed is shown what they say then."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Blocks. Raises LinkError."""
        self._certificate, self._key = certificate, key
        self._seen = self._state()
        self.context = _new_context()
        self._load_into(self.context)

    async def look_after(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(LOOKED_AT_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Takes up what has changed. What cannot be used is told of once, and changes nothing."""
        state = await asyncio.to_thread(self._state)
        if state == self._seen:
            return
        self._seen = state
        try:
            # A certificate that does not fit the key would spoil the context that is in use.
            await asyncio.to_thread(self._load_into, _new_context())
            self._load_into(self.context)  # takes 1 ms, and must not happen beside a handshake
        except LinkError as problem:
            _log.warning("%s; browsers are shown the one before it", problem)
        else:
            _log.info("web: the certificate %s has changed: browsers are shown the new one", self._certificate)

    def _state(self) -> tuple[tuple[int, int] | None, ...]:
        """Other than before, when a file, or what a link leads to, is another one or was written to. Blocks."""
        return tuple(_state(path) for path in (self._certificate, self._key))

    def _load_into(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self._certificate, self._key)
        except (OSError, ValueError) as problem:
            raise LinkError(
                f"web: the certificate {self._certificate} with the key {self._key} cannot be used: {problem}; "
                "both must be PEM files that the server may read"
            ) from problem


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # an old tablet on a wall speaks no newer one
    return context


def _is_good(pem: bytes, wanted: frozenset[str], now: dt.datetime) -> bool:
    from cryptography import x509

    found = x509.load_pem_x509_certificate(pem)
    named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    has = {str(name.value) for name in named}
    return found.not_valid_before_utc <= now < found.not_valid_after_utc - RENEWED_BEFORE and wanted <= has


def _new(names: frozenset[str], now: dt.datetime) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Roomtone")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in sorted(names)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return as_pem(key, certificate)


def _general(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
