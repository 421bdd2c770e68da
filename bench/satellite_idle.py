"""What an idle satellite costs: CPU per second of audio, and memory, of a real process with the default wake engine.

    python bench/satellite_idle.py [--seconds 60] [--file speech.wav]

The process hears a WAV file again and again at the pace of the room (without --file: noise as quiet as a room's), and
is connected to nothing, as it says. Targets: at most 8 ms of CPU per second of audio, and 80 MB of resident memory. On
a machine that does other things too, its caches are cold at each frame: the best of the 10 s windows is nearest to the
truth.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.sound import write_wav

NOISE_RMS = 30  # of int16's 32,768
WARM_UP_S = 5.0
WINDOW_S = 10.0
TARGET_CPU_MS = 8.0
TARGET_RSS_MB = 80.0


def quiet_noise(path: Path) -> None:
    write_wav(path, np.random.default_rng(1).normal(0, NOISE_RMS, 10 * RATE_HZ).round().astype(np.int16))


def cpu_ms_per_s(process: psutil.Process) -> float:
    before, began = cpu_s(process), time.monotonic()
    time.sleep(WINDOW_S)
    return 1000 * (cpu_s(process) - before) / (time.monotonic() - began)


def cpu_s(process: psutil.Process) -> float:
    """To the ns, where Linux tells: clock ticks are too coarse for a few ms."""
    schedstats = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in schedstats) / 1e9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        heard = options.file or Path(folder) / "noise.wav"
        if options.file is None:
            quiet_noise(heard)
        settings = {
            "microphone": {"device": "wav", "file": str(heard.resolve()), "then": "repeat"},
            "speaker": "null",
            "log_level": "error",
        }
        config = Path(folder) / "satellite.yaml"
        config.write_text(json.dumps(settings))
        command = [str(Path(sys.executable).with_name("roomtone")), "satellite", "--config", str(config)]
        with subprocess.Popen(command, env={**os.environ, "ROOMTONE_STATE": folder}) as running:
            time.sleep(WARM_UP_S)
            process = psutil.Process(running.pid)
            windows = sorted(cpu_ms_per_s(process) for _ in range(max(1, round(options.seconds / WINDOW_S))))
            rss_mb = process.memory_info().rss / 1e6
            threads = process.num_threads()
            running.send_signal(signal.SIGTERM)
    print(
        f"cpu ms per second of audio: best {windows[0]:.1f}, median {statistics.median(windows):.1f} "
        f"(target {TARGET_CPU_MS:g}); rss {rss_mb:.1f} MB (target {TARGET_RSS_MB:g}); {threads} threads"
    )
    return int(windows[0] > TARGET_CPU_MS or rss_mb > TARGET_RSS_MB)


if __name__ == "__main__":
    sys.exit(main())
