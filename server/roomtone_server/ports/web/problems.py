"""Everything that goes wrong is told in one form: a problem document, RFC 9457."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from roomtone.errors import (
    EngineError,
    HomeError,
    HomeGone,
    LanguageMissing,
    RoomtoneError,
    SatelliteAway,
    SatelliteUnable,
    StoreError,
    UsageError,
)

PROBLEM_TYPE: Final = "application/problem+json"

# The first that fits; whatever else of ours is raised is the server's own failing.
_STATUS: Final[Mapping[type[RoomtoneError], HTTPStatus]] = {
    UsageError: HTTPStatus.BAD_REQUEST,
    LanguageMissing: HTTPStatus.NOT_FOUND,
    HomeGone: HTTPStatus.SERVICE_UNAVAILABLE,
    HomeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    EngineError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    SatelliteAway: HTTPStatus.CONFLICT,
    SatelliteUnable: HTTPStatus.CONFLICT,
}

_ANSWERING: Final = web.RequestKey("answering", bool)  # of a request whose answer has begun

_log = logging.getLogger(__name__)


class Problem(RoomtoneError):
    """An answer that says what is wrong. `detail` is a sentence for people, `extensions` are further members of the
    document, which programs read; `headers` go with it."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        type: str = "about:blank",  # noqa: A002 - the member's own name
        *,
        headers: Mapping[str, str] | None = None,
        **extensions: object,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.headers = dict(headers or {})
        self.document: dict[str, Any] = {"type": type, "title": title, "status": status}
        if detail:
            self.document["detail"] = detail
        self.document |= extensions

    def response(self) -> web.Response:
        body = json.dumps(self.document, ensure_ascii=False)
        headers = {"Cache-Control": "no-store"} | self.headers
        return web.Response(status=self.status, text=body, content_type=PROBLEM_TYPE, headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware. What fails once an answer has begun can only be cut off: that is aiohttp's to do."""
    try:
        return await handler(request)
    except Exception as error:
        if request.get(_ANSWERING) or request.transport is None:  # who asked is gone
            raise
        return _problem_of(error, request).response()


async def note_answering(request: web.Request, _response: web.StreamResponse) -> None:
    """A signal's receiver, for `on_response_prepare`: `problems` has to know."""
    request[_ANSWERING] = True


def _problem_of(error: Exception, request: web.Request) -> Problem:
    match error:
        case Problem():
            return error
        case web.HTTPException():
            return _of_aiohttp(error)
        case RoomtoneError():
            status = next((each for kind, each in _STATUS.items() if isinstance(error, kind)), None)
            if status is None:
                _log.warning("%s %s: %s", request.method, request.path, error)
                status = HTTPStatus.INTERNAL_SERVER_ERROR
            return Problem(status, status.phrase, str(error))
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Problem(status, status.phrase, "the server failed at this; its log says how")


def _of_aiohttp(error: web.HTTPException) -> Problem:
    """404, 405, 413 and their like, with the headers that belong to them."""
    kept = {name: error.headers[name] for name in ("Allow", "Location") if name in error.headers}
    return Problem(error.status, HTTPStatus(error.status).phrase, headers=kept)
