"""What the server may set at this satellite, and what it is told of it, beside all turns."""

from dataclasses import replace
from typing import Final, NoReturn

from roomtone.ears.base import TunableWakeEngine, WakeEngine
from roomtone.ears.formats import FRAME_MS
from roomtone.ears.level import LevelMeter
from roomtone.link.events import MAX_WATCH_S, Ability, SatelliteState, SetSatellite, WakeWord
from roomtone_satellite.kept import Chosen, Kept, KeptFile
from roomtone_satellite.settings import SatelliteSettings
from roomtone_satellite.volume import Volume

LEVEL_FRAMES: Final = 250 // FRAME_MS  # a meter that moves four times a second seems alive


class LevelWatch:
    """How loud the microphone hears the room, for as long as somebody wants to know. Counts frames."""

    def __init__(self) -> None:
        self._left = 0
        self._heard = 0
        self._meter = LevelMeter()

    def watch(self, seconds: float) -> None:
        """From now on, for so long; 0: no more."""
        self._left = round(min(seconds, MAX_WATCH_S) * 1000 / FRAME_MS)
        self._heard = 0
        self._meter = LevelMeter()

    def frame(self, pcm: bytes) -> float | None:
        """Takes the next 20 ms; in dBFS what has been heard since it was told last, when it is to be told."""
        if self._left <= 0:
            return None
        self._left -= 1
        self._heard += 1
        self._meter.frame(pcm, speaking=True)
        if self._heard < LEVEL_FRAMES:
            return None
        dbfs, self._heard, self._meter = self._meter.speech_dbfs, 0, LevelMeter()
        return dbfs


class Afar:
    """One satellite, as it is set from afar. `run` it as a task."""

    def __init__(self, settings: SatelliteSettings, wake: WakeEngine, file: KeptFile) -> None:
        self._settings = settings
        self._wake = wake
        self._file = file
        self._kept = kept = file.load()
        self._tunable = wake if isinstance(wake, TunableWakeEngine) else None
        self._thresholds = {word.name: word.threshold for word in self._tunable.tuning} if self._tunable else {}
        self.volume = Volume(Chosen.over(kept.volume, settings.volume))
        self.levels = LevelWatch()
        if self._tunable is not None:
            for name, threshold in self._thresholds.items():
                self._tunable.tune(name, Chosen.over(kept.thresholds.get(name), threshold))

    @property
    def muted(self) -> bool:
        """Whether it was muted from afar before it was started."""
        return self._kept.muted

    async def run(self) -> NoReturn:
        """Keeps what is set, for ever."""
        await self._file.run()

    def set(self, asked: SetSatellite) -> None:
        """Volume and thresholds; muting is the machine's."""
        if asked.volume is not None:
            self.volume.set(asked.volume)
            self._keep(replace(self._kept, volume=Chosen(asked.volume, self._settings.volume)))
        for name, threshold in (asked.thresholds or {}).items():
            if self._tunable is not None and name in self._thresholds:
                self._tunable.tune(name, threshold)
                chosen = Chosen(threshold, self._thresholds[name])
                self._keep(replace(self._kept, thresholds=self._kept.thresholds | {name: chosen}))

    def state(self, *, muted: bool, muted_there: bool) -> SatelliteState:
        """To be told. A mute from afar is kept from now on, and no other."""
        self._keep(replace(self._kept, muted=muted and not muted_there))
        if muted:
            self.levels.watch(0)
        can: list[Ability] = ["mute", "volume", "level"]
        if self._tunable is not None:
            can.append("thresholds")
        return SatelliteState(muted, muted_there, self.volume.value, tuple(self._words()), tuple(can))

    def _words(self) -> list[WakeWord]:
        if self._tunable is not None:
            return [WakeWord(word.name, word.phrase, word.threshold) for word in self._tunable.tuning]
        return [WakeWord(name, name.replace("_", " ")) for name in self._wake.words]

    def _keep(self, kept: Kept) -> None:
        self._kept = kept
        self._file.put(kept)
