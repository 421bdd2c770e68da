"""How a file is asked for over HTTP, and what the answer means for what already lies on the disk. Pure.

A download that broke off goes on where it stopped only when the source says that it still has the same file: its strong
ETag, else its date, goes along as If-Range (RFC 9110, 13.1.5). What changed meanwhile, or cannot be asked for in parts,
comes afresh.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

Headers = Mapping[str, str]

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_STRONG_TAG: Final = re.compile(r'"[\x21\x23-\x7e]{1,200}"')
_DATE: Final = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_SHA256: Final = re.compile(r'"?([0-9a-f]{64})"?')

# Where a source may state a file's hash: Hugging Face does, for its large files, as it sends us to where they lie.
_STATED_IN: Final = ("X-Linked-ETag", "ETag")


@dataclass(frozen=True, slots=True)
class Part:
    """What lies on the disk of a file, and what its source said of the whole."""

    bytes: int = 0
    url: str = ""
    validator: str = ""  # an ETag or a date; empty: the source gave none that would do
    total_bytes: int | None = None
    stated_sha256: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.total_bytes is not None and self.bytes == self.total_bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is about to come: from which byte on, and what the source says of the whole file."""

    first_byte: int
    total_bytes: int | None
    validator: str
    stated_sha256: str | None


class Unusable(Exception):
    """An answer that brings nothing."""


class Outdated(Unusable):
    """The part that is there is of another file than the source has now."""


def request_headers(part: Part, url: str) -> dict[str, str]:
    """For the rest of a file of which a part is there, or for all of it."""
    whole = {"Accept-Encoding": "identity"}  # packed, it would neither have its size nor its hash
    if not part.bytes or not part.validator or part.url != url:
        return whole
    return whole | {"Range": f"bytes={part.bytes}-", "If-Range": part.validator}


def read_answer(status: int, headers: Headers, part: Part, sent_on: Sequence[Headers] = ()) -> Answer:
    """`sent_on`: the headers of the answers that led to this one. Raises Unusable, and Outdated."""
    stated = next((hash_ for each in (*sent_on, headers) if (hash_ := _stated(each))), None)
    if status == HTTPStatus.OK:
        return Answer(0, _number(headers.get("Content-Length", "")), _validator(headers), stated)
    if status not in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        raise Unusable(f"answers with status {status}")
    found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if not found or int(found[1]) != part.bytes or _validator(headers) not in ("", part.validator):
        raise Outdated("answers with another part than it was asked for")
    return Answer(part.bytes, _number(found[3]), part.validator, stated or part.stated_sha256)


def _validator(headers: Headers) -> str:
    tag, date = headers.get("ETag", ""), headers.get("Last-Modified", "")
    return tag if _STRONG_TAG.fullmatch(tag) else date if _DATE.fullmatch(date) else ""


def _stated(headers: Headers) -> str | None:
    for name in _STATED_IN:
        if found := _SHA256.fullmatch(headers.get(name, "")):
            return found[1]
    return None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 18 else None
