"""Makes a folder of spoken commands, and of sounds that are none, in simulated rooms: other sounds than the recordings.

    python bench/speech_set.py FOLDER --home home.yaml [--manifest COMMANDS/manifest.jsonl] [--commands 200] [--seed 1]
    python bench/recogniser.py FOLDER/manifest.jsonl --home home.yaml [--split "held out"]

Commands are drawn from the home's grammar; the manifest's English texts are added. Everyday sentences (everyday.txt)
are "out-of-vocabulary", the manifest's texts in other languages "foreign", coughs, doors and the like "noise". espeak
and flite (Debian's package `flite`) speak, faster and slower, as taller and smaller people. The manifest has, for each
file, `language`, `text` (empty where nothing may happen), `kind`, `speech_ms`, `voice`, and `split`: "fit" to choose
by, "held out" to check on; they share no voice that speaks English. The same seed and grammar make the same sounds, but
that espeak's female voices tremble by chance.
"""

import argparse
import asyncio
import io
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from noises import NOISES
from recogniser import vocabulary_of
from rooms import Room, Samples, heard, resampled
from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.sound import write_wav
from roomtone_server.engines import libespeak
from roomtone_server.grammar.automaton import Automaton
from roomtone_server.grammar.compiler import compile_automaton

EVERYDAY = Path(__file__).with_name("everyday.txt")
SPLITS = ("fit", "held out")

# For each split. flite's voices were cut from recordings of people, espeak's are computed: take more of the former.
FLITE = {"fit": ("slt", "kal16"), "held out": ("rms", "awb")}
ESPEAK = {
    "fit": ("en-us", "en-gb+f3", "en-us+m7", "en-gb-scotland+m3"),
    "held out": ("en-gb", "en-us+f2", "en-gb-x-rp+m5", "en-us+m1"),
}
FLITE_SHARE = 0.65
PITCHES = (35, 65)  # of espeak's voices; 0 to 100
NORMAL_WPM = 165  # of espeak, at pace 1
PACES = (0.8, 1.25)
SIZES = (0.93, 1.07)  # of the speaker's throat: it shifts all resonances
QUIET = 0.01  # of the loudest sample: speech begins and ends there

ENOUGH_WORDS = 12  # nobody says longer commands


@dataclass(frozen=True)
class Sentence:
    text: str
    kind: str
    language: str = "en"


@dataclass(frozen=True)
class Speaker:
    voice: str
    is_flite: bool
    pace: float
    pitch: int
    size: float

    @classmethod
    def drawn(cls, language: str, split: str, draw: random.Random) -> "Speaker":
        is_flite = language == "en" and draw.random() < FLITE_SHARE
        voices = (FLITE if is_flite else ESPEAK)[split] if language == "en" else (language,)
        pace, pitch, size = draw.uniform(*PACES), draw.randint(*PITCHES), draw.uniform(*SIZES)
        return cls(draw.choice(voices), is_flite, pace, pitch, size)

    def says(self, text: str) -> Samples:
        """Dry, from its first sound to its last, of peak 1."""
        rate_hz, pcm = self._by_flite(text) if self.is_flite else self._by_espeak(text)
        sound = np.frombuffer(pcm, np.int16) / 32_768
        sound = resampled(sound, round(len(sound) * self.size * RATE_HZ / rate_hz))
        peak = float(np.abs(sound).max())
        loud = np.flatnonzero(np.abs(sound) > QUIET * peak)
        return sound[loud[0] : loud[-1] + 1] / peak

    def _by_flite(self, text: str) -> tuple[int, bytes]:
        speed = ["--setf", f"duration_stretch={1 / self.pace:.3f}"]
        command = ["flite", "-voice", self.voice, *speed, "-t", text, "-o", "/dev/stdout"]
        with wave.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)) as file:
            return file.getframerate(), file.readframes(file.getnframes())

    def _by_espeak(self, text: str) -> tuple[int, bytes]:
        chunks: list[bytes] = []
        library = libespeak.library()

        def take(chunk: bytes) -> bool:
            chunks.append(chunk)
            return True

        rate_wpm = round(self.pace * NORMAL_WPM)
        library.say(text, library.voice(self.voice), take, rate_wpm=rate_wpm, pitch=self.pitch, volume=100)
        return libespeak.RATE_HZ, b"".join(chunks)


def drawn_commands(automaton: Automaton, count: int, draw: random.Random) -> Iterator[str]:
    """Different sentences. A word is the likelier the more can be said behind it, but only by the logarithm: else all
    would be about timers."""
    behind = [0] * len(automaton.arcs)

    def sentences(state: int) -> int:
        if not behind[state]:
            behind[state] = (state in automaton.final) + sum(map(sentences, automaton.arcs[state].values()))
        return behind[state]

    found: set[str] = set()
    while len(found) < count:
        state, said = 0, list[str]()
        while state not in automaton.final or (automaton.arcs[state] and draw.random() < 0.5):
            words = sorted(automaton.arcs[state])
            [word] = draw.choices(words, [1 + log(sentences(automaton.arcs[state][word])) for word in words])
            said.append(word)
            state = automaton.arcs[state][word]
        text = _readable(said)
        if len(said) <= ENOUGH_WORDS and text not in found:
            found.add(text)
            yield text


def _readable(words: list[str]) -> str:
    """Letters for what has no vowel, as TV: voices would try to say it as a word."""
    return " ".join(word if set(word) & set("aeiouy") else word.upper() for word in words)


def texts(automaton: Automaton, options: argparse.Namespace, draw: random.Random) -> list[Sentence]:
    found = [Sentence(text, "command") for text in drawn_commands(automaton, options.commands, draw)]
    everyday = EVERYDAY.read_text(encoding="utf-8").splitlines()
    everyday = draw.sample(everyday, min(options.everyday, len(everyday)))
    found += [Sentence(text, "out-of-vocabulary") for text in everyday]
    for line in options.manifest.read_text(encoding="utf-8").splitlines() if options.manifest else ():
        entry = json.loads(line)
        if entry["text"] and entry["language"] == "en":
            found.append(Sentence(entry["text"], "command"))
        elif entry["text"]:
            found.append(Sentence(entry["text"], "foreign", entry["language"]))
    return found


def make(number: int, sentence: Sentence, seed: int) -> tuple[dict[str, object], NDArray[np.int16]]:
    """One line of the manifest, and its samples."""
    draw, noise = random.Random(f"{seed} {number}"), default_rng([seed, number])
    split = SPLITS[number % len(SPLITS)]
    if sentence.kind == "noise":
        maker = NOISES[number // len(SPLITS) % len(NOISES)]
        voice, dry = maker.__name__, maker(noise)
    else:
        speaker = Speaker.drawn(sentence.language, split, draw)
        voice, dry = speaker.voice, speaker.says(sentence.text)
    samples, speech_ms = heard(dry, Room.drawn(noise), noise)
    text = sentence.text if sentence.kind == "command" else ""
    entry = {"file": f"{number:04}.wav", "language": sentence.language, "text": text, "kind": sentence.kind}
    return {**entry, "speech_ms": speech_ms, "voice": voice, "split": split}, samples


def check_voices() -> None:
    if remedy := libespeak.missing():
        sys.exit(f"espeak speaks a part of the sentences, and is not installed: {remedy}")
    if shutil.which("flite") is None:
        sys.exit("flite speaks most of the sentences, and is not installed: apt install flite")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, help="whose texts are spoken too")
    parser.add_argument("--commands", type=int, default=200, help="drawn from the grammar")
    parser.add_argument("--everyday", type=int, default=90)
    parser.add_argument("--noises", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    check_voices()
    options.folder.mkdir(parents=True)
    automaton = compile_automaton(asyncio.run(vocabulary_of(options.home)))
    sentences = texts(automaton, options, random.Random(options.seed))
    sentences += [Sentence("", "noise")] * options.noises
    jobs = [(number, sentence, options.seed) for number, sentence in enumerate(sentences)]
    # espeak's voice goes on where its last utterance ended: each sentence has a process of its own.
    context = multiprocessing.get_context("fork")
    manifest = options.folder / "manifest.jsonl"
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool, manifest.open("w") as lines:
        for entry, samples in pool.starmap(make, jobs, chunksize=1):
            write_wav(options.folder / str(entry["file"]), samples)
            print(json.dumps(entry, ensure_ascii=False), file=lines)


if __name__ == "__main__":
    main()
