import hashlib
import ssl
import stat

import pytest

from roomtone.errors import LinkError
from roomtone.link.security import CERTIFICATE_FILE, client_context, fingerprint_of, make_certificate, write_private


def test_a_certificate_is_made_once_and_kept(tmp_path):
    folder = tmp_path / "state"
    first = make_certificate(folder)
    path = folder / CERTIFICATE_FILE
    pem = path.read_text()
    assert make_certificate(folder).fingerprint == first.fingerprint
    assert path.read_text() == pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :])
    assert first.fingerprint == fingerprint_of(der) == hashlib.sha256(der).digest()


def test_two_servers_are_told_apart(tmp_path):
    assert make_certificate(tmp_path / "a").fingerprint != make_certificate(tmp_path / "b").fingerprint


def test_a_certificate_outlives_its_hardware(tmp_path):
    from cryptography import x509

    make_certificate(tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / CERTIFICATE_FILE).read_bytes())
    assert certificate.not_valid_before_utc.year == 2000
    assert certificate.not_valid_after_utc.year == 2100


def test_a_key_that_others_could_read_is_closed_again(tmp_path):
    make_certificate(tmp_path)
    (tmp_path / CERTIFICATE_FILE).chmod(0o644)
    make_certificate(tmp_path)
    assert stat.S_IMODE((tmp_path / CERTIFICATE_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("cut", [0, 20, -40])
def test_a_broken_certificate_is_named_and_left_alone(tmp_path, cut):
    make_certificate(tmp_path)
    path = tmp_path / CERTIFICATE_FILE
    broken = path.read_bytes()[:cut]
    path.write_bytes(broken)
    with pytest.raises(LinkError, match=r"link\.pem cannot be used .* pair each satellite again"):
        make_certificate(tmp_path)
    assert path.read_bytes() == broken


def test_both_ends_speak_tls_1_3_only(tmp_path):
    for context in (client_context(), make_certificate(tmp_path).context):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_3


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "kept"
    write_private(path, b"old")
    with pytest.raises(TypeError):
        write_private(path, None)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
