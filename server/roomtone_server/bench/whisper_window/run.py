"""The bench from beginning to end: everything read, the model loaded once, each recording heard with both windows."""

import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from roomtone.engines import EngineChoice, choose
from roomtone.errors import UsageError
from roomtone.paths import cache_dir
from roomtone_server.bench.sound import read_wav
from roomtone_server.bench.whisper_window.report import Comparison, Outcome, figures, table
from roomtone_server.engines.base import ANY_LANGUAGE
from roomtone_server.engines.stt import whisper_files
from roomtone_server.engines.stt.faster_whisper import NAME, FasterWhisperSettings
from roomtone_server.engines.stt.growing import speech_of
from roomtone_server.engines.stt.whisper_decoding import Question, Whisper, Window

WINDOWS: Final[tuple[Window, Window]] = ("full", "fit")
EXIT_MEASURED: Final = 0


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """What the command line asks for."""

    files: Sequence[Path]
    engine: Mapping[str, Any]  # settings of faster-whisper
    times: int  # that each is heard with either window


def bench_whisper_window(options: WindowOptions, *, as_json: bool) -> int:
    """Prints what was measured, and returns the exit status. Raises RoomtoneError."""
    recordings = [(path, _speech(path)) for path in options.files]
    settings = choose("stt", EngineChoice(NAME, dict(options.engine))).settings
    assert isinstance(settings, FasterWhisperSettings)
    language = None if settings.language == ANY_LANGUAGE else settings.language
    folder = whisper_files.folder_of(settings.model, cache_dir(), settings.language)
    click.echo(f"loading {folder.name}", err=True)
    whisper = Whisper(folder, settings.manner())
    with click.progressbar(recordings, label=f"hearing {len(recordings)} files", file=sys.stderr) as progress:
        compared = [_compared(whisper, path.name, Question(pcm, language), options.times) for path, pcm in progress]
    if not as_json:
        click.echo(f"{table(compared)}\n")
    click.echo(json.dumps(figures(compared), ensure_ascii=False))
    return EXIT_MEASURED


def _speech(path: Path) -> bytes:
    speech = speech_of(read_wav(path).tobytes())
    if not speech:
        raise UsageError(f"{path} holds no speech: nothing in it stands out of the room")
    return speech


def _compared(whisper: Whisper, file: str, asked: Question, times: int) -> Comparison:
    full, fit = (_outcome(whisper, replace(asked, window=window), times) for window in WINDOWS)
    return Comparison(file, asked.seconds, full, fit)


def _outcome(whisper: Whisper, asked: Question, times: int) -> Outcome:
    heard = whisper.hear(asked)  # the first time takes longest, and does not count
    took_ms = []
    for _ in range(times):
        began = time.perf_counter()
        whisper.hear(asked)
        took_ms.append((time.perf_counter() - began) * 1000)
    return Outcome(heard, statistics.median(took_ms))
