"""A microphone, as a program: silence at the pace of the room, and whatever is put into its folder to be said.

    python talker.py FOLDER

Raw int16, mono, 16 kHz. A file `said.raw` in the folder sounds from the next frame on, and is then gone.
"""

import sys
import time
from pathlib import Path

FRAME_S = 0.02
FRAME_BYTES = 640


def main(folder: Path) -> None:
    due, left = time.monotonic(), b""
    while True:
        file = folder / "said.raw"
        if not left and file.exists():
            left = file.read_bytes()
            file.unlink()
        sys.stdout.buffer.write(left[:FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
        sys.stdout.buffer.flush()
        left = left[FRAME_BYTES:]
        due += FRAME_S
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
