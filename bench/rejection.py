"""How much of what is no command acts, and how many commands that costs.

    python bench/rejection.py MANIFEST... --home home.yaml [--near large.yaml] [--reject-from 0.4 0.5 0.6] [--fit]

The manifests are those of recorded clips, and those that speech_set.py makes. With `--near`, espeak adds commands, the
shortest among them, everyday speech (everyday.txt), and commands of another home (large_home.py makes one), all close
to the microphone. Each kind falls into halves, by `split` where the manifest has it: `fit`, on which the weights in
distance.py and the threshold were chosen, and `held out`. Each clip is streamed as to the engine. For each threshold
and half: how many were heard with the right meaning, or with a wrong one, and were kept, of how many; of what is no
command, how much acts, and how much would get an answer ("not understood") since it sounds like speech. `--fit` prints
the weights that the first half has now.
"""

import argparse
import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recogniser import Command, Judge, commands, vocabulary_of
from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.engines.stt.sphinx.distance import BIAS, WEIGHTS, Evidence, evidence
from roomtone_server.engines.stt.sphinx.verifier import LOOK_EVERY_BYTES, Utterance
from roomtone_server.grammar.automaton import Automaton
from roomtone_server.grammar.compiler import compile_automaton

HALVES = ("fit", "held out")
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

# In a fit: what acts by mistake weighs a fifth more than a command that is lost, a recorded clip as much as two
# synthetic ones, and a command that was heard wrong, which had better not act, as much as half a clip that is none.
MISTAKES_SHARE = 0.55
RECORDED_WEIGHT = 2.0
WRONG_WEIGHT = 0.5


@dataclass(frozen=True)
class Heard:
    is_command: bool
    is_right: bool
    evidence: Evidence | None  # against what the grammar makes of it; None: nothing
    spoken: bool
    weight: float = 1.0

    def acts(self, weights: NDArray[np.float64], bias: float, reject_from: float) -> bool:
        if self.evidence is None:
            return False
        against = bias + float(weights @ np.array(self.evidence))
        return bool(1 / (1 + np.exp(-against)) < reject_from)


def drawn(automaton: Automaton, draw: random.Random, known: Automaton | None = None) -> list[str]:
    """Sentences of a grammar, each word as likely as its alternatives; with words that another one does not know."""
    known_words = known.vocabulary() if known is not None else set()
    found: set[str] = set()
    while len(found) < SENTENCES:
        state, said = 0, list[str]()
        while state not in automaton.final or (automaton.arcs[state] and draw.random() < 0.5):
            said.append(draw.choice(sorted(automaton.arcs[state])))
            state = automaton.arcs[state][said[-1]]
        if len(said) <= LONGEST_WORDS and not set(said) <= known_words:
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


def near(automaton: Automaton, other_home: Automaton) -> Iterator[Command]:
    draw = random.Random(7)
    everyday = EVERYDAY.read_text(encoding="utf-8").splitlines()
    short = [command for command in SHORT.split(",") if automaton.accepts(command.split())] * 4
    kinds = {
        "near": drawn(automaton, draw),
        "near, short": short,
        "near, everyday": everyday,
        "near, another home": drawn(other_home, draw, automaton),
    }
    for kind, sentences in kinds.items():
        for sentence, pcm in zip(sentences, asyncio.run(say(sentences, draw)), strict=True):
            yield Command(sentence if kind in {"near", "near, short"} else "", kind, (0, 0), pcm)


def hear(judge: Judge, command: Command, weight: float = 1.0) -> Heard:
    utterance = Utterance(lead_ms=0)
    for start in range(0, len(command.pcm), LOOK_EVERY_BYTES):
        utterance.pcm += command.pcm[start : start + LOOK_EVERY_BYTES]
        utterance.listen()
    heard = judge.recogniser.recognise(command.pcm)
    claim = heard.claim if heard is not None and heard.is_sentence else None
    _, spoken = utterance.verdict(claim)
    against = evidence(claim.segments, utterance.loop.segments()) if claim is not None else None
    is_right = heard is not None and bool(command.text) and judge.is_right(heard.text, command)
    return Heard(bool(command.text), is_right, against, spoken, weight)


def fitted(heard: dict[str, list[Heard]], ridge: float = 1.0, rounds: int = 50) -> tuple[NDArray[np.float64], float]:
    """Logistic regression by Newton's method: what had better not act, against commands that are right."""
    counted = [each for of_kind in heard.values() for each in of_kind if each.evidence is not None]
    values = np.array([each.evidence for each in counted], float)
    mean, deviation = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)  # none, when all are alike
    rows = np.column_stack([(values - mean) / deviation, np.ones(len(values))])
    is_none = np.array([not each.is_right for each in counted], float)
    weight = np.array(
        [each.weight * (WRONG_WEIGHT if each.is_command and not each.is_right else 1.0) for each in counted]
    )
    for is_side, share in ((is_none == 1, MISTAKES_SHARE), (is_none == 0, 1 - MISTAKES_SHARE)):
        weight[is_side] *= share * len(weight) / weight[is_side].sum()
    penalty = ridge * np.diag([1.0] * values.shape[1] + [0.0])
    found = np.zeros(rows.shape[1])
    for _ in range(rounds):
        likely = 1 / (1 + np.exp(-rows @ found))
        curve = (rows * (weight * likely * (1 - likely))[:, None]).T @ rows + penalty
        found += np.linalg.solve(curve, rows.T @ (weight * (is_none - likely)) - penalty @ found)
    weights = found[:-1] / deviation
    return weights, float(found[-1] - weights @ mean)


def report(
    halves: Sequence[dict[str, list[Heard]]], weights: NDArray[np.float64], bias: float, reject_from: float
) -> None:
    print(f"reject_from {reject_from}")
    for kind in dict.fromkeys(kind for half in halves for kind in half):
        columns = []
        is_command = any(each.is_command for half in halves for each in half[kind])
        for name, half in zip(HALVES, halves, strict=True):
            acting = [each for each in half[kind] if each.acts(weights, bias, reject_from)]
            right, count = sum(each.is_right for each in acting), len(half[kind])
            if is_command:
                could = sum(each.is_right for each in half[kind])
                columns.append(f"{name}: right {could:3} -> {right:3}, wrong {len(acting) - right:2} of {count:3}")
            else:
                spoken = sum(each.spoken for each in half[kind])
                columns.append(f"{name}: acts {len(acting):3}, speech {spoken:3} of {count:3}")
        print(f"  {kind:18} {'   '.join(columns)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", type=Path, nargs="+")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--near", type=Path, metavar="HOME", help="add what is spoken close to the microphone")
    parser.add_argument("--reject-from", type=float, nargs="+", help="thresholds to compare; the engine's own if none")
    parser.add_argument("--fit", action="store_true", help="weigh the evidence anew")
    given = parser.parse_args()
    judge = Judge(asyncio.run(vocabulary_of(given.home)))
    halves: tuple[dict[str, list[Heard]], ...] = (defaultdict(list), defaultdict(list))
    for manifest in given.manifests:
        if '"split"' in manifest.read_text(encoding="utf-8"):
            for half, name in zip(halves, HALVES, strict=True):
                for command in commands(manifest, name):
                    half[command.kind].append(hear(judge, command))
        else:
            alternate(judge, commands(manifest), halves, RECORDED_WEIGHT)
    if given.near:
        other_home = compile_automaton(asyncio.run(vocabulary_of(given.near)))
        alternate(judge, near(judge.recogniser.automaton, other_home), halves)
    weights, bias = np.array(WEIGHTS), BIAS
    if given.fit:
        weights, bias = fitted(halves[0])
        print(Evidence(*weights.round(2).tolist()), f"bias {bias:.2f}")
    for reject_from in given.reject_from or [judge.reject_from]:
        report(halves, weights, bias, reject_from)


def alternate(
    judge: Judge, spoken: Iterator[Command], halves: Sequence[dict[str, list[Heard]]], weight: float = 1.0
) -> None:
    for command in spoken:
        smaller = min(halves, key=lambda half: len(half[command.kind]))
        smaller[command.kind].append(hear(judge, command, weight))


if __name__ == "__main__":
    main()
