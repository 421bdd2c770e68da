import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone.errors import CodeRefused, LinkError
from roomtone.link.pairing import (
    MAX_WRONG_TRIES,
    WINDOW_S,
    Credentials,
    PairingCode,
    PairingWindow,
    new_token,
    token_hash,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
codes = st.builds(PairingCode, st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8))

# The worked example of docs/protocol.md.
EXAMPLE = PairingCode(bytes(range(0x10, 0x20)), bytes(range(0xA0, 0xA8)))
EXAMPLE_TEXT = "208H4-4RM2M-B1E60-S38DH-R78Y3-YGA38-N3MJJ-TD9SS"


@given(codes)
def test_a_code_survives_being_written_down(code):
    assert PairingCode.parse(str(code)) == code


@given(codes, st.data())
def test_a_code_may_be_typed_in_many_ways(code, data):
    typed = ""
    for letter in str(code).replace("-", ""):
        alike = {"0": "0Oo", "1": "1IiLl"}.get(letter, letter + letter.lower())
        typed += data.draw(st.sampled_from(alike)) + data.draw(st.sampled_from(["", "", "", " ", "-", " - ", "\n"]))
    assert PairingCode.parse(typed) == code


@given(codes, st.integers(0, 39), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code, at, letter):
    text = str(code).replace("-", "")
    wrong = text[:at] + letter + text[at + 1 :]
    if wrong != text:
        with pytest.raises(CodeRefused, match="mistyped"):
            PairingCode.parse(wrong)


@given(codes, st.integers(0, 38))
def test_swapped_neighbours_are_noticed(code, at):
    text = str(code).replace("-", "")
    wrong = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if wrong != text:
        with pytest.raises(CodeRefused, match="mistyped"):
            PairingCode.parse(wrong)


@pytest.mark.parametrize("text", ["", "ABC", str(EXAMPLE)[:-1], str(EXAMPLE) + "0"])
def test_a_wrong_length_is_named(text):
    with pytest.raises(CodeRefused, match="characters and should have 40"):
        PairingCode.parse(text)


@pytest.mark.parametrize("letter", ["U", "u", "!", "ß", "٣"])
def test_a_character_that_is_in_no_code_is_named(letter):
    with pytest.raises(CodeRefused, match="is in no code"):
        PairingCode.parse(letter + str(EXAMPLE)[1:])


def test_the_example_of_the_protocols_description():
    assert str(EXAMPLE) == EXAMPLE_TEXT


def test_a_code_does_not_show_its_secret_by_accident():
    assert "secret" not in repr(EXAMPLE)
    assert EXAMPLE.secret.hex() not in repr(EXAMPLE)


def test_a_window_lets_one_in():
    window = PairingWindow()
    secret = window.open(now=100)
    assert window.is_open(now=100)
    window.redeem(secret.hex(), now=101)
    assert not window.is_open(now=101)
    with pytest.raises(CodeRefused, match="was used"):
        window.redeem(secret.hex(), now=102)


def test_a_window_that_was_never_opened():
    with pytest.raises(CodeRefused, match="no pairing code is valid"):
        PairingWindow().redeem("00" * 8, now=0)


def test_a_window_closes_by_itself():
    window = PairingWindow()
    secret = window.open(now=100)
    assert not window.is_open(100 + WINDOW_S)
    with pytest.raises(CodeRefused, match="expired"):
        window.redeem(secret.hex(), now=100 + WINDOW_S)
    with pytest.raises(CodeRefused, match="no pairing code is valid"):
        window.redeem(secret.hex(), now=101)


def test_five_wrong_tries_close_the_window():
    window = PairingWindow()
    secret = window.open(now=0)
    for _ in range(MAX_WRONG_TRIES - 1):
        with pytest.raises(CodeRefused, match="not the newest"):
            window.redeem("00" * 8, now=1)
    with pytest.raises(CodeRefused, match="5 wrong codes closed the window"):
        window.redeem("anything \ud800", now=1)
    with pytest.raises(CodeRefused, match="no pairing code is valid"):
        window.redeem(secret.hex(), now=1)


def test_a_new_code_voids_the_one_before():
    window = PairingWindow()
    old = window.open(now=0)
    new = window.open(now=1)
    with pytest.raises(CodeRefused, match="not the newest"):
        window.redeem(old.hex(), now=2)
    window.redeem(new.hex(), now=2)


def test_tokens_are_long_and_differ():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) * 6 >= 256 for token in tokens)
    assert len({token_hash(token) for token in tokens}) == 100
    assert not any(token in token_hash(token) for token in tokens)


CREDENTIALS = Credentials("0123abcd", "a token", "ab" * 32, "home", "192.0.2.7", 10760)


def test_credentials_are_kept_for_their_owner_only(tmp_path):
    path = tmp_path / "new" / "credentials.json"
    CREDENTIALS.save(path)
    assert Credentials.load(path) == CREDENTIALS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["credentials.json"]


def test_credentials_are_replaced_whole(tmp_path):
    path = tmp_path / "credentials.json"
    path.write_text("old")
    path.chmod(0o644)
    CREDENTIALS.save(path)
    assert Credentials.load(path) == CREDENTIALS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_file_it_is_not_paired(tmp_path):
    assert Credentials.load(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "change",
    [{"port": 0}, {"port": "10760"}, {"fingerprint": "ab" * 31}, {"fingerprint": "AB" * 32}, {"token": None}],
)
def test_broken_credentials_are_named(tmp_path, change):
    path = tmp_path / "credentials.json"
    CREDENTIALS.save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(LinkError, match=r"credentials\.json is broken: delete the file and pair again"):
        Credentials.load(path)


def test_credentials_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(LinkError, match="cannot be read: Is a directory"):
        Credentials.load(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(LinkError, match="cannot be kept"):
        CREDENTIALS.save(tmp_path / "file" / "credentials.json")


def test_credentials_do_not_show_their_token_by_accident():
    assert "a token" not in repr(CREDENTIALS)
