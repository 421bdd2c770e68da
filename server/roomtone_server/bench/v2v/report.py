"""The figures as a table, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roomtone_server.bench.v2v.bound import lines
from roomtone_server.bench.v2v.measure import STAGES, Outcome, Result

_WHOLE = {
    "V2V": "from the user's last sound to the reply's first",
    "S": "of that, the silence that was waited for",
    "V2V - S": "all the rest",
}


def table(told: Mapping[str, Any], results: Sequence[Result]) -> str:
    """`told` is what `figures` makes of the results."""
    of_model = lines(told["llm"]) if "llm" in told else ()
    return "\n".join([*_figures(told), *of_model, *_left_out(results)])


def _figures(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"turns: {told['turns']}"
    if not told["turns"]:
        return
    yield f"{'ms':10}{'p50':>8}{'p95':>8}{'p99':>8}"
    whole = zip(_WHOLE.items(), ("v2v_ms", "s_ms", "share_ms"), strict=True)
    yield from (_row(name, told[key], what) for (name, what), key in whole)
    yield from (_row(stage, told["stages"][stage], what) for stage, what in STAGES.items())


def _row(name: str, row: Mapping[str, float], what: str) -> str:
    return f"{name:10}{row['p50']:8.0f}{row['p95']:8.0f}{row['p99']:8.0f}  {what}"


def _left_out(results: Sequence[Result]) -> Iterator[str]:
    left_out = [result for result in results if result.outcome is not Outcome.COUNTED]
    if left_out:
        yield f"\nNot counted: {len(left_out)} of {len(results)}"
    for result in left_out:
        heard = f", heard {result.heard!r}" if result.heard else ""
        yield f"  {result.outcome.value:9}  {result.command.name}: {result.command.text!r}{heard}"
