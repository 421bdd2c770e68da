"""The preset `home-assistant` of the engine `mcp`: where its server is, and which of its tools are of use. Pure."""

import os
from collections.abc import Mapping
from typing import Any, Final

PRESET: Final = "home-assistant"
PATH: Final = "/api/mcp/assist"  # `/api/mcp` alone lists what only administrators should use

# The variable that an add-on finds its token in; a name, no secret.
SUPERVISOR_TOKEN: Final = "SUPERVISOR_TOKEN"  # noqa: S105
SUPERVISOR_URL: Final = f"http://supervisor/core{PATH}"

# What our own tools do, and ask back before they do it; and what does the same under another name.
_OURS: Final = frozenset(
    {
        "GetDateTime",
        "GetLiveContext",
        "HassCancelAllTimers",
        "HassCancelTimer",
        "HassClimateSetTemperature",
        "HassCloseCover",
        "HassDecreaseTimer",
        "HassFanSetSpeed",
        "HassIncreaseTimer",
        "HassLawnMowerDock",
        "HassLawnMowerStartMowing",
        "HassLightSet",
        "HassListAddItem",
        "HassListCompleteItem",
        "HassListRemoveItem",
        "HassMediaNext",
        "HassMediaPause",
        "HassMediaPlayerMute",
        "HassMediaPlayerUnmute",
        "HassMediaPrevious",
        "HassMediaSearchAndPlay",
        "HassMediaUnpause",
        "HassOpenCover",
        "HassPauseTimer",
        "HassSetPosition",
        "HassSetVolume",
        "HassStartTimer",
        "HassTimerStatus",
        "HassToggle",
        "HassTurnOff",
        "HassTurnOn",
        "HassUnpauseTimer",
        "HassVacuumReturnToBase",
        "HassVacuumStart",
    }
)


def is_of_use(tool: str) -> bool:
    """By the server's own name for it: `intent__HassTurnOn`, or in earlier versions `HassTurnOn`."""
    return tool.rpartition("__")[2] not in _OURS


def filled(written: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings with what the preset adds: a name, and the whole address; in an add-on the token too."""
    url = written.get("url")
    named = {"name": "home", **written}
    if url is None and SUPERVISOR_TOKEN in os.environ:
        return {"url": SUPERVISOR_URL, "api_key_env": SUPERVISOR_TOKEN, **named}
    if isinstance(url, str) and "/api/mcp" not in url:
        return {**named, "url": url.rstrip("/") + PATH}
    return named
