"""The OpenAPI 3.1 document of the API, made of the endpoints that answer. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Literal, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from roomtone_server.ports.web.api.endpoint import JSON, AnyEndpoint, Media, model_of
from roomtone_server.ports.web.api.shapes import Problem, Refused
from roomtone_server.ports.web.problems import PROBLEM_TYPE

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
_Models = Mapping[tuple[type[BaseModel], Mode], Json]

_REF: Final = "#/components/schemas/{model}"
_PATH_PARAMETER: Final = re.compile(r"\{(\w+)(:[^}]*)?\}")
_WORD: Final = re.compile(r"\w+")

_WHEN: Final[Mapping[int, str]] = {
    400: "The body is not JSON.",
    401: "Nobody is logged in, and no token is sent.",
    403: "This takes another scope, or the request comes from a page of another origin.",
    408: "The body came too slowly.",
    413: "The body is too long.",
    415: "The body is of another type.",
    422: "What was asked does not validate: `faults` says which fields.",
}


def document(endpoints: Sequence[AnyEndpoint], *, version: str, session_cookie: str) -> Json:
    """All of it. `session_cookie` is the name of the cookie that a browser's session has."""
    models, definitions = _schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(_path(endpoint), {})[endpoint.method.lower()] = _operation(endpoint, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Roomtone",
            "version": version,
            "description": "Private voice control for a home. Times of day are seconds since the Unix epoch.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": ".."}],  # beside this document's own folder, wherever a proxy puts it
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": session_cookie},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas(endpoints: Sequence[AnyEndpoint]) -> tuple[_Models, Json]:
    """A reference to each model, and what these refer to."""
    answers: list[type[BaseModel]] = [Problem, Refused]
    answers += [model for endpoint in endpoints if (model := model_of(endpoint.answer))]
    bodies = [model for endpoint in endpoints if (model := model_of(endpoint.body))]
    every: list[tuple[type[BaseModel], Mode]] = [(model, "serialization") for model in answers]
    every += [(model, "validation") for model in bodies]
    models, definitions = models_json_schema(list(dict.fromkeys(every)), ref_template=_REF)
    return cast("_Models", models), _closed(definitions["$defs"])


def _closed(schema: Any) -> Any:  # noqa: ANN401 - whatever JSON carries
    """A mapping whose keys have a pattern has no others: what validates says so, and its schema does not."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if "patternProperties" in schema else {}
    return closed | {key: _closed(value) for key, value in schema.items()}


def _path(endpoint: AnyEndpoint) -> str:
    return _PATH_PARAMETER.sub(r"{\1}", endpoint.path)


def _operation(endpoint: AnyEndpoint, models: _Models) -> Json:
    operation: Json = {
        "operationId": "_".join([endpoint.method.lower(), *_WORD.findall(_path(endpoint).removeprefix("/api"))]),
        "summary": endpoint.summary,
        "tags": [endpoint.path.split("/")[2].partition(".")[0]],
        "parameters": list(_parameters(endpoint)),
        "responses": _responses(endpoint, models),
        "security": [{"session": []}, {"token": []}] if endpoint.scope else [],
    }
    if endpoint.scope:
        operation["description"] = f"Takes the scope `{endpoint.scope}`."
    if content := _content(endpoint.body, "validation", models):
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(endpoint: AnyEndpoint) -> Iterator[Json]:
    schema = endpoint.parameters.model_json_schema(ref_template=_REF)
    in_path = {name for name, _ in _PATH_PARAMETER.findall(endpoint.path)}
    for name, described in schema.get("properties", {}).items():
        of_value = {key: value for key, value in described.items() if key not in {"description", "title"}}
        yield {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in schema.get("required", ()),
            "schema": _without_null(of_value),
        } | ({"description": described["description"]} if "description" in described else {})


def _without_null(schema: Json) -> Json:
    """Nothing in a URL is null: what may be left out is not required, and that is all."""
    members = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and (key, value) != ("default", None)}
    return rest | (members[0] if len(members) == 1 else {"anyOf": members} if members else {})


def _responses(endpoint: AnyEndpoint, models: _Models) -> Json:
    if content := _content(endpoint.answer, "serialization", models):
        responses: Json = {"200": {"description": "As asked.", "content": content}}
    else:
        responses = {"204": {"description": "Done."}}
    for status, when in sorted((_implied(endpoint) | dict(endpoint.refusals)).items()):
        model = Refused if status == HTTPStatus.UNPROCESSABLE_ENTITY and status not in endpoint.refusals else Problem
        reference = models[model, "serialization"]
        responses[str(status)] = {"description": when, "content": {PROBLEM_TYPE: {"schema": reference}}}
    return responses


def _implied(endpoint: AnyEndpoint) -> dict[int, str]:
    """What validation and the doors refuse."""
    statuses: set[int] = set()
    if endpoint.scope:
        statuses |= {401, 403}
    if isinstance(endpoint.body, Media):
        statuses |= {413, 415}
    elif model_of(endpoint.body):
        statuses |= {400, 408, 413, 415, 422}
    statuses.add(422)  # a parameter that is not known is no parameter
    return {status: _WHEN[status] for status in statuses}


def _content(kind: type[BaseModel] | Media | None, mode: Mode, models: _Models) -> Json:
    if isinstance(kind, Media):
        return {media_type: {} for media_type in kind.types}
    model = model_of(kind)
    return {JSON: {"schema": models[model, mode]}} if model else {}
