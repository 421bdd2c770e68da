"""What the figures would be, were more or less of what was heard doubted too much."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from roomtone_server.bench.judge import Verdict
from roomtone_server.bench.stt.figures import Result

ACTING: Final = "acting"  # the share of what is no command and leads to something; the other shares are of commands


@dataclass(frozen=True, slots=True)
class Step:
    """Shares by name, the same for all thresholds above this one, up to the next step's."""

    above: float
    shares: Mapping[str, float]


def sweep(results: Sequence[Result]) -> list[Step]:
    """From a threshold that turns down whatever is doubted, to one that turns down nothing; empty when the engine does
    not say how much it doubts. What was turned down for another reason stays so."""
    doubts = {doubt for result in results if (doubt := _doubt(result)) is not None}
    return [Step(above, _shares(results, above)) for above in (-math.inf, *sorted(doubts))] if doubts else []


def step_at(steps: Sequence[Step], threshold: float) -> Step:
    """The step that holds for a threshold: what is doubted as much, or more, is turned down."""
    return [step for step in steps if step.above < threshold][-1]


def _shares(results: Sequence[Result], above: float) -> dict[str, float]:
    verdicts = [(bool(result.clip.text), _verdict(result, above)) for result in results]
    of_commands = [verdict for is_command, verdict in verdicts if is_command]
    of_others = [verdict for is_command, verdict in verdicts if not is_command]
    shares = {verdict.value: of_commands.count(verdict) / len(of_commands) for verdict in Verdict if of_commands}
    return shares | ({ACTING: of_others.count(Verdict.WRONG) / len(of_others)} if of_others else {})


def _verdict(result: Result, above: float) -> Verdict:
    doubt = _doubt(result)
    if doubt is None:
        return result.verdict
    if doubt <= above:
        return result.unfiltered
    return Verdict.REJECTED if result.clip.text else Verdict.RIGHT


def _doubt(result: Result) -> float | None:
    """None where the verdict does not depend on it."""
    transcript = result.heard.transcript
    return transcript.doubt if transcript.spoken else None
