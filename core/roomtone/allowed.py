"""What a settings model allows at one place, in words, read from its JSON schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from roomtone import engines
from roomtone.errors import EngineMissing

if TYPE_CHECKING:
    from roomtone.engines import Kind

# In a schema, where an engine is chosen: the engine's kind. What else is allowed there depends on the engine named.
ENGINE_KIND: Final = "x-engine-kind"

Node = Mapping[str, Any]
ANYTHING: Final[Node] = {}


@dataclass(frozen=True, slots=True)
class Schema:
    """A model's JSON schema, as pydantic makes it."""

    root: Node

    def at(self, location: tuple[str | int, ...], value: Any) -> Node:  # noqa: ANN401 - whatever the file says
        """The part of the schema for one place of a file with these values, its references resolved."""
        node = self._resolved(self.root, value)
        for part in location:
            node = self._child(node, part)
            value = _item(value, part)
            node = self._resolved(node, value)
        return node

    def keys(self, location: tuple[str | int, ...], value: Any) -> list[str]:  # noqa: ANN401 - as above
        """The keys that the mapping at a place may have, sorted."""
        node = self.at(location, value)
        return sorted({key for option in (node, *node.get("anyOf", ())) for key in option.get("properties", ())})

    def _resolved(self, node: Node, value: object) -> Node:
        while "$ref" in node:
            node = self.root["$defs"][node["$ref"].rpartition("/")[2]]
        if ENGINE_KIND in node and isinstance(value, dict):
            return _engine_schema(node, value)
        if "discriminator" in node:
            return self._member(node, value)
        if "anyOf" in node:
            return {**node, "anyOf": [self._resolved(option, value) for option in node["anyOf"]]}
        return node

    def _member(self, node: Node, value: object) -> Node:
        """Of a tagged union, the member that the value's tag names; while that names none, only the tag is known."""
        tag, members = node["discriminator"]["propertyName"], node["discriminator"]["mapping"]
        named = value.get(tag) if isinstance(value, dict) else value
        if isinstance(named, str) and named in members:
            return self._resolved({"$ref": members[named]}, value)
        return {"enum": list(members), "properties": {tag: {"enum": list(members)}}}

    def _child(self, node: Node, part: str | int) -> Node:
        for option in (node, *node.get("anyOf", ())):
            if isinstance(part, int):
                fixed = option.get("prefixItems", [])
                child = fixed[part] if part < len(fixed) else option.get("items")
            else:
                child = option.get("properties", {}).get(part, option.get("additionalProperties"))
            if isinstance(child, Mapping):
                return child
        return ANYTHING


def _item(value: Any, part: str | int) -> Any:  # noqa: ANN401 - as above
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _engine_schema(node: Node, value: dict[str, Any]) -> Node:
    kind: Kind = node[ENGINE_KIND]
    properties: dict[str, Any] = {"engine": {"enum": [engines.AUTO, *engines.names(kind)]}}
    name = value.get("engine", engines.AUTO)
    if isinstance(name, str) and name != engines.AUTO:
        try:
            schema = engines.load(kind, name).settings.model_json_schema()
        except EngineMissing:
            return {**node, "properties": properties}
        properties |= _inlined(schema.get("properties", {}), schema.get("$defs", {}))
    return {**node, "properties": properties}


def _inlined(node: Any, definitions: Node) -> Any:  # noqa: ANN401 - any JSON
    """A schema without references: it is about to be set into another, which does not know its definitions."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: _inlined(item, definitions) for key, item in node.items()}


def is_secret(node: Node) -> bool:
    return any(option.get("writeOnly") for option in (node, *node.get("anyOf", ())))


def describe(node: Node) -> str:
    """What is allowed: `an integer from 80 to 450`."""
    if ENGINE_KIND in node:
        names = ", ".join([engines.AUTO, *engines.names(node[ENGINE_KIND])])
        return f"{names}, or a mapping with the key engine and that engine's options"
    if options := node.get("anyOf") or node.get("oneOf"):
        if [option.get("items") for option in options[1:]] == options[:1]:
            return f"{describe(options[0])}, or a list of such"
        return " or ".join(dict.fromkeys(describe(option) for option in options))
    if values := node.get("enum") or ([node["const"]] if "const" in node else None):
        return f"one of {', '.join(str(value) for value in values)}"
    in_words = _IN_WORDS.get(node.get("type", ""))
    return in_words(node) if in_words else "something else"


def _text(node: Node) -> str:
    if node.get("format") in {"path", "file-path", "directory-path"}:
        return "a path"
    pattern = f" that matches {node['pattern']}" if "pattern" in node else ""
    return f"text (a number in quotes){pattern}{_length(node, 'Length')}"


def _bounds(node: Node) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {_plain(low)} to {_plain(high)}"
    limits = (
        (" of at least", low),
        (" above", node.get("exclusiveMinimum")),
        (" of at most", high),
        (" below", node.get("exclusiveMaximum")),
    )
    return " and".join(f"{words} {_plain(limit)}" for words, limit in limits if limit is not None)


def _plain(number: float) -> str:
    return f"{number:.15g}"  # neither 0.0 nor 1e+06


def _length(node: Node, what: str) -> str:
    unit = "characters" if what == "Length" else "items"
    low, high = node.get(f"min{what}"), node.get(f"max{what}")
    if low is not None and high is not None:
        return f" ({low} to {high} {unit})"
    if low is not None:
        return f" (at least {low} {unit})"
    return f" (at most {high} {unit})" if high is not None else ""


def _list(node: Node) -> str:
    if fixed := node.get("prefixItems"):
        return f"a list of {len(fixed)} items: {', '.join(describe(item) for item in fixed)}"
    return f"a list, each item {describe(node.get('items', ANYTHING))}{_length(node, 'Items')}"


def _mapping(node: Node) -> str:
    keys = ", ".join(sorted(node.get("properties", ())))
    return f"a mapping with the keys {keys}" if keys else "a mapping"


_IN_WORDS: Final[Mapping[str, Callable[[Node], str]]] = {
    "integer": lambda node: f"an integer{_bounds(node)}",
    "number": lambda node: f"a number{_bounds(node)}",
    "boolean": lambda _: "true or false",
    "string": _text,
    "null": lambda _: "nothing",
    "array": _list,
    "object": _mapping,
}
