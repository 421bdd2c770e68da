"""Verdicts, counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from roomtone_server.bench.judge import Judge, Verdict
from roomtone_server.bench.manifest import Clip
from roomtone_server.bench.stt.hearing import Heard
from roomtone_server.telemetry.percentiles import percentiles

# Always reported, also when the manifest has none of them.
KINDS: Final = ("generated", "recorded", "out-of-vocabulary")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one clip."""

    clip: Clip
    heard: Heard
    verdict: Verdict
    unfiltered: Verdict  # what it would be, had nothing been doubted too much
    words: int  # in what was said
    word_errors: int
    is_exact: bool  # word by word

    @property
    def is_rejected(self) -> bool:
        """Nothing would happen: of what is no command, that is right."""
        return self.verdict is Verdict.REJECTED or (not self.clip.text and self.verdict is Verdict.RIGHT)


def judged(judge: Judge, clip: Clip, heard: Heard) -> Result:
    transcript = heard.transcript
    errors = judge.word_errors(clip.text, transcript.text)
    return Result(
        clip=clip,
        heard=heard,
        verdict=judge.verdict(clip.text, transcript.text),
        unfiltered=judge.verdict(clip.text, transcript.text or transcript.rejected),
        words=len(judge.words(clip.text)),
        word_errors=errors,
        is_exact=not errors,
    )


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """The `--json` object."""
    kinds: dict[str, list[Result]] = {kind: [] for kind in KINDS}
    for result in results:
        kinds.setdefault(result.clip.kind, []).append(result)
    return {
        "kinds": {kind: summary(of_kind) for kind, of_kind in kinds.items()},
        "all": summary(results),
        "files": [_file(result) for result in results],
    }


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """One row: shares from 0 to 1, of `n` clips; null is what cannot be said.

    `right`, `wrong` and `rejected` are a whole for commands. What is no command and led to nothing is both right and
    rejected. `wer` is all word errors over all words that were said. `rtf` is CPU time over the audio's.
    """
    final_ms = percentiles(result.heard.final_ms for result in results)
    return {
        "n": len(results),
        "exact": _share(result.is_exact for result in results),
        "right": _share(result.verdict is Verdict.RIGHT for result in results),
        "wrong": _share(result.verdict is Verdict.WRONG for result in results),
        "rejected": _share(result.is_rejected for result in results),
        "wer": _ratio(sum(result.word_errors for result in results), sum(result.words for result in results)),
        "rtf": _rtf(results),
        "final_ms": {"p50": final_ms and final_ms.p50, "p95": final_ms and final_ms.p95},
    }


def _file(result: Result) -> Mapping[str, Any]:
    transcript = result.heard.transcript
    return {
        "file": result.clip.file,
        "kind": result.clip.kind,
        "text": result.clip.text,
        "heard": transcript.text,
        "rejected": transcript.rejected,
        "doubt": None if transcript.doubt is None else round(transcript.doubt, 3),
        "spoken": transcript.spoken,
        "verdict": result.verdict.value,
        "exact": result.is_exact,
        "word_errors": result.word_errors,
        "rtf": _rtf([result]),
        "final_ms": round(result.heard.final_ms, 1),
    }


def _rtf(results: Sequence[Result]) -> float | None:
    taken_s = [result.heard.cpu_s for result in results if result.heard.cpu_s is not None]
    if len(taken_s) < len(results):
        return None
    return _ratio(sum(taken_s), sum(result.clip.seconds for result in results))


def _share(those: Iterable[bool]) -> float | None:
    counted = list(those)
    return _ratio(sum(counted), len(counted))


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
