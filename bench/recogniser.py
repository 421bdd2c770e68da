"""How well, and how fast, the embedded recogniser hears recorded commands.

    python bench/recogniser.py COMMANDS/manifest.jsonl --home home.yaml [--wake FOLDER] [--live 10] [--show]

The manifest has one JSON object per line: `file`, `language`, `text`, `kind`, `speech_ms`, and `split` where it has
halves to choose from with `--split` (see speech_set.py). Of each kind of English command: how many were heard word by
word, and how many lead to the same intent with the same slots, before and after rejection. Of what is no command, and
of commands in other languages: how many act. `rtf` is decoding time over audio time, the phone loop's with it. With
`--wake`, recorded wake words are put before the commands, cut where a satellite would. With `--live`, some commands are
streamed through the engine as they would be spoken: when its last partial came (ms after the last word), and how long
the final text took (ms after it was asked for, 0.7 s after the last word).
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
import wave
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS, RATE_HZ, SAMPLE_BYTES
from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.understanding import Understanding, parse_sentences
from roomtone_server.engines.base import Hearing, HearingRequest
from roomtone_server.engines.stt.pocketsphinx import PocketSphinxSettings
from roomtone_server.engines.stt.sphinx.distance import doubt
from roomtone_server.engines.stt.sphinx.phone_loop import PhoneLoop
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser
from roomtone_server.engines.stt.sphinx.speech import sounds
from roomtone_server.grammar.compiler import compile_automaton
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings

AREA = "Kitchen"
ENDPOINT_MS = 700
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
            pcm_of(manifest.parent / entry["file"]),
        )


def pcm_of(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        return file.readframes(file.getnframes())


async def vocabulary_of(home_file: Path) -> Vocabulary:
    with tempfile.TemporaryDirectory() as folder:
        home = VirtualHome(VirtualHomeSettings(file=home_file), Surroundings(Path(folder), Path(folder)))
        await home.start()
        vocabulary = await anext(home.changes())
        await home.close()
    return vocabulary


class Judge:
    """Hears in this process, and says whether it was right."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        began_s = time.perf_counter()
        automaton = compile_automaton(vocabulary)
        compiled_s = time.perf_counter()
        self.recogniser = Recogniser(automaton)
        self.recogniser.listen_for("")
        self.phone_loop = PhoneLoop()
        self.reject_from = PocketSphinxSettings().reject_from
        loaded_s = time.perf_counter()
        self.understanding = Understanding(parse_sentences("en", frozenset(HANDLERS)))
        self.understanding.learn(vocabulary)
        arcs = sum(len(state) for state in automaton.arcs)
        print(f"{len(automaton.arcs)} states, {arcs} arcs, {len(automaton.vocabulary())} words; ", end="")
        print(f"compiled in {compiled_s - began_s:.2f} s, loaded in {loaded_s - compiled_s:.2f} s")

    def hear(self, pcm: bytes, wake_phrase: str = "") -> tuple[str, float]:
        """What the grammar makes of it, and how much that is doubted."""
        heard = self.recogniser.recognise(pcm, wake_phrase)
        if heard is None or not heard.is_sentence:
            return "", 0.0
        claim = heard.claim
        self.phone_loop.begin(claim.stretch.of(pcm), claim.stretch.start_ms)
        return heard.text, doubt(claim.segments, self.phone_loop.segments())

    def accept(self, pcm: bytes, wake_phrase: str = "") -> str:
        text, doubted = self.hear(pcm, wake_phrase)
        return text if doubted < self.reject_from else ""

    def is_exact(self, heard: str, command: Command) -> bool:
        normalise = self.recogniser.automaton.normalise
        return normalise(heard) == normalise(command.text)

    def is_right(self, heard: str, command: Command) -> bool:
        return self._meaning(heard) == self._meaning(command.text)

    def _meaning(self, text: str) -> object:
        command = self.understanding.understand(text, AREA)
        return command and (command.intent, command.values)


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
    draw = random.Random(1)
    words = sorted(wake_words.glob("*.wav"))
    for gap_ms in GAPS_MS:
        with_wake = alone = 0
        for _ in range(count):
            path, command, detection_ms = draw.choice(words), draw.choice(spoken), draw.choice(DETECTIONS_MS)
            wake_word = pcm_of(path)
            end_ms = sounds(wake_word)[-1].end_ms
            start_ms = end_ms + detection_ms - PREROLL_MS
            room = wake_word[(end_ms + 200) * BYTES_PER_MS :][: gap_ms * BYTES_PER_MS]
            rest = wake_word[start_ms * BYTES_PER_MS : end_ms * BYTES_PER_MS]
            heard = judge.accept(rest + room + command.pcm[command.speech_ms[0] * BYTES_PER_MS :], phrase_of(path))
            with_wake += judge.is_right(heard, command)
            alone += judge.is_right(judge.accept(command.pcm), command)
        print(f"behind a wake word, gap {gap_ms:3} ms: {with_wake}/{count} right, {alone}/{count} alone")


def phrase_of(path: Path) -> str:
    """okay_nabu_2.wav holds "okay nabu"."""
    return path.stem.rpartition("_")[0].replace("_", " ")


async def live(vocabulary: Vocabulary, spoken: list[Command]) -> None:
    last_partials_ms, finals_ms = [], []
    with tempfile.TemporaryDirectory() as folder:
        engine = choose("stt", EngineChoice("pocketsphinx")).make(Surroundings(Path(folder), Path(folder)))
        await engine.start()
        await engine.learn(vocabulary)
        for command in spoken:
            end_ms = command.speech_ms[1]
            hearing = await engine.hear(HearingRequest())
            came_s = [0.0]
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_note_partials(hearing, came_s))
                began_s = time.perf_counter()
                for number in range((end_ms + ENDPOINT_MS) // FRAME_MS):
                    await asyncio.sleep(max(0.0, began_s + (number + 1) * FRAME_MS / 1000 - time.perf_counter()))
                    await hearing.feed(command.pcm[number * FRAME_BYTES : (number + 1) * FRAME_BYTES])
                asked_s = time.perf_counter()
                await hearing.finish()
                finals_ms.append((time.perf_counter() - asked_s) * 1000)
            last_partials_ms.append((came_s[0] - began_s) * 1000 - end_ms)
        await engine.close()
    print(f"last partial {statistics.median(last_partials_ms):.0f} ms after the last word (median)")
    print(f"final_ms {statistics.median(finals_ms):.1f} (median), {max(finals_ms):.1f} (worst)")


async def _note_partials(hearing: Hearing, came_s: list[float]) -> None:
    async for _ in hearing.partials():
        came_s[0] = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--split", default="", help="which half of the manifest: fit, or held out")
    parser.add_argument("--wake", type=Path, help="folder of wake words: okay_nabu_1.wav ...")
    parser.add_argument("--splices", type=int, default=20, help="for each gap")
    parser.add_argument("--live", type=int, default=0, help="how many commands to stream in real time")
    parser.add_argument("--show", action="store_true", help="what was heard wrong")
    given = parser.parse_args()
    vocabulary = asyncio.run(vocabulary_of(given.home))
    spoken = list(commands(given.manifest, given.split))
    judge = Judge(vocabulary)
    accuracy(judge, spoken, given.show)
    if given.wake:
        splices(judge, [command for command in spoken if command.kind == "generated"], given.wake, given.splices)
    if given.live:
        asyncio.run(live(vocabulary, [command for command in spoken if command.text][: given.live]))


if __name__ == "__main__":
    main()
