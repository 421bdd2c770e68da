"""`roomtone bench intents`. What it needs is imported when it runs: see `roomtone.cli`."""

import click


@click.command()
@click.option(
    "--entities", type=click.IntRange(1, 10_000), metavar="N", default=500, show_default=True, help="How large a home."
)
@click.option(
    "--utterances",
    type=click.IntRange(20, 10_000),
    metavar="N",
    default=400,
    show_default=True,
    help="How much is said.",
)
@click.option("--rounds", type=click.IntRange(1, 1000), metavar="N", default=5, show_default=True, help="How often.")
@click.option("--slowest", type=click.IntRange(0), metavar="N", default=5, show_default=True, help="Name so many.")
@click.option("--json", "as_json", is_flag=True, help="Print that one line, and no table.")
def intents(*, entities: int, utterances: int, rounds: int, slowest: int, as_json: bool) -> int:
    """Measure how long the agent takes to understand what was said.

    Makes up a home of so many entities, and much that might be said in it: commands of every kind, several of them in
    one sentence, orders to things that the home does not have, and talk. Each is given to the agent as speculation
    gives it: understood, planned, its reply worded, and nothing done. It is wall-clock time that is measured, once all
    is warm, and of each utterance the middle one of its rounds; for so long nothing else of the server runs.

    The last line of the output is one JSON object: {"ms": {"p50", "p95", "max"}, ...}.

    \b
    Examples:
      roomtone bench intents
      roomtone bench intents --entities 2000 --slowest 20
      roomtone bench intents --json | jq .ms.p95
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    from roomtone_server.bench.intents.run import IntentsOptions, bench_intents
    from roomtone_server.bench.running import run

    return run(bench_intents(IntentsOptions(entities, utterances, rounds, slowest), as_json=as_json))
