"""A settings file that is written by answers: what else stands in it stays, but for its comments."""

from pathlib import Path
from typing import Any, Final, Self

import yaml

from roomtone import engines
from roomtone.settings import load
from roomtone_satellite.devices.choose import MicrophoneSettings
from roomtone_satellite.settings import SatelliteSettings

_HEAD: Final = "# Written by `roomtone satellite setup`. config/satellite.yaml explains every setting that there is.\n"


class Draft:
    """What a satellite's settings file says, as it stands there: its ${NAME}s are not those of whoever sets it up."""

    def __init__(self, file: Path, settings: SatelliteSettings, values: dict[str, Any]) -> None:
        self.settings = settings  # as the file has them, read whole
        self._file = file
        self._values = values
        self._changed = False

    @classmethod
    def of(cls, file: Path) -> Self:
        """A file that need not be there yet. Raises SettingsError."""
        if not file.exists():
            return cls(file, SatelliteSettings(), {})
        settings = load(SatelliteSettings, file)
        return cls(file, settings, yaml.safe_load(file.read_text(encoding="utf-8")) or {})

    def put(self, key: str, value: object) -> None:
        self._changed = self._changed or key not in self._values or self._values[key] != value
        self._values[key] = value

    def put_microphone(self, settings: MicrophoneSettings) -> None:
        self.put("microphone", settings.model_dump(mode="json", exclude_none=True))

    def put_wake_word(self, word: str) -> None:
        """Of the engine that the settings choose. Raises EngineMissing."""
        choice = self.settings.wake
        self.put("wake", {"engine": engines.choose("wake", choice).name, **choice.options, "words": [word]})

    def put_allowed(self, address: str) -> None:
        """Where Home Assistant is, and nobody else may dial from."""
        self.put("home_assistant", {**(self._values.get("home_assistant") or {}), "allow": [address]})

    def save(self) -> SatelliteSettings:
        """Writes it, if anything changed; the settings as they are now. Raises SettingsError, and leaves the file as it
        was, when an answer cannot be."""
        if not self._changed and self._file.exists():
            return self.settings
        text = _HEAD + yaml.safe_dump(self._values, sort_keys=False, allow_unicode=True)
        whole = self._file.with_name(self._file.name + ".new")
        whole.write_text(text if self._values else _HEAD, encoding="utf-8")
        try:
            self.settings = load(SatelliteSettings, whole)
            whole.replace(self._file)
        finally:
            whole.unlink(missing_ok=True)
        return self.settings
