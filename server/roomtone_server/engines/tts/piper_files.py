"""Piper's voices as they lie on disk: NAME.onnx, and NAME.onnx.json beside it, which says what the voice speaks."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, Field

from roomtone.errors import EngineError
from roomtone.paths import models_dir
from roomtone_server.languages.codes import normal_code

_LOGGER = logging.getLogger(__name__)

FOLDER: Final = "piper"  # of voices, in the state and in the cache; and the kind of model that they are
SUFFIX: Final = ".onnx"
FETCHING: Final = ("pinyin",)  # kinds of phonemes for which piper-tts downloads a model, whoever asks


class _Audio(BaseModel):
    sample_rate: int = Field(ge=8_000, le=48_000)


class _Language(BaseModel):
    code: str


class _Config(BaseModel):
    audio: _Audio
    language: _Language | None = None  # old voices say it in their names only
    phoneme_type: str = "espeak"
    num_speakers: int = 1
    speaker_id_map: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """One voice on disk, not loaded."""

    path: Path
    rate_hz: int
    languages: tuple[str, ...]
    speakers: Mapping[str, int]
    speaker_count: int
    config: dict[str, Any]  # all that the file beside it says

    def speaker_id(self, speaker: int | str | None) -> int | None:
        """The number of a speaker; None for the voice's own. Raises EngineError for one that it lacks."""
        number = self.speakers.get(speaker, -1) if isinstance(speaker, str) else speaker
        if number is not None and not 0 <= number < self.speaker_count:
            known = ", ".join(sorted(self.speakers)) or f"0 to {self.speaker_count - 1}"
            raise EngineError(f"the voice {self.path} has no speaker {speaker!r}; it has: {known}")
        return number


class Voices:
    """The voices that there are, by name."""

    def __init__(self, state: Path, cache: Path) -> None:
        """The server's folders; in both lie voices that somebody put there, in the cache those that were pulled."""
        self._folders = [state / FOLDER, cache / FOLDER]
        self._pulled = models_dir(cache, FOLDER)
        self.known: dict[str, VoiceFile] = {}

    @property
    def installed(self) -> dict[str, Path]:
        """By name, unread."""
        own = (path for folder in self._folders for path in sorted(folder.glob(f"*{SUFFIX}")))
        return {path.stem: path for path in (*sorted(self._pulled.glob(f"[!.]*/*{SUFFIX}")), *own)}

    def find(self, wanted: Iterable[str]) -> None:
        """Learns which there are: the wanted ones, by path or name, in this order, then all that are installed. Reads
        files. Raises EngineError when a wanted one is not there; an installed one that is broken is logged."""
        self.known.clear()
        installed = self.installed
        for name in wanted:
            path = Path(name).expanduser() if name.endswith(SUFFIX) else installed.get(name)
            if path is None:
                raise self.lacking(name, installed)
            self.known[path.stem] = _read(path)
        for name, path in installed.items():
            try:
                self.known.setdefault(name, _read(path))
            except EngineError as problem:
                _LOGGER.warning("%s", problem)

    def __getitem__(self, name: str) -> VoiceFile:
        """By name, or by the path that was wanted. Raises EngineError."""
        file = self.known.get(name.removesuffix(SUFFIX).rpartition("/")[2])
        if file is None:
            raise self.lacking(name, self.known)
        return file

    def lacking(self, name: str, known: Iterable[str] = ()) -> EngineError:
        what = f"no voice {name!r}; it has: {', '.join(sorted(known)) or 'none'}" if name else "no voice"
        return EngineError(
            f"piper has {what}. `roomtone models pull {name or '--for LANGUAGE'}`, or put NAME.onnx and NAME.onnx.json "
            f"into {self._folders[0]}"
        )


def _read(path: Path) -> VoiceFile:
    beside = path.with_name(f"{path.name}.json")
    try:
        config = json.loads(beside.read_bytes())
        known = _Config.model_validate(config)
    except (OSError, ValueError) as problem:  # ValidationError is one of the latter
        why = problem.strerror if isinstance(problem, OSError) else "it does not describe a voice"
        raise EngineError(f"the voice {path} cannot be used: {beside}: {why}") from problem
    if not path.is_file():
        raise EngineError(f"the voice {path} cannot be used: there is no such file")
    if known.phoneme_type in FETCHING:
        raise EngineError(
            f"the voice {path} cannot be used: Piper would fetch a model for it; take another of its language"
        )
    code = known.language.code if known.language else path.name.partition("-")[0]
    speakers, count = known.speaker_id_map, known.num_speakers
    return VoiceFile(path, known.audio.sample_rate, (normal_code(code),), speakers, count, config)
