"""How much speech that is no command acts, and how many commands that costs.

    python bench/rejection.py --home home.yaml [--manifest COMMANDS/manifest.jsonl] [--reject-from 1.2 1.3 1.4]

Sentences drawn from the home's grammar, the shortest commands, and everyday sentences (everyday.txt) are spoken by
espeak in several voices with some noise; the manifest's clips are added. Each kind is split into halves: `fit`, on
which the weights in distance.py and the threshold were chosen, and `held out`. Counted is what was heard word by word;
of what is no command, whatever was heard at all. For each threshold: before -> with rejection / of how many.
"""

import argparse
import asyncio
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from recogniser import Command, Judge, commands, vocabulary_of

from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.grammar.automaton import Automaton

EVERYDAY = Path(__file__).with_name("everyday.txt")
SHORT = (
    "stop,pause,yes,no,next,louder,mute,unmute,cancel,resume,never mind,what time is it,stop the timer,next song,"
    "lights off,lights on"
)
SENTENCES = 150
LONGEST_WORDS = 9
VOICES = (  # name, words per minute, pitch
    ("en-us", 150, 50),
    ("en-gb", 165, 45),
    ("en-us+f3", 165, 60),
    ("en-gb-scotland+m3", 175, 40),
    ("en-us+m7", 180, 50),
    ("en-gb-x-rp+f2", 155, 55),
)
GAINS = (0.25, 0.5, 0.8)
NOISES = (5, 20, 60)  # standard deviation, of 32,768
BEFORE_S, AFTER_S = 0.4, 0.7


@dataclass(frozen=True)
class Verdict:
    text: str  # empty when nothing was heard
    is_right: bool
    doubt: float


def drawn(automaton: Automaton, draw: random.Random) -> list[str]:
    """Sentences of the grammar, each word as likely as its alternatives."""
    found: set[str] = set()
    while len(found) < SENTENCES:
        state, said = 0, list[str]()
        while state not in automaton.final or (automaton.arcs[state] and draw.random() < 0.5):
            said.append(draw.choice(sorted(automaton.arcs[state])))
            state = automaton.arcs[state][said[-1]]
        if len(said) <= LONGEST_WORDS:
            found.add(" ".join(said))
    return sorted(found)


async def say(sentences: Sequence[str], draw: random.Random) -> list[bytes]:
    noise = np.random.default_rng(draw.randrange(1 << 30))
    said = []
    with tempfile.TemporaryDirectory() as folder:
        for sentence in sentences:
            voice, rate_wpm, pitch = draw.choice(VOICES)
            options = {"voices": {"en": voice}, "rate_wpm": rate_wpm, "pitch": pitch}
            tts = choose("tts", EngineChoice("espeak", options)).make(Surroundings(Path(folder), Path(folder)))
            await tts.start()
            pcm = b"".join([chunk async for chunk in tts.speak(SpeechRequest(sentence))])
            await tts.close()
            samples = np.frombuffer(pcm, np.int16).astype(float)
            times = np.arange(0, len(samples), tts.rate_hz / RATE_HZ)
            padding = (round(BEFORE_S * RATE_HZ), round(AFTER_S * RATE_HZ))
            clean = np.pad(np.interp(times, np.arange(len(samples)), samples), padding) * draw.choice(GAINS)
            noisy = clean + noise.normal(0, draw.choice(NOISES), len(clean))
            said.append(np.clip(noisy, -32768, 32767).astype("<i2").tobytes())
    return said


def synthetic(automaton: Automaton) -> Iterator[Command]:
    draw = random.Random(7)
    everyday = EVERYDAY.read_text(encoding="utf-8").splitlines()
    short = [command for command in SHORT.split(",") if automaton.accepts(command.split())] * 4
    for kind, sentences in (("from the grammar", drawn(automaton, draw)), ("short", short), ("everyday", everyday)):
        for sentence, pcm in zip(sentences, asyncio.run(say(sentences, draw)), strict=True):
            yield Command("" if kind == "everyday" else sentence, kind, (0, 0), pcm)


def judged(judge: Judge, spoken: Sequence[Command]) -> dict[str, list[Verdict]]:
    verdicts = defaultdict(list)
    for command in spoken:
        heard, doubted = judge.hear(command.pcm)
        verdicts[command.kind].append(Verdict(heard, judge.is_exact(heard, command), doubted))
    return verdicts


def report(verdicts: dict[str, list[Verdict]], no_commands: set[str], reject_from: float) -> None:
    print(f"reject_from {reject_from}")
    for kind, of_kind in verdicts.items():
        columns = []
        for name, half in (("fit", of_kind[::2]), ("held out", of_kind[1::2])):
            counted = [verdict for verdict in half if (verdict.text if kind in no_commands else verdict.is_right)]
            after = Counter(verdict.doubt < reject_from for verdict in counted)[True]
            columns.append(f"{name} {len(counted):3} -> {after:3} / {len(half):3}")
        print(f"  {kind:18} {'acts ' if kind in no_commands else 'right'}  {'   '.join(columns)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, help="recorded clips to add")
    parser.add_argument("--reject-from", type=float, nargs="+", help="thresholds to compare; the engine's own if none")
    given = parser.parse_args()
    judge = Judge(asyncio.run(vocabulary_of(given.home)))
    spoken = list(synthetic(judge.recogniser.automaton))
    if given.manifest:
        spoken += commands(given.manifest)
    verdicts = judged(judge, spoken)
    no_commands = {command.kind for command in spoken if not command.text}
    for reject_from in given.reject_from or [judge.reject_from]:
        report(verdicts, no_commands, reject_from)


if __name__ == "__main__":
    main()
