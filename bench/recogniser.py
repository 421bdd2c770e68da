"""How well the embedded recogniser hears recorded commands: as `roomtone bench stt` says for any engine in real time,
in this process and as fast as it can; before rejection and after it; and behind a wake word.

    python bench/recogniser.py COMMANDS/manifest.jsonl --home home.yaml [--split "held out"] [--wake FOLDER] [--show]

The manifest has one JSON object per line: `file`, `language`, `text`, `kind`, `speech_ms`, and `split` where it has
halves to choose from with `--split` (see speech_set.py). Of each kind of English command: how many were heard word by
word, and how many lead to the same intent with the same slots, before and after rejection. Of what is no command, and
of commands in other languages: how many act. `rtf` is decoding time over audio time, the phone loop's with it. With
`--wake`, recorded wake words (see wake_words.py) are put before the commands, cut where a satellite would.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone_server.bench.home import read_home
from roomtone_server.bench.judge import Judge as MeaningJudge
from roomtone_server.bench.judge import Verdict
from roomtone_server.bench.sound import read_wav
from roomtone_server.engines.stt.pocketsphinx import PocketSphinxSettings
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser
from roomtone_server.engines.stt.sphinx.speech import sounds
from roomtone_server.engines.stt.sphinx.verifier import Utterance
from roomtone_server.grammar.compiler import compile_automaton
from roomtone_server.grammar.vocabulary import Vocabulary
from wake_words import recorded

AREA = "Kitchen"
PREROLL_MS = 500
GAPS_MS = (0, 50, 150, 300)
DETECTIONS_MS = (-300, -150, 0, 150, 300, 450)  # after the wake word's end
BYTES_PER_MS = RATE_HZ * SAMPLE_BYTES // 1000


@dataclass(frozen=True)
class Command:
    """Without text, it is none: nothing may happen."""

    text: str
    kind: str
    speech_ms: tuple[int, int]
    pcm: bytes


def commands(manifest: Path, split: str = "") -> Iterator[Command]:
    for line in manifest.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if split and entry["split"] != split:
            continue
        is_ours = entry["language"] == "en"
        yield Command(
            entry["text"] if is_ours else "",
            entry["kind"] if is_ours else f"foreign ({entry['language']})",
            tuple(entry["speech_ms"]),
            read_wav(manifest.parent / entry["file"]).tobytes(),
        )


async def vocabulary_of(home_file: Path) -> Vocabulary:
    with tempfile.TemporaryDirectory() as folder:
        return (await read_home(home_file, Path(folder))).vocabulary


class Judge:
    """Hears in this process, and says whether it was right."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        began_s = time.perf_counter()
        automaton = compile_automaton(vocabulary)
        compiled_s = time.perf_counter()
        self.recogniser = Recogniser(automaton)
        self.recogniser.listen_for("")
        self.reject_from = PocketSphinxSettings().reject_from
        loaded_s = time.perf_counter()
        self._meaning = MeaningJudge(vocabulary, AREA)
        arcs = sum(len(state) for state in automaton.arcs)
        print(f"{len(automaton.arcs)} states, {arcs} arcs, {len(automaton.vocabulary())} words; ", end="")
        print(f"compiled in {compiled_s - began_s:.2f} s, loaded in {loaded_s - compiled_s:.2f} s")

    def hear(self, pcm: bytes, wake_phrase: str = "") -> tuple[str, float]:
        """What the grammar makes of it, and how much that is doubted."""
        heard = self.recogniser.recognise(pcm, wake_phrase)
        if heard is None or not heard.is_sentence:
            return "", 0.0
        doubted, _ = Utterance(0, bytearray(pcm)).verdict(heard.claim)
        assert doubted is not None
        return heard.text, doubted

    def accept(self, pcm: bytes, wake_phrase: str = "") -> str:
        text, doubted = self.hear(pcm, wake_phrase)
        return text if doubted < self.reject_from else ""

    def is_exact(self, heard: str, command: Command) -> bool:
        normalise = self.recogniser.automaton.normalise
        return normalise(heard) == normalise(command.text)

    def is_right(self, heard: str, command: Command) -> bool:
        return self._meaning.verdict(command.text, heard) is Verdict.RIGHT


def accuracy(judge: Judge, spoken: list[Command], show: bool) -> None:
    exact, right, kept, total = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    audio_s = decoding_s = 0.0
    for command in spoken:
        began_s = time.process_time()
        heard, doubted = judge.hear(command.pcm)
        decoding_s += time.process_time() - began_s
        audio_s += len(command.pcm) / BYTES_PER_MS / 1000
        total[command.kind] += 1
        exact[command.kind] += judge.is_exact(heard, command)
        right[command.kind] += judge.is_right(heard, command)
        accepted = heard if doubted < judge.reject_from else ""
        kept[command.kind] += judge.is_right(accepted, command)
        if show and not judge.is_right(accepted, command):
            print(f"    {command.text!r} heard as {heard!r}, doubted {doubted:.2f}")
    commands_of = {command.kind for command in spoken if command.text}
    for kind, count in total.items():
        if kind in commands_of:
            print(f"{kind:18} exact {exact[kind]}/{count}  right {right[kind]} -> {kept[kind]}/{count}")
        else:
            print(f"{kind:18} acts {count - right[kind]} -> {count - kept[kind]}/{count}")
    print(f"rtf {decoding_s / audio_s:.3f}")


def splices(judge: Judge, spoken: list[Command], wake_words: Path, count: int) -> None:
    draw, words = random.Random(1), recorded(wake_words)
    for gap_ms in GAPS_MS:
        with_wake = alone = 0
        for _ in range(count):
            word, command, detection_ms = draw.choice(words), draw.choice(spoken), draw.choice(DETECTIONS_MS)
            pcm = word.sound.astype(np.int16).tobytes()
            end_ms = sounds(pcm)[-1].end_ms
            start_ms = end_ms + detection_ms - PREROLL_MS
            room = pcm[(end_ms + 200) * BYTES_PER_MS :][: gap_ms * BYTES_PER_MS]
            rest = pcm[start_ms * BYTES_PER_MS : end_ms * BYTES_PER_MS]
            heard = judge.accept(rest + room + command.pcm[command.speech_ms[0] * BYTES_PER_MS :], word.phrase)
            with_wake += judge.is_right(heard, command)
            alone += judge.is_right(judge.accept(command.pcm), command)
        print(f"behind a wake word, gap {gap_ms:3} ms: {with_wake}/{count} right, {alone}/{count} alone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--split", default="", help="which half of the manifest: fit, or held out")
    parser.add_argument("--wake", type=Path, help="folder of wake words: okay_nabu_1.wav ...")
    parser.add_argument("--splices", type=int, default=20, help="for each gap")
    parser.add_argument("--show", action="store_true", help="what was heard wrong")
    options = parser.parse_args()
    vocabulary = asyncio.run(vocabulary_of(options.home))
    spoken = list(commands(options.manifest, options.split))
    judge = Judge(vocabulary)
    accuracy(judge, spoken, options.show)
    if options.wake:
        splices(judge, [command for command in spoken if command.kind == "generated"], options.wake, options.splices)


if __name__ == "__main__":
    main()
