"""Recorded wake words: a folder with `okay_nabu_1.wav` and the like, of each word one or several."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rooms import Samples
from roomtone_server.bench.sound import read_wav


@dataclass(frozen=True)
class WakeWord:
    name: str  # as wake engines spell it: "okay_nabu"
    sound: Samples

    @property
    def phrase(self) -> str:
        """As it is spoken."""
        return self.name.replace("_", " ")


def recorded(folder: Path) -> list[WakeWord]:
    """In the order of their names; those of a number are other recordings of the same."""
    files = sorted(folder.glob("*_[0-9]*.wav"))
    return [WakeWord(file.stem.rpartition("_")[0], read_wav(file).astype(np.float64)) for file in files]
