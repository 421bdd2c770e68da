"""Who the peer is: a certificate that the server makes for itself, and a pin that takes the place of a PKI.

Both ends speak TLS 1.3 and nothing older. The satellite asks no authority and reads no dates, so it connects without
a clock; it knows its server by the SHA-256 of the certificate, which pairing gave it.
"""

import datetime as dt
import hashlib
import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from roomtone.errors import LinkError
from roomtone.paths import make_private

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

CERTIFICATE_FILE: Final = "link.pem"  # the key and the certificate together, so that they are replaced together
_VALID_FROM: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # before any clock that lost its battery
_VALID_UNTIL: Final = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    context: ssl.SSLContext  # the server's side
    fingerprint: bytes  # SHA-256 of the certificate, 32 bytes


def make_certificate(folder: Path) -> ServerIdentity:
    """The server's identity, kept in `folder`: made at the first call, loaded ever after.

    Raises LinkError when the kept one cannot be used.
    """
    path = make_private(folder) / CERTIFICATE_FILE
    if not path.exists():
        write_private(path, _new_certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # a connection lives for days; nobody resumes one
    try:
        path.chmod(0o600)
        context.load_cert_chain(path)
        der = ssl.PEM_cert_to_DER_cert(_certificate_in(path.read_text("ascii")))
    except (OSError, ValueError) as problem:
        raise LinkError(
            f"the server's certificate {path} cannot be used ({problem}): restore it from a backup, or delete it to "
            "get a new one and pair each satellite again"
        ) from problem
    return ServerIdentity(context, fingerprint_of(der))


def client_context() -> ssl.SSLContext:
    """For a satellite: it encrypts, but trusts nobody; the pin in `stream.dial` does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fingerprint_of(der: bytes) -> bytes:
    """The SHA-256 of a certificate in DER, 32 bytes."""
    return hashlib.sha256(der).digest()


def write_private(path: Path, content: bytes) -> None:
    """Puts the whole content at `path`, readable by its owner only, or leaves what was there: also when power fails."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp creates with 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _certificate_in(pem: str) -> str:
    return pem[pem.index("-----BEGIN CERTIFICATE-----") :]


def _new_certificate() -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "roomtone")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return as_pem(key, certificate)


def as_pem(key: "ec.EllipticCurvePrivateKey", certificate: "x509.Certificate") -> bytes:
    """Both in one file, so that they are replaced together."""
    from cryptography.hazmat.primitives import serialization

    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
