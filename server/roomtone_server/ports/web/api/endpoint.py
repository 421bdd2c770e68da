"""An endpoint, declared once: what it takes, what it answers and who may ask. Its Route, which validates, and its part
of the OpenAPI document are made from the same declaration, so that the two cannot differ.

    Endpoint("POST", "/api/ask", "speak", "Ask or command in writing", ask, body=Ask, answer=Reply)

A handler gets a `Call` whose parameters and body have been validated, and returns an answer of the declared shape, a
response that it has prepared itself, or None for no content. It refuses by raising Problem, or any RoomtoneError.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Generic, Literal, cast

from aiohttp import web
from pydantic import BaseModel, ValidationError
from typing_extensions import TypeVar

from roomtone_server.ports.web.api.requests import Asked, NoBody, NoParameters, Parameters
from roomtone_server.ports.web.api.shapes import Fault, Shape
from roomtone_server.ports.web.problems import Problem
from roomtone_server.ports.web.route import Route, Scope

JSON: Final = "application/json"
MAX_FAULTS: Final = 20  # told of one request
BODY_S: Final = 10.0  # guards descriptors, against who sends a body byte by byte

P = TypeVar("P", bound=Parameters, default=NoParameters)
B = TypeVar("B", bound=Asked, default=NoBody)

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes of one of these types. A body of them is the handler's to read, which bounds it."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call(Generic[P, B]):
    """One request, validated."""

    request: web.Request
    parameters: P
    body: B


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[P, B]):
    """`path` is written as aiohttp writes it. Of `parameters`, those that the path names stand in it and the others in
    the query. `answer` None: no content. `refusals` say when the handler itself answers with a problem, by status;
    what validation and the doors refuse goes without saying."""

    method: Method
    path: str
    scope: Scope | None
    summary: str
    handler: Callable[[Call[P, B]], Awaitable[Shape | web.StreamResponse | None]]
    parameters: type[P] = cast("type[P]", NoParameters)  # noqa: RUF009 - a cast is no call of anything
    body: type[B] | Media = cast("type[B]", NoBody)  # noqa: RUF009 - as above
    answer: type[Shape] | Media | None = None
    refusals: Mapping[int, str] = field(default_factory=dict)

    def route(self) -> Route:
        return Route(self.method, self.path, self._answer, self.scope)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call = Call(request, _parameters(request, self.parameters), await self._body(request))
        answer = await self.handler(call)
        if isinstance(answer, Shape):
            return web.Response(body=answer.json_bytes(), content_type=JSON, headers=NOT_KEPT)
        return answer if answer is not None else web.Response(status=HTTPStatus.NO_CONTENT, headers=NOT_KEPT)

    async def _body(self, request: web.Request) -> B:
        if isinstance(self.body, Media):
            _check_type(request, self.body.types)
            return cast("B", NoBody())
        if self.body is NoBody:
            return cast("B", NoBody())
        _check_type(request, (JSON,))
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.read()
        except TimeoutError:
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "Too slow", f"a body may take {BODY_S:g} s to come") from None
        try:
            return self.body.model_validate_json(body)
        except ValidationError as refused:
            if refused.errors(include_url=False)[0]["type"] == "json_invalid":
                raise Problem(HTTPStatus.BAD_REQUEST, "Not JSON", "the body is not JSON") from None
            raise _refusal("body", refused) from None


# Whatever the API tells may be other the next moment, or is somebody's own.
NOT_KEPT: Final = {"Cache-Control": "no-store"}

# An endpoint, whatever it takes.
AnyEndpoint = Endpoint[Parameters, Asked]


def any_of(*endpoints: object) -> Sequence[AnyEndpoint]:
    """Endpoints of different kinds in one sequence, which types alone cannot say."""
    return cast("Sequence[AnyEndpoint]", endpoints)


def _parameters(request: web.Request, model: type[P]) -> P:
    told = {name: request.match_info[name] for name in request.match_info}
    for name, value in request.query.items():
        if name in told:
            raise refusal(Fault(where=f"query.{name}", what="given more than once"))
        told[name] = value
    try:
        return model.model_validate(told)
    except ValidationError as refused:
        raise _refusal("query", refused, in_path=frozenset(request.match_info)) from None


def _check_type(request: web.Request, types: Sequence[str]) -> None:
    major = request.content_type.partition("/")[0]
    if request.content_type not in types and f"{major}/*" not in types:
        allowed = ", ".join(types)
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type", f"this takes {allowed}")


def _refusal(where: str, refused: ValidationError, in_path: frozenset[str] = frozenset()) -> Problem:
    return refusal(*_faults(where, refused, in_path))


def refusal(*faults: Fault) -> Problem:
    """What is answered to whom these can be told; a handler may find some that no schema can."""
    told = [fault.model_dump() for fault in faults[:MAX_FAULTS]]
    detail = f"{faults[0].where}: {faults[0].what}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Not Valid", detail, faults=told)


def _faults(where: str, refused: ValidationError, in_path: frozenset[str]) -> Iterator[Fault]:
    """Without what was sent, which may be a secret, or long."""
    for error in refused.errors(include_url=False, include_input=False, include_context=False):
        location = [str(part)[:80] for part in error["loc"]]
        place = "path" if location and location[0] in in_path else where
        yield Fault(where=".".join([place, *location]), what=error["msg"])


def routes_of(endpoints: Sequence[AnyEndpoint]) -> Sequence[Route]:
    return [endpoint.route() for endpoint in endpoints]


def model_of(kind: "type[BaseModel] | Media | None") -> type[BaseModel] | None:
    """The model of a body or an answer; None where it has none."""
    return kind if isinstance(kind, type) and kind is not NoBody else None
