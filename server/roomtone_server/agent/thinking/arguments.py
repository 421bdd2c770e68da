"""The arguments of a call, from the JSON that a model wrote, or meant to write."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from roomtone.utf8 import encodable
from roomtone_server.agent.tools.base import ToolError

# A model that writes on and on must not keep the event loop busy with its brackets.
MAX_CHARACTERS: Final = 20_000

_FENCE: Final = re.compile(r"\A\s*```\w*\s*(.*?)\s*(?:```\s*)?\Z", re.DOTALL)
# Outside of strings, which the first alternative skips.
_STRAY_COMMA: Final = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')
_PYTHON_WORD: Final = re.compile(r'("(?:[^"\\]|\\.)*")|\b(True|False|None)\b')
_JSON_WORDS: Final = {"True": "true", "False": "false", "None": "null"}


def arguments_of(text: str) -> dict[str, Any]:
    """As JSON; what small models often get wrong is mended. Raises ToolError, worded for the model."""
    if len(text) > MAX_CHARACTERS:
        raise ToolError(f"the arguments are longer than {MAX_CHARACTERS} characters: write fewer")
    for attempt in _attempts(text):
        try:
            found = _loaded(attempt)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, str) and found != text:
            return arguments_of(found)  # JSON within JSON
        if isinstance(found, dict):
            return found
    raise ToolError("the arguments are not a JSON object: write the call again")


def _loaded(text: str) -> Any:  # noqa: ANN401 - whatever JSON carries
    """What it holds is spoken and kept. Raises ValueError and RecursionError."""
    return json.loads(encodable(json.dumps(json.loads(text), ensure_ascii=False)))


def _attempts(text: str) -> Iterator[str]:
    """The text, and then what it may have been meant to be."""
    yield text if text.strip() else "{}"
    if fenced := _FENCE.match(text):
        text = fenced[1]
        yield text
    text = _PYTHON_WORD.sub(lambda found: found[1] or _JSON_WORDS[found[2]], text)
    text = _STRAY_COMMA.sub(lambda found: found[1] or "", text)
    yield text
    closed = text + _missing_end(text)
    yield _STRAY_COMMA.sub(lambda found: found[1] or "", closed)
    if '"' not in text:
        yield closed.replace("'", '"')


def _missing_end(text: str) -> str:
    """What closes the strings, lists and objects that a text leaves open."""
    expected: list[str] = []
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string, escaped = escaped or character != '"', not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in "{[":
            expected.append("}" if character == "{" else "]")
        elif expected and character == expected[-1]:
            expected.pop()
    return '"' * in_string + "".join(reversed(expected))
