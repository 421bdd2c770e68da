"""Home Assistant's own conversation agent: what it would do, and what it says."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from roomtone.errors import HomeError
from roomtone_server.home.base import Conversed, ServiceCall
from roomtone_server.home.home_assistant.connection import Connection
from roomtone_server.home.home_assistant.intents import speech_of

# The agent that understands sentences, as ours does, and the only one that tells what it would do.
BUILT_IN: Final = "conversation.home_assistant"

FORESEE_S: Final = 5.0
CONVERSE_S: Final = 30.0  # one that thinks with a language model takes its time

MAX_REPLY_CHARACTERS: Final = 4_000

# Nothing was understood, or a name that nothing has: who talks of something else says many.
_NOT_UNDERSTOOD: Final = frozenset({"no_intent_match", "no_valid_targets"})
MAX_TARGETS: Final = 256

# By domain: what an intent comes to at worst, and the intents that come to less.
_AT_WORST: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "alarm_control_panel": ("alarm_control_panel.alarm_disarm", frozenset({"HassGetState"})),
    "cover": ("cover.open_cover", frozenset({"HassGetState", "HassTurnOff", "HassStopMoving"})),
    "lock": ("lock.unlock", frozenset({"HassGetState", "HassTurnOn"})),
}


class OwnAgent:
    """A `base.Talker`."""

    def __init__(self, connection: Callable[[], Connection], agent: str) -> None:
        """`connection` gives the one that is whole, or raises HomeGone."""
        self._connection = connection
        self._agent = agent

    async def foresee(self, text: str, language: str) -> Sequence[ServiceCall]:
        """Of an agent other than the built-in one nothing is known."""
        if self._agent != BUILT_IN:
            return []
        kind = "conversation/agent/homeassistant/debug"
        return foreseen(await self._told(FORESEE_S, kind, sentences=[text], language=language))

    async def converse(self, text: str, language: str, conversation: str) -> Conversed:
        asked = {"text": text, "language": language, "conversation_id": conversation or None, "agent_id": self._agent}
        return conversed(await self._told(CONVERSE_S, "conversation/process", **asked))

    async def _told(self, within_s: float, kind: str, **asked: object) -> Any:  # noqa: ANN401 - as JSON has it
        try:
            async with asyncio.timeout(within_s):
                return await self._connection().ask(kind, **asked)
        except TimeoutError as problem:
            raise HomeError(f"Home Assistant's agent took longer than {within_s:g} s") from problem


def foreseen(told: object) -> Sequence[ServiceCall]:
    """From what the agent tells of one sentence. Where it may come to something, it counts as if it did."""
    results = told.get("results") if isinstance(told, dict) else None
    result = results[0] if isinstance(results, list) and results else None
    if not isinstance(result, dict):
        return []
    intent, targets = result.get("intent"), result.get("targets")
    name = intent.get("name") if isinstance(intent, dict) else None
    calls = []
    for entity_id in list(targets)[:MAX_TARGETS] if isinstance(targets, dict) else ():
        service, harmless = _AT_WORST.get(entity_id.partition(".")[0], ("", frozenset[str]()))
        if service and name not in harmless:
            calls.append(ServiceCall(service, entity_id))
    return calls


def conversed(told: Any) -> Conversed:  # noqa: ANN401 - as JSON has it
    """The answer of `conversation/process`. Raises HomeError for one that is none."""
    response = told.get("response") if isinstance(told, dict) else None
    if not isinstance(response, dict):
        raise HomeError("Home Assistant's agent gives no answer")
    data, conversation = response.get("data"), told.get("conversation_id")
    code = data.get("code") if isinstance(data, dict) else None
    return Conversed(
        text=speech_of(response)[:MAX_REPLY_CHARACTERS],
        understood=not (response.get("response_type") == "error" and code in _NOT_UNDERSTOOD),
        conversation=conversation if isinstance(conversation, str) and len(conversation) < 256 else "",
        expects_answer=told.get("continue_conversation") is True,
    )
