"""A settings file's YAML as plain values, each with the line where it stands.

Less than all of YAML, on purpose: one document, text keys, no aliases (a handful can stand for gigabytes) and no tags.
`${NAME}` and `${NAME:-default}` in a value come from the environment, `$${` is a plain `${`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from typing_extensions import override

from roomtone.errors import SettingsError

# A settings file is read whole before it is understood: without these, a wrong path fills the memory or the stack.
MAX_FILE_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32

_ALLOWED: Final = f"one mapping of settings, without aliases and tags, at most {MAX_DEPTH} levels deep"

Location = tuple[str | int, ...]

_VARIABLE: Final = re.compile(r"\$(?P<escape>\$)?\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, and what was found and what is allowed."""

    line: int
    location: Location
    text: str

    @override
    def __str__(self) -> str:
        key = ".".join(str(part) for part in self.location)
        return f"{self.line}: {key}: {self.text}" if key else f"{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class MarkedYaml:
    """What a file says. `lines` counts from 1 and has each key and each list item."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, location: Location) -> int:
        """The line of a key, or of the nearest mapping around it that the file has."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read(path: Path, environment: Mapping[str, str]) -> MarkedYaml:
    """The file's values, and the problems that do not keep the rest from being checked.

    Raises SettingsError when there is nothing to check: no such file, unreadable, too large, not YAML, not a mapping.
    """
    text = _text(path)
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SettingsError(f"{where}: found broken YAML ({problem.problem}), allowed: {_ALLOWED}") from None
    except yaml.YAMLError as problem:
        reason = str(problem).partition("\n")[0]
        raise SettingsError(f"{path}: found broken YAML ({reason}), allowed: {_ALLOWED}") from None
    if root is None or root.tag == "tag:yaml.org,2002:null":
        return MarkedYaml()
    if not isinstance(root, yaml.MappingNode):
        kind = "a list" if isinstance(root, yaml.SequenceNode) else "a single value"
        raise SettingsError(f"{path}:{root.start_mark.line + 1}: found {kind}, allowed: {_ALLOWED}")
    found = MarkedYaml()
    found.values.update(_Values(found, environment).mapping(root, ()))
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file; without --config the defaults are used") from None
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be read: {problem.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise SettingsError(f"{path}: found more than 1 MiB, allowed: a settings file of at most 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise SettingsError(f"{path}:{line}: found bytes that are not UTF-8, allowed: text in UTF-8") from None


class _Loader(yaml.SafeLoader):
    """Composes nodes only as deep as MAX_DEPTH, and neither aliases nor tagged ones."""

    depth = 0

    @override
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if refused := self._refused(event):
            raise yaml.MarkedYAMLError(problem=refused, problem_mark=event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _refused(self, event: yaml.Event) -> str | None:
        if isinstance(event, yaml.AliasEvent):
            return "an alias"
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            return "a tag"
        return "one level too many" if self.depth == MAX_DEPTH else None


class _Values:
    """Turns nodes into values, noting lines and problems on the way."""

    def __init__(self, found: MarkedYaml, environment: Mapping[str, str]) -> None:
        self._found = found
        self._environment = environment
        self._scalars = yaml.SafeLoader("")

    def mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if not isinstance(key, str):
                self._found.problems.append(Problem(line, location, "found a list or mapping as a key, allowed: text"))
                continue
            here = (*location, key)
            if key in values:
                first = self._found.lines[here]
                text = f"found the key a second time (first on line {first}), allowed: each key once"
                self._found.problems.append(Problem(line, here, text))
                continue
            self._found.lines[here] = line
            values[key] = self._value(value_node, here)
        return values

    def _value(self, node: yaml.Node, location: Location) -> Any:  # noqa: ANN401 - whatever the file says
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return list(self._items(node, location))
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, location)

    def _items(self, node: yaml.SequenceNode, location: Location) -> Iterator[Any]:
        for index, item in enumerate(node.value):
            here = (*location, index)
            self._found.lines[here] = item.start_mark.line + 1
            yield self._value(item, here)

    def _scalar(self, node: yaml.ScalarNode, location: Location) -> Any:  # noqa: ANN401 - as above
        text = self._substituted(node, location)
        if text != node.value and node.style is None:
            tag = self._scalars.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # as above
            node = yaml.ScalarNode(tag, text, node.start_mark, node.end_mark)
        else:
            node = yaml.ScalarNode(node.tag, text, node.start_mark, node.end_mark, node.style)
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            kind = node.tag.rpartition(":")[2]
            text = f"found what YAML takes for a broken {kind}, allowed: a plain value, or text in quotes"
            self._found.problems.append(Problem(node.start_mark.line + 1, location, text))
            return None

    def _substituted(self, node: yaml.ScalarNode, location: Location) -> str:
        def replaced(match: re.Match[str]) -> str:
            if match["escape"]:
                return match[0][1:]
            name, default = match["name"], match["default"]
            if name is None:
                note("found ${ without a name, allowed: ${NAME}, ${NAME:-default}, or $${ for a plain ${")
                return ""
            value = self._environment.get(name)
            if default is not None:
                return value or default
            if value is None:
                note(
                    f"found ${{{name}}}, which the environment lacks, allowed: a set variable, or ${{{name}:-default}}"
                )
                return ""
            return value

        def note(text: str) -> None:
            self._found.problems.append(Problem(node.start_mark.line + 1, location, text))

        text: str = node.value
        return _VARIABLE.sub(replaced, text)
