"""`roomtone bench v2v`. What it needs is imported when it runs: see `roomtone.cli`."""

from pathlib import Path
from typing import Any, Final

import click

from roomtone_server.bench.options import FILE, NEW_FILE, require_extra

MAX_TURNS: Final = 500  # in one recording: more than an hour of it


@click.command()
@click.option("--manifest", type=FILE, metavar="FILE", help="Recorded commands. Default: some in the embedded voice.")
@click.option("--home", type=FILE, metavar="FILE", help="The home to speak to (YAML). Default: the example home.")
@click.option("--area", metavar="AREA", help="Where the satellite stands. Default: the kitchen, if there is one.")
@click.option("--wake-wav", type=FILE, metavar="FILE", help="A recorded wake word instead of a spoken one.")
@click.option("--turns", type=click.IntRange(1, MAX_TURNS), metavar="N", help="So many. Default: each command once.")
@click.option(
    "--picture", type=NEW_FILE, metavar="FILE", default="v2v.svg", show_default=True, help="The drawing, as SVG."
)
@click.option("--llm", is_flag=True, help="Let a scripted language model answer: 300 ms, then 20 tokens a second.")
@click.option("--json", "as_json", is_flag=True, help="Print that one line, and no table.")
def v2v(*, as_json: bool, **options: Any) -> int:  # noqa: ANN401 - as V2vOptions types them
    """Measure how soon the reply sounds after the user's last sound.

    Starts a real server and a real satellite on loopback, with a state of their own that is gone afterwards. The wake
    word and a command are played into the satellite's microphone at real-time speed, then the wake word and the next
    command, and so on; its speaker writes down when each sample sounds. A line of the manifest:

    \b
      {"file": "a.wav", "language": "en", "text": "turn on the lamp", "kind": "recorded", "speech_ms": [320, 1480]}

    Only commands that are heard right count; the others are listed. Without `speech_ms`, speech ends where its energy
    does.

    \b
    V2V       from the command's last speech sample to the first one of the reply above -50 dBFS, at the satellite
    S         of that, the silence that the server waited for, to be sure that the user had finished
    V2V - S   all the rest

    With --llm everything is put to a language model that always says the same, at the pace of a small one: V2V may be
    S, its first token, the tokens of what can be spoken first, and 120 ms. Whether it was is told too, and is `llm` in
    the JSON.

    The last line of the output is one JSON object with all of it, by stage and by command; the picture shows how V2V is
    distributed, and of what the mean turn consists. What goes on meanwhile is told on stderr.

    \b
    Exit status:
      0  measured
      1  one of the two ends failed; one line says what to do
      2  wrong options, a file that cannot be used, a text that is no command to the agent

    \b
    Examples:
      roomtone bench v2v
      roomtone bench v2v --manifest commands.jsonl --home home.yaml --picture recorded.svg
      roomtone bench v2v --llm --turns 30
      roomtone bench v2v --turns 100 --json | tail -1 | jq .v2v_ms
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    require_extra("the bench")
    if options["llm"]:
        require_extra("the bench with a language model", "openai")
    from roomtone_server.bench.running import run
    from roomtone_server.bench.v2v.run import V2vOptions, bench_v2v

    return run(bench_v2v(V2vOptions(**options), as_json=as_json))


@click.command("scripted-model", hidden=True)
@click.argument("url_file", type=NEW_FILE)
def scripted_model(url_file: Path) -> None:
    """Serve a language model that says one thing, until SIGTERM or Ctrl-C; its URL stands in URL_FILE then."""
    import asyncio

    from roomtone_server.bench.v2v.model import serve

    asyncio.run(serve(url_file))
