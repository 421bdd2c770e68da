"""`roomtone turns`: the last turns, read from the server's database, whether it runs or not."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from roomtone.errors import UsageError
from roomtone_server.stored import stored

if TYPE_CHECKING:  # for the command line's speed: see `roomtone.cli`
    from roomtone_server.store.base import StoredTurn, TurnStore, WhichTurns
    from roomtone_server.telemetry.percentiles import Percentiles
    from roomtone_server.telemetry.record import TurnRecord
    from roomtone_server.telemetry.summary import Summary

T = TypeVar("T")

SECONDS_OF_AN_HOUR: Final = 3600.0

_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
_SATELLITE = click.option("--satellite", metavar="NAME", help="Only those of this satellite, by its name or id.")


@click.group(invoke_without_command=True)
@_SATELLITE
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.  [default: 20]")
@click.pass_context
def turns(ctx: click.Context, satellite: str | None, limit: int | None) -> None:
    """Show how the last turns went, and why.

    The table has each turn's number, when it began, its outcome, V2V (from the user's last sound to the reply's first),
    S (of that, the silence that was waited for), and why nothing was understood. The server keeps the last 10,000
    turns; what was said in them only where its settings say `store_transcripts: true`.

    \b
        roomtone turns --satellite Kitchen
        roomtone turns show 1042
        roomtone turns stats --hours 168
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    if ctx.invoked_subcommand is None:
        found = _stored(lambda store: store.latest(limit or 20, _of(satellite)))
        click.echo("\n".join(_table(found)) if found else "There is no turn yet.")
    elif satellite or limit:
        raise UsageError(f"options of the table mean nothing to `{ctx.invoked_subcommand}`; give it its own, behind it")


@turns.command()
@click.argument("number", type=int)
@_JSON
def show(number: int, *, as_json: bool) -> None:
    """Show one turn, its stages on one time axis."""
    import shutil

    from roomtone_server.telemetry.record import from_json

    turn = _stored(lambda store: store.find(number))
    if turn is None:
        raise UsageError(f"there is no turn {number}, or no longer; `roomtone turns` lists those that there are")
    if as_json:
        click.echo(json.dumps({"number": turn.number, "name": turn.name} | json.loads(turn.record), ensure_ascii=False))
    else:
        columns = shutil.get_terminal_size().columns
        click.echo("\n".join(_picture(turn, from_json(turn.record), columns)))


@turns.command()
@click.option(
    "--hours", type=click.FloatRange(min=0, min_open=True), default=24.0, show_default=True, help="Of how long."
)
@_SATELLITE
@_JSON
def stats(hours: float, satellite: str | None, *, as_json: bool) -> None:
    """Show percentiles of V2V and each stage."""
    import time
    from dataclasses import asdict

    from roomtone_server.telemetry.record import from_json
    from roomtone_server.telemetry.summary import summarise

    found = _stored(lambda store: store.since(time.time() - hours * SECONDS_OF_AN_HOUR, _of(satellite)))
    summary = summarise([from_json(turn.record) for turn in found])
    if as_json:
        click.echo(json.dumps(asdict(summary)))
    else:
        click.echo("\n".join(_figures(summary, hours)))


def _stored(ask: "Callable[[TurnStore], Awaitable[T]]") -> T:
    """What the store answers. Raises StoreError."""
    from roomtone_server.store.turns import SqliteTurnStore

    return stored(lambda database: ask(SqliteTurnStore(database)))


def _of(satellite: str | None) -> "WhichTurns":
    from roomtone_server.store.base import WhichTurns

    return WhichTurns(satellite=satellite or "")


def _table(found: "Sequence[StoredTurn]") -> Iterator[str]:
    from roomtone_server.telemetry.record import from_json

    rows = [("turn", "began", "satellite", "outcome", "V2V", "S", "why")]
    for turn in found:
        record = from_json(turn.record)
        v2v, silence = _ms(record.v2v_ms), _ms(record.silence_ms)
        rows.append((str(turn.number), _when(turn), _who(turn, record), record.outcome, v2v, silence, record.why_words))
    return _aligned(rows, right={0, 4, 5})


def _picture(turn: "StoredTurn", record: "TurnRecord", columns: int) -> Iterator[str]:
    from roomtone_server.telemetry.waterfall import waterfall

    yield f"turn {turn.number}: {_who(turn, record)}, {_when(turn)}, begun by {record.begun_by}"
    yield record.outcome + (f": {why}" if (why := record.why_words) else "")
    if record.v2v_ms is not None:
        yield f"V2V {_ms(record.v2v_ms)}, of which S, the silence waited for, {_ms(record.silence_ms)}"
    yield from _details(record)
    yield ""
    yield from waterfall(record, columns)


def _details(record: "TurnRecord") -> Iterator[str]:
    lengths, revisions = record.lengths, record.revisions
    if record.speech_dbfs is not None or record.noise_dbfs is not None:
        yield f"level: speech {_dbfs(record.speech_dbfs)}, noise {_dbfs(record.noise_dbfs)}"
    yield (
        f"partials: {lengths.partials}; characters: understood {lengths.transcript}, rejected {lengths.rejected},"
        f" replied {lengths.reply}"
    )
    yield f"speculations: made {revisions.made}, discarded {revisions.discarded}, committed {revisions.committed}"
    yield "engines: " + ", ".join(f"{kind} {name}" for kind, name in record.engines.items())
    yield f"the satellite's clock: {_clock(record)}"
    if record.words is not None:
        yield f"heard: {record.words.transcript or record.words.rejected}"
        yield f"reply: {record.words.reply}"


def _clock(record: "TurnRecord") -> str:
    pings = "no round trip" if record.round_trip_ms is None else f"round trip {record.round_trip_ms:.1f} ms"
    if record.clock_error_ms is None:
        return f"not known, {pings}: what it did stands where it arrived"
    return f"known to {record.clock_error_ms:.1f} ms, {pings}"


def _figures(summary: "Summary", hours: float) -> Iterator[str]:
    yield f"turns in the last {hours:g} h: {summary.turns}{_counts(summary.outcomes)}"
    if summary.whys:
        yield f"not understood: {sum(summary.whys.values())}{_counts(summary.whys)}"
    whole = (("V2V", summary.v2v_ms), ("S", summary.s_ms), ("V2V - S", summary.share_ms))
    rows = [_row(name, figures) for name, figures in (*whole, *summary.stages.items()) if figures is not None]
    if rows:
        yield ""
        yield from _aligned([("ms", "turns", "p50", "p95", "p99"), *rows], right={1, 2, 3, 4})


def _counts(counted: Mapping[Any, int]) -> str:
    return " (" + ", ".join(f"{what} {count}" for what, count in counted.items()) + ")" if counted else ""


def _row(name: str, figures: "Percentiles") -> tuple[str, ...]:
    return name, str(figures.count), f"{figures.p50:.0f}", f"{figures.p95:.0f}", f"{figures.p99:.0f}"


def _aligned(rows: Sequence[Sequence[str]], right: set[int]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _when(turn: "StoredTurn") -> str:
    import datetime as dt

    return dt.datetime.fromtimestamp(turn.began_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _who(turn: "StoredTurn", record: "TurnRecord") -> str:
    return turn.name or record.satellite_name or turn.satellite


def _ms(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.0f} ms"


def _dbfs(level: float | None) -> str:
    return "none" if level is None else f"{level:.0f} dBFS"
