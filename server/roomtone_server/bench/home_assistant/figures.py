"""The three ways side by side, in a few figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roomtone_server.bench.v2v.commands import Command
from roomtone_server.telemetry.percentiles import percentiles

_WAYS = {
    "ours": "a satellite and a server of ours",
    "ended": "Home Assistant's pipeline; our endpointing ends it",
    "waited": "the same; Home Assistant ends it",
}


@dataclass(frozen=True, slots=True)
class Took:
    """One command, in ms from its last speech sample."""

    stt_end_ms: float  # to its transcript
    reply_ms: float  # to the first of its answer's audio


def figures(commands: Sequence[Command], ways: Mapping[str, Sequence[Took | None]]) -> dict[str, Any]:
    """The `--json` object; `turns` are those that count in every way, and all else is of them, null when there is none.
    The ways are `ours`, `ended` and `waited`, with what each command took, or None where it does not count."""
    counted = [number for number in range(len(commands)) if all(took[number] for took in ways.values())]
    told: dict[str, Any] = {"turns": len(counted)}
    for way, took in ways.items():
        rows = [each for number in counted if (each := took[number])]
        told[way] = {
            "stt_end_ms": _percentiles([each.stt_end_ms for each in rows]),
            "reply_ms": _percentiles([each.reply_ms for each in rows]),
        }
    told["ratio"] = {key: _ratio(told["ended"][key], told["waited"][key]) for key in ("stt_end_ms", "reply_ms")}
    told["commands"] = [
        {"command": command.name, "text": command.text, **{way: _row(took[number]) for way, took in ways.items()}}
        for number, command in enumerate(commands)
    ]
    return told


def table(told: Mapping[str, Any]) -> str:
    """For people; `told` is what `figures` makes."""
    lines = [f"turns: {told['turns']} of {len(told['commands'])}"]
    if told["turns"]:
        lines.append(f"{'ms':8}{'stt-end p50':>12}{'p95':>7}{'reply p50':>12}{'p95':>7}")
        for way, what in _WAYS.items():
            stt, reply = told[way]["stt_end_ms"], told[way]["reply_ms"]
            lines.append(f"{way:8}{stt['p50']:12.0f}{stt['p95']:7.0f}{reply['p50']:12.0f}{reply['p95']:7.0f}  {what}")
        ratio = told["ratio"]
        lines.append(f"{'ratio':8}{ratio['stt_end_ms']:12.2f}{ratio['reply_ms']:19.2f}         ended / waited")
    return "\n".join(lines)


def _percentiles(values: Sequence[float]) -> dict[str, float] | None:
    found = percentiles(values)
    return {"p50": found.p50, "p95": found.p95} if found else None


def _ratio(of: Mapping[str, float] | None, to: Mapping[str, float] | None) -> float | None:
    return round(of["p50"] / to["p50"], 3) if of and to else None


def _row(took: Took | None) -> dict[str, float] | None:
    return {"stt_end_ms": round(took.stt_end_ms, 1), "reply_ms": round(took.reply_ms, 1)} if took else None
