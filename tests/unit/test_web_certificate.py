"""The certificate that browsers see: made, kept, made anew, or the owner's."""

import datetime as dt
import shutil
import ssl
from contextlib import suppress

import pytest
from cryptography import x509

from roomtone.errors import LinkError
from roomtone_server.ports.web.auth.certificate import (
    CERTIFICATE_FILE,
    RENEWED_BEFORE,
    OwnersCertificate,
    own_context,
)

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def kept(folder):
    return x509.load_pem_x509_certificate((folder / CERTIFICATE_FILE).read_bytes())


def test_the_servers_own_certificate_has_its_names_and_is_kept(tmp_path):
    own_context(tmp_path, {"attic", "attic.local"}, {"192.0.2.1", "::1"}, NOW)
    first = kept(tmp_path)
    names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == {"attic", "attic.local", "192.0.2.1", "::1"}
    assert (tmp_path / CERTIFICATE_FILE).stat().st_mode & 0o777 == 0o600
    own_context(tmp_path, {"attic"}, {"192.0.2.2"}, NOW)
    assert kept(tmp_path) == first, "an address that changes costs nobody a new warning"


def test_it_is_made_anew_for_a_new_name_and_before_it_expires(tmp_path):
    own_context(tmp_path, {"attic"}, set(), NOW)
    first = kept(tmp_path)
    own_context(tmp_path, {"attic", "cellar"}, set(), NOW)
    second = kept(tmp_path)
    assert second != first
    own_context(tmp_path, {"attic"}, set(), second.not_valid_after_utc - RENEWED_BEFORE)
    third = kept(tmp_path)
    assert third != second
    own_context(tmp_path, {"attic"}, set(), NOW - dt.timedelta(days=3650))
    assert kept(tmp_path) != third, "a clock that was wrong when it was made"


def test_a_certificate_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / CERTIFICATE_FILE).write_text("no certificate")
    with pytest.raises(LinkError, match=r"web\.pem cannot be used"):
        own_context(tmp_path, {"attic"}, set(), NOW)
    with pytest.raises(LinkError, match=r"mine\.pem .* cannot be used"):
        OwnersCertificate(tmp_path / "mine.pem", tmp_path / "mine.key")


def test_the_owners_certificate_is_taken(tmp_path):
    own_context(tmp_path, {"attic"}, set(), NOW)
    both = tmp_path / CERTIFICATE_FILE
    assert OwnersCertificate(both, both).context.minimum_version == ssl.TLSVersion.TLSv1_2


def shown_by(context):
    """The certificate that a browser gets to see."""
    to_server, to_browser = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    server = context.wrap_bio(to_server, to_browser, server_side=True)
    browser = trusting.wrap_bio(to_browser, to_server)
    for end in (browser, server, browser):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return x509.load_der_x509_certificate(browser.getpeercert(binary_form=True))


async def test_what_the_owner_renews_is_shown_from_then_on(tmp_path, caplog):
    first, second = (tmp_path / name for name in ("first", "second"))
    for folder in (first, second):
        folder.mkdir()
        own_context(folder, {"attic"}, set(), NOW)
    before, after = kept(first), kept(second)
    certificate, key = tmp_path / "mine.pem", tmp_path / "mine.key"
    for link in (certificate, key):
        link.symlink_to(first / CERTIFICATE_FILE)  # as certbot does
    owners = OwnersCertificate(certificate, key)
    await owners.look()
    assert shown_by(owners.context) == before
    certificate.unlink()
    certificate.symlink_to(second / CERTIFICATE_FILE)
    for _ in range(2):
        await owners.look()
    assert shown_by(owners.context) == before, "its key has not come yet"
    assert [record.levelname for record in caplog.records] == ["WARNING"], "told of once"
    shutil.copy(second / CERTIFICATE_FILE, first / CERTIFICATE_FILE)  # the key, where its link leads to
    await owners.look()
    assert shown_by(owners.context) == after
    certificate.unlink()
    await owners.look()
    assert shown_by(owners.context) == after
    assert "mine.pem with the key" in caplog.records[-1].getMessage()
