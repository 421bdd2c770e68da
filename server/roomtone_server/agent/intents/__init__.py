"""What is done about each intent. To teach the agent a new one: its sentences in `grammar/data`, its handler here.

An intent that is not in this table is not understood. Of the packaged ones that is HassBroadcast alone: nothing in this
house speaks on several satellites yet.
"""

from collections.abc import Mapping
from typing import Final

from roomtone_server.agent.intents import (
    cleaning,
    climate,
    lights,
    lists,
    media,
    questions,
    small_talk,
    switching,
    timing,
)
from roomtone_server.agent.planning import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "HassTurnOn": switching.turn_on,
    "HassTurnOff": switching.turn_off,
    "RoomtoneToggle": switching.toggle,
    "RoomtoneStop": switching.stop,
    "HassSetPosition": switching.set_position,
    "HassFanSetSpeed": switching.set_fan_speed,
    "RoomtoneArm": switching.arm,
    "HassLightSet": lights.light_set,
    "RoomtoneLightStep": lights.light_step,
    "HassClimateSetTemperature": climate.set_temperature,
    "RoomtoneTemperatureStep": climate.step_temperature,
    "HassClimateGetTemperature": climate.get_temperature,
    "HassClimateSetFanMode": climate.set_fan_mode,
    "HassMediaPause": media.pause,
    "HassMediaUnpause": media.transport("media_play", "paused"),
    "HassMediaNext": media.transport("media_next_track", "playing"),
    "HassMediaPrevious": media.transport("media_previous_track", "playing"),
    "HassMediaPlayerMute": media.mute,
    "HassMediaPlayerUnmute": media.unmute,
    "HassMediaSearchAndPlay": media.search_and_play,
    "HassSetVolume": media.set_volume,
    "HassSetVolumeRelative": media.set_volume_relative,
    "HassStartTimer": timing.start,
    "HassCancelTimer": timing.CANCEL,
    "HassCancelAllTimers": timing.cancel_all,
    "HassPauseTimer": timing.PAUSE,
    "HassUnpauseTimer": timing.RESUME,
    "HassIncreaseTimer": timing.lengthen,
    "HassDecreaseTimer": timing.shorten,
    "HassTimerStatus": timing.status,
    "HassListAddItem": lists.add_item,
    "HassListCompleteItem": lists.complete_item,
    "HassListRemoveItem": lists.remove_item,
    "HassShoppingListAddItem": lists.add_item,
    "HassShoppingListCompleteItem": lists.complete_item,
    "RoomtoneListItems": lists.read_items,
    "HassVacuumStart": cleaning.service("vacuum.start"),
    "HassVacuumReturnToBase": cleaning.service("vacuum.return_to_base"),
    "HassVacuumCleanArea": cleaning.clean_area,
    "HassLawnMowerStartMowing": cleaning.service("lawn_mower.start_mowing"),
    "HassLawnMowerDock": cleaning.service("lawn_mower.dock"),
    "HassGetState": questions.get_state,
    "HassGetWeather": small_talk.weather,
    "HassGetCurrentTime": small_talk.current_time,
    "HassGetCurrentDate": small_talk.current_date,
    "HassRespond": small_talk.answer,
    "HassNevermind": small_talk.nevermind,
    "RoomtoneAgain": small_talk.again,
    "RoomtoneYes": small_talk.answer,
    "RoomtoneNo": small_talk.answer,
}
