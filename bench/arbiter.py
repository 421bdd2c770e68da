"""Who answers when two satellites hear a wake word: recorded words in simulated rooms, through the real wake engine.

    python bench/arbiter.py FOLDER_OF_WAKE_WORDS [--pairs 200] [--apart-db 6]

The folder holds `okay_nabu_1.wav` and the like, several of each word. First one voice, which one satellite hears 6 dB
better than the other: how far apart the detections are, and who answers. Then two voices, each at a satellite of its
own, which hears the other from 25 to 50 dB below: whether both are answered. Networks are late by 2 to 40 ms.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from rooms import Room, Samples, heard, resampled
from roomtone import engines
from roomtone.ears.base import WakeEngine
from roomtone.ears.formats import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone.ears.level import SURVEYED_MS, LevelMeter, wake_levels
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.turn.arbiter import Arbiter, Claim
from wake_words import recorded

BEFORE_S, AFTER_S = 2.0, 1.0
PREROLL_FRAMES = 500 // FRAME_MS
SURVEYED_FRAMES = SURVEYED_MS // FRAME_MS


@dataclass(frozen=True)
class Report:
    """What a satellite heard, and when the server knows of it, in seconds since the scene began."""

    name: str
    claim: Claim
    claimed_at: float
    levels_db: list[tuple[float, int, float]]  # when each arrives, up to which sample, how loud

    @property
    def detected_ms(self) -> int:
        return self.claim.sample // SAMPLES_PER_MS


def recordings_by_word(folder: Path) -> dict[str, list[Samples]]:
    words: dict[str, list[Samples]] = defaultdict(list)
    for each in recorded(folder):
        words[each.name].append(each.sound[-2 * RATE_HZ :])
    return words


def quiet_room(draw: Generator) -> Room:
    return replace(Room.drawn(draw), click_db=None, before_s=BEFORE_S, after_s=AFTER_S)


def spoken_by_somebody(word: Samples, draw: Generator) -> Samples:
    """Higher and faster, or lower and slower: as good as another speaker."""
    return resampled(word, round(len(word) * draw.uniform(0.93, 1.07)))


def report(engine: WakeEngine, name: str, pcm: NDArray[np.int16], draw: Generator) -> Report | None:
    """None when the wake word was not heard."""
    began = int(draw.integers(FRAME_SAMPLES))
    data = pcm[began:].tobytes()
    frames = [data[at : at + FRAME_BYTES] for at in range(0, len(data) - FRAME_BYTES + 1, FRAME_BYTES)]
    engine.reset()
    found = next(
        ((number, detection) for number, frame in enumerate(frames) if (detection := engine.process(frame))), None
    )
    if found is None:
        return None
    number, detection = found
    late_s, meter = began / RATE_HZ + draw.uniform(0.002, 0.04), LevelMeter()
    survey = wake_levels(frames[max(0, number + 1 - SURVEYED_FRAMES) : number + 1])
    sample = (number + 1) * FRAME_SAMPLES
    claim = Claim(name, 1, detection.name, sample, survey.word_dbfs - survey.room_dbfs, detection.score)
    claimed_at = sample / RATE_HZ + late_s
    levels_db = [
        (max(claimed_at, end / RATE_HZ + late_s), end, meter.frame(frame, speaking=False))
        for end, frame in enumerated(frames)
        if end > sample - PREROLL_FRAMES * FRAME_SAMPLES
    ]
    return Report(name, claim, claimed_at, levels_db)


def enumerated(frames: list[bytes]) -> Iterator[tuple[int, bytes]]:
    return (((number + 1) * FRAME_SAMPLES, frame) for number, frame in enumerate(frames))


def contest(reports: list[Report]) -> tuple[list[str], float]:
    """Who yields, and how many ms after the later claim."""
    arbiter, yielded, at_ms = Arbiter(), list[str](), 0.0
    happens: list[tuple[float, int, Report, float | None]] = [(each.claimed_at, 0, each, None) for each in reports]
    happens += [(at, end, each, level_db) for each in reports for at, end, level_db in each.levels_db]
    later = max(each.claimed_at for each in reports)
    for at, end, each, level_db in sorted(happens, key=lambda one: one[:2]):
        if level_db is None:
            arbiter.claim(each.claim, at, alone=False)
        elif loser := arbiter.heard(each.name, 1, end, level_db, at):
            yielded.append(loser.satellite)
            at_ms = (at - later) * 1000
    return yielded, at_ms


def both(reports: list[Report | None]) -> list[Report] | None:
    heard_it = [each for each in reports if each is not None]
    return heard_it if len(heard_it) == len(reports) else None


def one_voice(
    engine: WakeEngine, words: dict[str, list[Samples]], apart_db: float, draw: Generator
) -> list[Report] | None:
    recordings = [each for spoken in words.values() for each in spoken]
    word = spoken_by_somebody(recordings[draw.integers(len(recordings))], draw)
    near = quiet_room(draw)
    far = replace(
        quiet_room(draw), snr_db=near.snr_db - apart_db, level_db=near.level_db - 6, direct_db=draw.uniform(-6, 4)
    )
    reports = [report(engine, name, heard(word, room, draw)[0], draw) for name, room in (("near", near), ("far", far))]
    return both(reports)


def two_voices(engine: WakeEngine, words: dict[str, list[Samples]], draw: Generator) -> list[Report] | None:
    recordings = list(words.values())[draw.integers(len(words))]
    first, second = draw.permutation(len(recordings))[:2]
    one, other = (spoken_by_somebody(recordings[number], draw) for number in (first, second))
    length, gap = max(len(one), len(other)), round(draw.uniform(0, 0.5) * RATE_HZ)
    one, other = np.pad(one, (length - len(one), gap)), np.pad(other, (length - len(other) + gap, 0))
    through_the_wall = 10 ** (-draw.uniform(25, 50) / 20)
    reports = [
        report(engine, name, heard(sound, quiet_room(draw), draw)[0], draw)
        for name, sound in (("one", one + through_the_wall * other), ("other", other + through_the_wall * one))
    ]
    return both(reports)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--apart-db", type=float, default=6.0)
    options = parser.parse_args()
    words, draw = recordings_by_word(options.folder), default_rng(1)
    engine = engines.choose("wake", EngineChoice()).make(Surroundings(Path(gettempdir()), Path(gettempdir())))

    answered: Counter[str] = Counter()
    behind_ms, decided_ms = [], []
    for _ in range(options.pairs):
        if reports := one_voice(engine, words, options.apart_db, draw):
            yielded, after_ms = contest(reports)
            answered["both" if not yielded else "near" if yielded == ["far"] else "far"] += 1
            behind_ms.append(reports[1].detected_ms - reports[0].detected_ms)
            decided_ms += [after_ms] * bool(yielded)
    quantiles = dict(
        zip((0, 5, 50, 95, 100), np.percentile(behind_ms, (0, 5, 50, 95, 100)).astype(int).tolist(), strict=True)
    )
    print(f"one voice, heard by both in {answered.total()} of {options.pairs} scenes; who answers: {dict(answered)}")
    print(f"  the farther detects it so many ms later, by percentile: {quantiles}")
    print(f"  decided after the later report, p95: {np.percentile(decided_ms, 95):.0f} ms")

    answered_both: dict[str, list[bool]] = {"within 150 ms": [], "further apart": []}
    for _ in range(options.pairs):
        if reports := two_voices(engine, words, draw):
            apart_ms = abs(reports[0].detected_ms - reports[1].detected_ms)
            answered_both["within 150 ms" if apart_ms <= 150 else "further apart"].append(not contest(reports)[0])
    for apart, fared in answered_both.items():
        print(f"two voices, detections {apart}: both answered in {sum(fared)} of {len(fared)}")


if __name__ == "__main__":
    main()
