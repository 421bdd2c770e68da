"""What a satellite sounds with, whoever drives it: the speaker, what plays on it, and the satellite's own chimes."""

from collections.abc import Callable

from roomtone.ears.echo.path import EchoPath
from roomtone.satellite.events import Sound
from roomtone_satellite.chimes import chosen_chimes
from roomtone_satellite.devices.base import Speaker
from roomtone_satellite.echo import TappedSpeaker
from roomtone_satellite.playback import MAX_BUFFERED_MS, Playback
from roomtone_satellite.settings import ChimeSettings
from roomtone_satellite.volume import Volume, VolumeSpeaker


class Mouth:
    """`start` it, then run its `playback` as a task."""

    def __init__(
        self,
        speaker: Speaker,
        echo: EchoPath | None,
        chosen: ChimeSettings,
        volume: Volume,
        *,
        on_progress: Callable[[int, int], None],
        on_played: Callable[[int, int], None],
        max_buffered_ms: int = MAX_BUFFERED_MS,
    ) -> None:
        """What sounds is told to `echo`, if there is one. For the rest, see Playback."""
        self._speaker = speaker
        self._chosen = chosen
        self._chimes: dict[Sound, bytes] = {}
        self.playback = Playback(
            VolumeSpeaker(TappedSpeaker(speaker, echo) if echo else speaker, volume),
            on_progress=on_progress,
            on_played=on_played,
            max_buffered_ms=max_buffered_ms,
        )

    async def start(self) -> None:
        """Opens the speaker. Raises DeviceError."""
        await self.playback.start()
        self._chimes = chosen_chimes(self._chosen, self._speaker.rate_hz)

    def chime(self, sound: Sound) -> None:
        """If it is switched on; when nothing else sounds."""
        if pcm := self._chimes.get(sound):
            self.playback.chime(pcm)
