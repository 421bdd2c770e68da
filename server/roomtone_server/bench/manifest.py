"""What was said in which recording: a file of JSON lines.

    {"file": "en/lamp.wav", "language": "en", "text": "turn on the lamp", "kind": "recorded", "speech_ms": [320, 1480]}

`file` is relative to the manifest. A clip without text is no command: nothing may happen. `speech_ms`, where speech
begins and ends, may be missing. Other keys are ignored.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import RoomtoneError, UsageError
from roomtone_server.bench.sound import read_wav

FOREIGN: Final = "foreign"  # the kind of clips in other languages, when they are heard too

_KEYS: Final = ("file", "language", "text", "kind")


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording. `place` is the manifest's line, for people: `commands.jsonl:7`."""

    place: str
    file: str
    kind: str
    text: str  # empty: no command
    pcm: bytes  # 16 kHz, mono, int16
    speech_ms: tuple[int, int] | None = None

    @property
    def seconds(self) -> float:
        return len(self.pcm) / (RATE_HZ * SAMPLE_BYTES)


def read_manifest(path: Path, language: str, *, foreign: bool = False, limit: int | None = None) -> list[Clip]:
    """The clips in a language, in their order, `limit` of them at most.

    With `foreign`, those in other languages too, as what is no command. Raises UsageError, which names the line, for
    what is no manifest, for a recording that cannot be used, and when there is no clip in the language.
    """
    clips: list[Clip] = []
    for place, entry in _entries(path):
        if len(clips) == limit:
            break
        if entry["language"] == language:
            clips.append(_clip(path, place, entry))
        elif foreign:
            clips.append(_clip(path, place, {**entry, "kind": FOREIGN, "text": ""}))
    if not clips:
        raise UsageError(f"{path} has no clip in the language {language!r}: give another --language or --manifest")
    return clips


def _entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"{path} is not a manifest: it is not UTF-8 text") from problem
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = f"{path}:{number}"
            yield place, _entry(place, line)


def _entry(place: str, line: str) -> dict[str, Any]:
    try:
        entry: Any = json.loads(line)
    except json.JSONDecodeError as problem:
        raise UsageError(f"{place}: this is not JSON: {problem.msg}, at column {problem.colno}") from problem
    if not isinstance(entry, dict):
        raise UsageError(f"{place}: found no JSON object; each line is one, with {', '.join(_KEYS)}")
    for key in _KEYS:
        if not isinstance(entry.get(key), str):
            raise UsageError(f"{place}: `{key}` is missing, or not a string; each line has {', '.join(_KEYS)}")
    return {**{key: entry[key] for key in _KEYS}, "speech_ms": _speech_ms(place, entry)}


def _speech_ms(place: str, entry: Mapping[str, Any]) -> tuple[int, int] | None:
    match entry.get("speech_ms"):
        case None:
            return None
        case [int(begin), int(end)] if 0 <= begin < end:
            return begin, end
    raise UsageError(f"{place}: `speech_ms` is not where speech begins and ends, in whole ms: [320, 1480]")


def _clip(manifest: Path, place: str, entry: Mapping[str, Any]) -> Clip:
    try:
        samples = read_wav(manifest.parent / entry["file"])
    except RoomtoneError as problem:
        raise type(problem)(f"{place}: {problem}") from problem
    return Clip(place, entry["file"], entry["kind"], entry["text"].strip(), samples.tobytes(), entry["speech_ms"])
