"""What is asked of a source, and what its answer means for the part that is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone_server.models.resuming import Outdated, Part, Unusable, read_answer, request_headers

URL = "https://example.org/model.bin"
DATE = "Sat, 21 Nov 2026 21:00:00 GMT"
SHA256 = "0123456789abcdef" * 4


def test_all_of_a_file_is_asked_for_unless_its_part_can_be_continued():
    whole = {"Accept-Encoding": "identity"}
    assert request_headers(Part(), URL) == whole
    assert request_headers(Part(7, URL), URL) == whole
    assert request_headers(Part(7, "https://elsewhere/", '"a"'), URL) == whole
    assert request_headers(Part(7, URL, '"a"'), URL) == whole | {"Range": "bytes=7-", "If-Range": '"a"'}


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"a"', "Last-Modified": DATE}, '"a"'),
        ({"ETag": 'W/"a"', "Last-Modified": DATE}, DATE),
        ({"ETag": "a", "Last-Modified": "yesterday"}, ""),
        ({"ETag": '"a\r\nX: y"'}, ""),
        ({}, ""),
    ],
)
def test_what_a_file_is_known_by(headers, validator):
    assert read_answer(200, headers, Part()).validator == validator


def test_a_whole_file_comes_afresh_and_a_part_behind_what_is_there():
    part = Part(7, URL, '"a"')
    assert read_answer(200, {"Content-Length": "9", "ETag": '"b"'}, part).first_byte == 0
    answer = read_answer(206, {"Content-Range": "bytes 7-8/9", "ETag": '"a"'}, part)
    assert (answer.first_byte, answer.total_bytes, answer.validator) == (7, 9, '"a"')
    assert read_answer(206, {"Content-Range": "bytes 7-8/*"}, part).total_bytes is None


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (206, {"Content-Range": "bytes 0-8/9"}),
        (206, {"Content-Range": "bytes 7-8/9", "ETag": '"b"'}),
        (206, {}),
        (416, {"Content-Range": "bytes */5"}),
    ],
)
def test_a_part_of_something_else_is_told(status, headers):
    with pytest.raises(Outdated):
        read_answer(status, headers, Part(7, URL, '"a"'))


@pytest.mark.parametrize("status", [100, 204, 302, 304, 404, 429, 503])
def test_what_brings_nothing_is_told_and_says_nothing_of_the_part(status):
    with pytest.raises(Unusable) as told:
        read_answer(status, {}, Part(7, URL, '"a"'))
    assert not isinstance(told.value, Outdated)


def test_a_hash_may_be_stated_on_the_way_and_is_remembered_with_the_part():
    assert read_answer(200, {"ETag": '"x"'}, Part(), [{"X-Linked-ETag": f'"{SHA256}"'}]).stated_sha256 == SHA256
    assert read_answer(200, {"ETag": f'"{SHA256}"'}, Part()).stated_sha256 == SHA256
    part = Part(7, URL, '"a"', 9, SHA256)
    assert read_answer(206, {"Content-Range": "bytes 7-8/9"}, part).stated_sha256 == SHA256


@given(
    st.integers(),
    st.dictionaries(st.sampled_from(["ETag", "Content-Range", "Content-Length", "Last-Modified"]), st.text()),
    st.integers(0, 10),
)
def test_whatever_a_source_says_there_is_an_answer_or_none(status, headers, have):
    part = Part(have, URL, '"a"')
    try:
        answer = read_answer(status, headers, part)
    except Unusable:
        return
    assert answer.first_byte in (0, have)
    assert answer.total_bytes is None or answer.total_bytes >= 0
