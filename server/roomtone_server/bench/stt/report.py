"""The figures as a table, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roomtone_server.bench.judge import Verdict
from roomtone_server.bench.stt.figures import Result

_SHARES = ("exact", "right", "wrong", "rejected", "wer")


def table(told: Mapping[str, Any], results: Sequence[Result]) -> str:
    """`told` is what `figures` makes of the results."""
    rows = {**told["kinds"], "all": told["all"]}
    width = max(map(len, rows))
    heads = "".join(name.rjust(10) for name in _SHARES)
    lines = [f"{'':{width}}    n{heads}     rtf   final p50, p95 (ms)"]
    lines += [f"{kind:{width}}{_row(row)}" for kind, row in rows.items() if row["n"]]
    if told["all"]["rtf"] is None:
        lines.append("rtf is not known: this system does not tell what CPU time worker processes take")
    return "\n".join([*lines, *_misheard(results)])


def _row(row: Mapping[str, Any]) -> str:
    shares = "".join(("" if row[name] is None else f"{row[name]:.1%}").rjust(10) for name in _SHARES)
    rtf = "" if row["rtf"] is None else f"{row['rtf']:.3f}"
    final_ms = row["final_ms"]
    return f"{row['n']:5}{shares}{rtf:>8}{final_ms['p50']:12.0f},{final_ms['p95']:4.0f}"


def _misheard(results: Sequence[Result]) -> Iterator[str]:
    wrong = [result for result in results if result.verdict is not Verdict.RIGHT]
    if wrong:
        yield "\nNot right:"
    for result in wrong:
        transcript = result.heard.transcript
        heard = repr(transcript.text) if transcript.text else "nothing"
        instead = f", rejected {transcript.rejected!r}" if transcript.rejected else ""
        doubt = "" if transcript.doubt is None else f", doubt {transcript.doubt:.2f}"
        said = repr(result.clip.text) if result.clip.text else "no command"
        yield f"  {result.verdict.value:8}  {result.clip.file}: {said}, heard {heard}{instead}{doubt}"
