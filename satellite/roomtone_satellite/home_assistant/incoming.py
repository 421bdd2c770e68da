"""What Home Assistant says, put into the satellite's own words."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from wyoming.event import Event as LinkEvent

from roomtone.errors import FrameError
from roomtone.link.events import printable
from roomtone_satellite.home_assistant import events
from roomtone_satellite.incoming import ReplyAudio, Told, reply_audio, text_of

MAX_TIMERS: Final = 32  # whose names are remembered: guards memory
MAX_NAME_CHARACTERS: Final = 128

Heeded = events.Event | ReplyAudio | Told


class Incoming:
    """Of all connections, since timers outlive one. Each `audio-start` begins the next turn."""

    def __init__(self) -> None:
        self._turn = 0
        self._timers: dict[str, str] = {}  # their names
        self._kinds: Final[Mapping[str, Callable[[LinkEvent], list[Heeded]]]] = {
            "detect": lambda _: [events.WakeAwaited()],
            "detection": lambda event: [events.WakeDetected(), Told("wake", _name(event, "name"))],
            "transcribe": lambda _: [events.ListeningBegan()],
            "voice-stopped": lambda _: [events.UtteranceEnded()],
            "transcript": lambda event: [events.Transcribed(), Told("transcript", text_of(event))],
            "synthesize": lambda event: [events.ReplyPromised(), Told("reply", text_of(event))],
            "error": lambda event: [events.RunFailed(_name(event, "code"), printable(text_of(event)))],
            "audio-start": self._audio_start,
            "audio-chunk": lambda event: [reply_audio(event, self._turn)],
            "audio-stop": lambda _: [events.AudioEnded(self._turn)],
            "timer-started": self._timer_set,
            "timer-updated": self._timer_set,
            "timer-cancelled": self._timer_over,
            "timer-finished": self._timer_over,
        }

    def take(self, event: LinkEvent) -> list[Heeded]:
        """What follows from an event, in order; nothing from one of no concern. Raises FrameError."""
        kind = self._kinds.get(event.type)
        return [] if kind is None else kind(event)

    def _audio_start(self, _: LinkEvent) -> list[Heeded]:
        self._turn += 1
        return [events.AudioStarted(self._turn)]

    def _timer_set(self, event: LinkEvent) -> list[Heeded]:
        timer = text_of(event, "id")[:MAX_NAME_CHARACTERS]
        name = _name(event, "name") or self._timers.get(timer, "")
        if timer in self._timers or len(self._timers) < MAX_TIMERS:
            self._timers[timer] = name
        seconds, active = event.data.get("total_seconds"), event.data.get("is_active", True)
        if not isinstance(seconds, int) or not isinstance(active, bool):
            raise FrameError(f"a malformed {event.type}: it does not say how long it takes")
        return [_told(event, timer, name, seconds=seconds, active=active)]

    def _timer_over(self, event: LinkEvent) -> list[Heeded]:
        timer = text_of(event, "id")[:MAX_NAME_CHARACTERS]
        told = _told(event, timer, self._timers.pop(timer, ""))
        over = events.TimerFinished if event.type == "timer-finished" else events.TimerCancelled
        return [told, over(timer)]


def _told(event: LinkEvent, timer: str, name: str, **more: int) -> Told:
    what = event.type.removeprefix("timer-")
    return Told("timer", json.dumps({"event": what, "id": timer, "name": name} | more, ensure_ascii=False))


def _name(event: LinkEvent, key: str) -> str:
    name = event.data.get(key)
    if name is None:
        return ""
    return printable(text_of(event, key))[:MAX_NAME_CHARACTERS]
