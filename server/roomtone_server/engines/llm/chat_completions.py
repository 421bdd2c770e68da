"""Chat completions, the protocol that OpenAI began and most model servers speak: what is asked, and what comes back.

Pure. Of the many dialects it takes what each has been seen to send: thoughts as `reasoning_content` or `reasoning`,
calls in pieces or whole, with an index or without, "stop" where calls were meant.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, model_validator

from roomtone.errors import EngineError
from roomtone.utf8 import encodable
from roomtone_server.engines.base import ChatEnd, ChatMessage, ChatPiece, ChatRequest, ThinkingDelta, ToolCall
from roomtone_server.engines.llm.model_server import schema
from roomtone_server.engines.llm.thinking import Thoughts

# A model that never ends a call would fill our memory; each is put together before anybody sees it.
MAX_CALLS: Final = 64
MAX_ARGUMENTS_CHARACTERS: Final = 100_000

_ENDS: Final[Mapping[str, Literal["length", "refused"]]] = {"length": "length", "content_filter": "refused"}


class _Part(BaseModel):
    """A part of a chunk. Null is as good as nothing: servers differ in where they put it."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: object) -> object:
        return {key: value for key, value in found.items() if value is not None} if isinstance(found, dict) else found


class _Function(_Part):
    name: str = ""
    arguments: str = ""


class _CallPart(_Part):
    index: int | None = None
    id: str = ""
    function: _Function = _Function()


class _Delta(_Part):
    content: str = ""
    reasoning_content: str = ""
    reasoning: str = ""
    tool_calls: list[_CallPart] = []


class _Choice(_Part):
    delta: _Delta = _Delta()
    finish_reason: str = ""


class _Usage(_Part):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chunk(_Part):
    """What one event brings."""

    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None  # a mapping or a text, in place of all else

    @classmethod
    def of(cls, data: str) -> Self:
        """From the data of an event. Raises ValueError when it is no chunk."""
        if data == "[DONE]":
            return cls(choices=[_Choice(finish_reason="stop")])
        return cls.model_validate_json(data)

    def holds_anything(self) -> bool:
        """Whether the model has said something by it: many servers begin with a chunk that only names its role."""
        return bool(self.usage or self.error) or any(
            choice.finish_reason or any(value for _, value in choice.delta) for choice in self.choices
        )


class Reply:
    """One answer, put together from its chunks."""

    def __init__(self) -> None:
        self._thoughts = Thoughts()
        self._calls = _Calls()
        self._finish = ""
        self._usage = _Usage()

    @property
    def is_whole(self) -> bool:
        """Whether the server has said why it ended."""
        return bool(self._finish)

    def take(self, chunk: Chunk) -> Iterator[ChatPiece]:
        """What is new and whole. Raises EngineError for a tool call beyond all measure."""
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices[:1]:
            if thought := choice.delta.reasoning_content or choice.delta.reasoning:
                yield ThinkingDelta(thought)
            yield from self._thoughts.split(choice.delta.content)
            for part in choice.delta.tool_calls:
                self._calls.take(part)
            self._finish = self._finish or choice.finish_reason

    def end(self) -> Iterator[ChatPiece]:
        """What remains once no chunk comes any more: calls, and why it ended."""
        yield from self._thoughts.rest()
        calls = list(self._calls.whole())
        yield from calls
        why = _ENDS.get(self._finish) or ("calls" if calls else "stop")
        yield ChatEnd(why, self._usage.prompt_tokens, self._usage.completion_tokens)


class _Calls:
    """Tool calls, whose parts come one after the other."""

    def __init__(self) -> None:
        self._calls: list[tuple[_CallPart, list[str]]] = []  # each one's first part, and its arguments so far
        self._characters = 0

    def take(self, part: _CallPart) -> None:
        if self._begins_another(part):
            self._calls.append((part, []))
        self._characters += len(part.function.arguments)
        if len(self._calls) > MAX_CALLS or self._characters > MAX_ARGUMENTS_CHARACTERS:
            raise EngineError(
                "the model asked for more tools, or with longer arguments, than anybody can mean: ask again"
            )
        self._calls[-1][1].append(part.function.arguments)

    def _begins_another(self, part: _CallPart) -> bool:
        if not self._calls:
            return True
        first, _ = self._calls[-1]
        return (part.index is not None and part.index != first.index) or bool(part.id and part.id != first.id)

    def whole(self) -> Iterator[ToolCall]:
        for number, (first, arguments) in enumerate(self._calls, start=1):
            yield ToolCall(first.id or f"call_{number}", first.function.name, "".join(arguments) or "{}")


def body(request: ChatRequest, options: Mapping[str, Any]) -> bytes:
    """The JSON of a request: what seldom changes stands first."""
    asked = {"temperature": request.temperature, "max_tokens": request.max_tokens}
    system = [{"role": "system", "content": encodable(request.system)}] if request.system else []
    whole = {
        **({"tools": [schema(tool) for tool in request.tools]} if request.tools else {}),
        **dict(sorted(options.items())),
        **{key: value for key, value in asked.items() if value is not None},
        "stream": True,
        "messages": [*system, *map(_message, request.messages)],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _message(message: ChatMessage) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": message.role, "content": encodable(message.text)}
    if message.calls:
        plain["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": encodable(call.arguments)},
            }
            for call in message.calls
        ]
    if message.answers is not None:
        plain["tool_call_id"] = message.answers.id
    return plain


def words_in(body: bytes) -> str:
    """What the server says in the body of an error."""
    try:
        return words_of(json.loads(body))
    except (ValueError, RecursionError):
        return ""  # a page for a browser, say


def words_of(error: object) -> str:
    """What the server says in an error; empty where it is none that servers of this protocol send."""
    match error:
        case {"error": {"message": str(words)}} | {"error": str(words)} | {"message": str(words)} | str(words):
            return words
    return ""
