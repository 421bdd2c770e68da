"""Which commands Home Assistant's own handlers carry out, what they are told, and what they answer. Pure.

Each entity that a command means is an intent of its own, named by its id: what is done is what was planned, and
nothing that asks back before it is done hides behind an area.
"""

from collections.abc import Mapping
from typing import Any, Final

from roomtone.errors import HomeError
from roomtone_server.home.base import Order, ServiceCall
from roomtone_server.home.home_assistant.connection import spoken_reason
from roomtone_server.home.home_assistant.registry import ASSISTANT

# By intent: the slots that say what is to be done, beside the name.
_SLOTS: Final[Mapping[str, frozenset[str]]] = {
    "HassTurnOn": frozenset(),
    "HassTurnOff": frozenset(),
    "HassSetPosition": frozenset({"position"}),
    "HassLightSet": frozenset({"brightness", "color", "temperature"}),
    "HassFanSetSpeed": frozenset({"percentage"}),
    "HassClimateSetTemperature": frozenset({"temperature"}),
    "HassClimateSetFanMode": frozenset({"fan_mode"}),
    "HassMediaPause": frozenset(),
    "HassMediaUnpause": frozenset(),
    "HassMediaNext": frozenset(),
    "HassMediaPrevious": frozenset(),
    "HassMediaPlayerMute": frozenset(),
    "HassMediaPlayerUnmute": frozenset(),
    "HassMediaSearchAndPlay": frozenset({"search_query", "media_class"}),
    "HassSetVolume": frozenset({"volume_level"}),
    "HassSetVolumeRelative": frozenset({"volume_step"}),
    "HassListAddItem": frozenset({"item"}),
    "HassListCompleteItem": frozenset({"item"}),
    "HassListRemoveItem": frozenset({"item"}),
    "HassVacuumStart": frozenset(),
    "HassVacuumReturnToBase": frozenset(),
    "HassVacuumCleanArea": frozenset({"area"}),
    "HassLawnMowerStartMowing": frozenset(),
    "HassLawnMowerDock": frozenset(),
}

# The shopping list is a list among others, and is named by its id.
_SAME: Final = {
    "HassShoppingListAddItem": "HassListAddItem",
    "HassShoppingListCompleteItem": "HassListCompleteItem",
}


def intent_of(order: Order, call: ServiceCall, area_id: str | None) -> Mapping[str, Any] | None:
    """The body of `POST /api/intent/handle` for one of an order's calls; None for one that no handler knows.

    `area_id` is the speaker's: a handler that has to choose prefers what is there. The domain spares it to look at all
    that a large home has.
    """
    name = _SAME.get(order.intent, order.intent)
    if name not in _SLOTS:
        return None
    data = {slot: value for slot, value in order.slots.items() if slot in _SLOTS[name]}
    context = {} if area_id is None else {"preferred_area_id": area_id}
    return {
        "name": name,
        "data": {**data, **context, "name": call.entity, "domain": call.entity.partition(".")[0]},
        "language": order.language,
        "assistant": ASSISTANT,
    }


def check(answer: object) -> None:
    """Raises HomeError, with the handler's own words, when it has done nothing."""
    told = answer if isinstance(answer, dict) else {}
    if told.get("response_type") in {"action_done", "query_answer"}:
        return
    raise HomeError(spoken_reason(speech_of(told)))


def speech_of(answer: Mapping[str, Any]) -> str:
    """What an intent's response says; empty when it says nothing."""
    speech = answer.get("speech")
    plain = speech.get("plain") if isinstance(speech, dict) else None
    said = plain.get("speech") if isinstance(plain, dict) else None
    return said if isinstance(said, str) else ""
