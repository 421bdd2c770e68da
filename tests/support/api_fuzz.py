"""Schemathesis over the API of a running server: whatever is sent, it answers as its own document says."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from roomtone_server.ports.web.api.sound.encoding import encoder

# It is told of for ever; a test of its own listens.
ENDLESS = ("GET", "/api/events")

_RECORDINGS = st.binary(min_size=2, max_size=4000).map(
    lambda sound: encoder("wav", 16_000, 1.0).feed(sound[: len(sound) // 2 * 2])
)


def _register() -> None:
    for media_type in ("audio/*", "video/*", "application/ogg", "application/octet-stream"):
        schemathesis.openapi.media_type(media_type, _RECORDINGS)

        @schemathesis.serializer(media_type)
        def bytes_as_they_are(_context: Any, value: Any) -> bytes:
            return value if isinstance(value, bytes) else bytes(str(value), "utf-8", "replace")


_register()


class Fuzz:
    """`headers` say who asks."""

    def __init__(self, url: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self._url = url
        self._schema = schemathesis.openapi.from_dict(dict(document))
        self._headers = dict(headers)

    def operations(self, but: Collection[tuple[str, str]] = (ENDLESS,)) -> Iterator[Any]:
        for found in self._schema.get_all_operations():
            operation = found.ok()
            if (operation.method.upper(), operation.path) not in but:
                yield operation

    def run(self, operation: Any, examples: int) -> None:
        """What is valid, and as much that is not; the same each time. Raises what the first answer that is none of the
        document's shows to be wrong."""
        with requests.Session() as session:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                self._run(operation, mode, examples, session)

    def _run(self, operation: Any, mode: GenerationMode, examples: int, session: requests.Session) -> None:
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
            case.call_and_validate(base_url=self._url, session=session, headers=self._headers, timeout=30)

        try:
            asked()
        except hypothesis.errors.Unsatisfiable:  # whatever is sent there is valid
            assert mode is GenerationMode.NEGATIVE
