"""The certificate that browsers see: made, kept, made anew, or the owner's."""

import datetime as dt
import ssl

import pytest
from cryptography import x509

from roomtone.errors import LinkError
from roomtone_server.ports.web.auth.certificate import CERTIFICATE_FILE, RENEWED_BEFORE, own_context, owners_context

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
        owners_context(tmp_path / "mine.pem", tmp_path / "mine.key")


def test_the_owners_certificate_is_taken(tmp_path):
    own_context(tmp_path, {"attic"}, set(), NOW)
    both = tmp_path / CERTIFICATE_FILE
    assert owners_context(both, both).minimum_version == ssl.TLSVersion.TLSv1_2
