"""Settings: a YAML file and the environment, checked against a model; an error names file, line, key, found, allowed.

    server.yaml:12: tts.rate: found "fast", allowed: an integer from 80 to 450

Each end has its own model, derived from `Settings`, in which every key has a default: no file at all must work.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, cast

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from roomtone import engines, marked_yaml
from roomtone.allowed import ENGINE_KIND, Schema, describe, is_secret
from roomtone.engines import AUTO, EngineChoice, EngineSettings, Kind
from roomtone.errors import EngineMissing, SettingsError
from roomtone.logs import escaped
from roomtone.marked_yaml import Location, MarkedYaml, Problem


class Settings(BaseModel):
    """The base of all settings: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


M = TypeVar("M", bound=BaseModel)


def load(model: type[M], path: Path | None) -> M:
    """The settings in a file; without one, all defaults. Raises SettingsError, with one line for each thing wrong."""
    found = marked_yaml.read(path, os.environ) if path else MarkedYaml()
    problems = list(found.problems)
    try:
        settings = model.model_validate(found.values)
    except ValidationError as refused:
        problems += _Refusals(model, found).problems(refused)
    else:
        if not problems:
            return settings
    name = path or "the default settings"
    problems.sort(key=lambda problem: problem.line)
    raise SettingsError("\n".join(escaped(f"{name}:{problem}") for problem in problems))


def render(settings: BaseModel) -> str:
    """The settings in effect, as YAML, with secrets masked."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


@dataclass(frozen=True, slots=True)
class EngineOf:
    """Marks an EngineChoice in a model: `auto`, an engine's name, or `{engine: name}` with the engine's own options.

    The options are checked with the engine's settings model while the file is, so that its errors have their line.
    Whether the engine can work here is not asked: `engines.choose` does, where the engine is made.
    """

    kind: Kind

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._choice, serialization=core_schema.plain_serializer_function_ser_schema(self._plain)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {ENGINE_KIND: self.kind}

    def _choice(self, value: object) -> EngineChoice:
        if isinstance(value, EngineChoice):
            return value
        options = dict(value) if isinstance(value, dict) else {"engine": value}
        name = options.pop("engine", AUTO)
        if not isinstance(name, str):
            raise PydanticCustomError("engine", "no engine is named so")
        if name == AUTO:
            if options:
                raise PydanticCustomError("engine_options", "options need a named engine beside them")
            return EngineChoice()
        self._settings(name).model_validate(options)
        return EngineChoice(name, options)

    def _plain(self, choice: EngineChoice) -> str | dict[str, Any]:
        if choice.engine == AUTO:
            return AUTO
        effective = self._settings(choice.engine).model_validate(choice.options)
        return {"engine": choice.engine, **effective.model_dump(mode="json")}

    def _settings(self, name: str) -> type[EngineSettings]:
        try:
            return cast("type[EngineSettings]", engines.load(self.kind, name).settings)
        except EngineMissing as problem:
            raise PydanticCustomError("engine_missing", "{problem}", {"problem": str(problem)}) from None


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """Marks a tuple in a model that may be written as its one item, without a list around it; so it is rendered."""

    may_be_empty: bool = False

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            self._listed, handler(source), serialization=core_schema.wrap_serializer_function_ser_schema(_unlisted)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}

    def _listed(self, value: object) -> object:
        if not value and isinstance(value, list | tuple) and not self.may_be_empty:
            raise ValueError("name one at least")
        return value if isinstance(value, list | tuple) else [value]


def _unlisted(value: object, handler: SerializerFunctionWrapHandler) -> object:
    items = handler(value)
    return items[0] if len(items) == 1 else items


SttChoice = Annotated[EngineChoice, EngineOf("stt")]
TtsChoice = Annotated[EngineChoice, EngineOf("tts")]
LlmChoice = Annotated[EngineChoice, EngineOf("llm")]
WakeChoice = Annotated[EngineChoice, EngineOf("wake")]
VadChoice = Annotated[EngineChoice, EngineOf("vad")]
EchoChoice = Annotated[EngineChoice, EngineOf("echo")]
HomeChoice = Annotated[EngineChoice, EngineOf("home")]
ToolsChoice = Annotated[EngineChoice, EngineOf("tools")]

# Chains of engines: when one fails, the next takes over.
SttChain = Annotated[tuple[SttChoice, ...], OneOrMany()]
TtsChain = Annotated[tuple[TtsChoice, ...], OneOrMany()]
LlmChain = Annotated[tuple[LlmChoice, ...], OneOrMany(may_be_empty=True)]

# All of them are used.
ToolsChoices = Annotated[tuple[ToolsChoice, ...], OneOrMany(may_be_empty=True)]

# Errors that only their own message explains; what all others allow stands in the model's schema.
_SPEAK_FOR_THEMSELVES: Final = frozenset({"value_error", "assertion_error", "engine_missing", "engine_options"})
# Told of a mapping, but meant for the key in it that says which kind of mapping it is.
_TAG_ERRORS: Final = frozenset({"union_tag_invalid", "union_tag_not_found"})
_SHOWN_CHARACTERS: Final = 60


class _Refusals:
    """Says what pydantic refused in the terms of the file."""

    def __init__(self, model: type[BaseModel], found: MarkedYaml) -> None:
        self._schema = Schema(model.model_json_schema())
        self._found = found

    def problems(self, refused: ValidationError) -> Iterator[Problem]:
        already = {(problem.line, problem.location) for problem in self._found.problems}
        for error in refused.errors(include_url=False):
            location = self._location(error)
            place = self._found.line(location), location
            if place not in already:
                already.add(place)
                yield Problem(*place, self._text(error, location))

    def _location(self, error: ErrorDetails) -> Location:
        """The error's place in the file: pydantic's own, without the labels that it adds for members of a union."""
        parts: list[str | int] = []
        value: Any = self._found.values
        for part in error["loc"]:
            in_mapping = isinstance(value, dict) and part in value
            in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if in_mapping or in_list:
                value = value[part]
                parts.append(part)
        if error["type"] == "missing":
            parts.append(error["loc"][-1])
        elif error["type"] in _TAG_ERRORS and isinstance(value, dict):
            parts.append(error["ctx"]["discriminator"].strip("'"))
        return tuple(parts)

    def _text(self, error: ErrorDetails, location: Location) -> str:
        if error["type"] == "extra_forbidden":
            return self._unknown_key(location)
        schema = self._schema.at(location, self._found.values)
        value = error["ctx"].get("tag") if error["type"] in _TAG_ERRORS else error["input"]
        shown = "nothing" if error["type"] == "missing" else _shown(value, secret=is_secret(schema))
        if error["type"] in _SPEAK_FOR_THEMSELVES:
            return f"found {shown}: {error['msg'].removeprefix('Value error, ').removeprefix('Assertion failed, ')}"
        return f"found {shown}, allowed: {describe(schema)}"

    def _unknown_key(self, location: Location) -> str:
        keys = self._schema.keys(location[:-1], self._found.values)
        close = get_close_matches(str(location[-1]), keys, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"found an unknown key, allowed: {', '.join(keys)}{hint}"


def _shown(value: object, *, secret: bool) -> str:
    if secret:
        return "a secret of the wrong kind"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
