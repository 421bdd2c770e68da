"""Arguments held to the schema of their tool: as much of JSON schema as our own tools use."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from roomtone_server.agent.tools.base import ToolError

# What a model writes is said aloud or kept; more than this is neither.
MAX_TEXT_CHARACTERS: Final = 300


def checked(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the schema (of type "object") has them; empty ones are left out, as if not given.

    Texts are stripped, numbers may be written as text. Raises ToolError, worded for the model.
    """
    properties: Mapping[str, Mapping[str, Any]] = parameters["properties"]
    given = {name: value for name, value in arguments.items() if value is not None and value != ""}
    if unknown := sorted(given.keys() - properties.keys()):
        raise ToolError(f"there is no argument {unknown[0]!r}; there are: {', '.join(properties) or 'none'}")
    if missing := [name for name in parameters.get("required", ()) if name not in given]:
        raise ToolError(f"the argument {missing[0]!r} is missing")
    return {name: _value(name, value, properties[name]) for name, value in given.items()}


def _value(name: str, value: object, schema: Mapping[str, Any]) -> str | int | float:
    if schema["type"] == "string":
        return _text(name, value, schema)
    try:
        number = float(str(value).strip())
    except ValueError:
        raise ToolError(f"{name!r} must be a number") from None
    least, most = schema.get("minimum", number), schema.get("maximum", number)
    if not (isfinite(number) and least <= number <= most):
        raise ToolError(f"{name!r} must be from {least} to {most}")
    if schema["type"] == "integer" and not number.is_integer():
        raise ToolError(f"{name!r} must be a whole number")
    return int(number) if number.is_integer() else number


def _text(name: str, value: object, schema: Mapping[str, Any]) -> str:
    if not isinstance(value, str | int | float):
        raise ToolError(f"{name!r} must be a text")
    text = " ".join(str(value).split())
    if not text:
        raise ToolError(f"{name!r} is empty")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ToolError(f"{name!r} is longer than {MAX_TEXT_CHARACTERS} characters")
    if text not in schema.get("enum", [text]):
        raise ToolError(f"{name!r} must be one of: {', '.join(schema['enum'])}")
    return text
