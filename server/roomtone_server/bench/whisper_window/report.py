"""What both windows made of the recordings: as figures, and as a table for people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from roomtone_server.edit_distance import edit_distance
from roomtone_server.engines.stt.whisper_decoding import Heard
from roomtone_server.grammar.words import words
from roomtone_server.telemetry.percentiles import percentiles


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one window: the text, and the median time to it."""

    heard: Heard
    ms: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of one recording."""

    file: str
    speech_s: float
    full: Outcome
    fit: Outcome

    @property
    def differences(self) -> int:
        """How many words must be changed to make one text of the other; case and punctuation are no words."""
        full, fit = (words(each.heard.text, each.heard.language) for each in (self.full, self.fit))
        return edit_distance(full, fit)


def figures(compared: Sequence[Comparison]) -> dict[str, Any]:
    """The `--json` object."""
    return {
        "files": [
            {
                "file": each.file,
                "speech_s": round(each.speech_s, 2),
                "full": _told(each.full),
                "fit": _told(each.fit),
                "differences": each.differences,
            }
            for each in compared
        ],
        "all": {
            "n": len(compared),
            "same": sum(not each.differences for each in compared),
            "full_ms": _spread(each.full.ms for each in compared),
            "fit_ms": _spread(each.fit.ms for each in compared),
        },
    }


def table(compared: Sequence[Comparison]) -> str:
    """Each recording's two texts, one under the other, and what becomes of all."""
    lines: list[str] = []
    for each in compared:
        differs = f", {each.differences} words differ" if each.differences else ""
        lines.append(f"{each.file}: {each.speech_s:.1f} s{differs}")
        lines += [
            f"  {window:4} {outcome.ms:7.0f} ms  {outcome.heard.text or '(nothing)'}"
            for window, outcome in (("full", each.full), ("fit", each.fit))
        ]
    row = figures(compared)["all"]
    spreads = (f"{window} p50 {row[f'{window}_ms']['p50']:.0f} ms" for window in ("full", "fit"))
    return "\n".join([*lines, f"\n{row['same']} of {row['n']} the same; {', '.join(spreads)}"])


def _told(outcome: Outcome) -> Mapping[str, Any]:
    return {**asdict(outcome.heard), "ms": round(outcome.ms, 1)}


def _spread(values: Iterable[float]) -> Mapping[str, float]:
    spread = percentiles(values)
    assert spread is not None, "there is a file at least"
    return {"p50": spread.p50, "p95": spread.p95}
