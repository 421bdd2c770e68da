"""With a language model: what V2V may be, and whether it was."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from roomtone_server.bench.v2v.measure import Outcome, Result
from roomtone_server.telemetry.percentiles import percentiles

# For all that is neither the silence that was waited for nor the model: hearing, asking, speaking, the network.
ALLOWED_MS: Final = 120.0


def bound(results: Sequence[Result], first_token_ms: float, first_fragment_ms: float) -> dict[str, Any]:
    """For the `--json` object: of the turns that count, what V2V could be at most (its own S, the model's first token
    and first fragment, ALLOWED_MS), and how much of ALLOWED_MS was used. `held`: none took longer, and one counts."""
    counted = [result for result in results if result.outcome is Outcome.COUNTED and result.share_ms is not None]
    model_ms = first_token_ms + first_fragment_ms
    used_ms = [result.share_ms - model_ms for result in counted if result.share_ms is not None]
    may_ms = percentiles(model_ms + ALLOWED_MS + (result.s_ms or 0) for result in counted)
    used = percentiles(used_ms)
    return {
        "first_token_ms": first_token_ms,
        "first_fragment_ms": first_fragment_ms,
        "allowed_ms": ALLOWED_MS,
        "bound_ms": {name: getattr(may_ms, name, None) for name in ("p50", "p95", "p99")},
        "used_ms": {name: getattr(used, name, None) for name in ("p50", "p95", "p99")},
        "over": sum(ms > ALLOWED_MS for ms in used_ms),
        "held": bool(used_ms) and max(used_ms) <= ALLOWED_MS,
    }


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The same for people; `told` is what `bound` gives."""
    yield (
        f"\nbound: S + {told['first_token_ms']:.0f} ms to the first token + {told['first_fragment_ms']:.0f} ms for the "
        f"others of the first fragment + {told['allowed_ms']:.0f} ms"
    )
    if told["used_ms"]["p50"] is not None:
        used = told["used_ms"]
        yield f"used, of the last: p50 {used['p50']:.0f} ms, p95 {used['p95']:.0f} ms, p99 {used['p99']:.0f} ms"
    if told["held"]:
        yield "held"
    else:
        yield f"not held; turns that took longer: {told['over']}" if told["over"] else "no turn counts"
