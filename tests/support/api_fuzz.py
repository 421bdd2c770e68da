"""Schemathesis over the API of a running server: whatever is sent, it answers as its own document says."""

from collections.abc import Mapping
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from roomtone_server.ports.web.api.sound.encoding import encoder

ENDLESS = "GET /api/events"  # what it answers to whom it lets in, tests of its own read
NOBODY: Mapping[str, str] = {}
LAST = "DELETE /api/session"  # who asked for that asks no more

RECORDINGS = st.binary(min_size=2, max_size=4000).map(
    lambda sound: encoder("wav", 16_000, 1.0).feed(sound[: len(sound) // 2 * 2])
)

# What is valid may be refused for what no schema knows: there is no such thing, or it is there no more.
_ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx"]
_CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": _ACCEPTED}}}


def take_recordings() -> None:
    """As bodies of what the document says may be one."""
    for media_type in ("audio/*", "video/*", "application/ogg", "application/octet-stream"):
        schemathesis.openapi.media_type(media_type, RECORDINGS)

        @schemathesis.serializer(media_type)
        def as_it_is(_context: Any, value: Any) -> bytes:
            return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def fuzz(
    url: str, document: Mapping[str, Any], headers: Mapping[str, str], examples: int, invalid: int
) -> list[Exception]:
    """What is wrong with the first wrong answer of each operation, to somebody who sends these headers; the same each
    time. So many requests of each are valid, and so many are not."""
    schema = schemathesis.openapi.from_dict(dict(document), config=schemathesis.Config.from_dict(_CONFIG))
    operations = sorted((each.ok() for each in schema.get_all_operations()), key=lambda each: each.label == LAST)
    problems = []
    with requests.Session() as session:
        session.headers.update(headers)
        for operation in operations:
            try:
                if headers == NOBODY or operation.label != ENDLESS:
                    _fuzz(operation, GenerationMode.POSITIVE, examples, url, session)
                    if invalid:
                        _fuzz(operation, GenerationMode.NEGATIVE, invalid, url, session)
            except Exception as problem:  # noqa: BLE001 - whatever it is, the other operations are asked too
                problem.add_note(operation.label)
                problems.append(problem)
    return problems


def _fuzz(operation: Any, mode: GenerationMode, examples: int, url: str, session: requests.Session) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def asked(case: Any) -> None:
        case.call_and_validate(base_url=url, session=session, headers=dict(session.headers), timeout=60)

    try:
        asked()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "whatever is sent there is valid"
