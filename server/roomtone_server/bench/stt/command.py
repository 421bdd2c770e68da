"""`roomtone bench stt`. What it needs is imported when it runs: see `roomtone.cli`."""

from collections.abc import Sequence
from typing import Any

import click

from roomtone_server.bench.options import FILE, NEW_FILE, settings_of


@click.command()
@click.option("--manifest", type=FILE, metavar="FILE", required=True, help="What was said in which recording.")
@click.option("--home", type=FILE, metavar="FILE", help="The home to speak to (YAML). Default: the example home.")
@click.option("--area", metavar="AREA", help="Where the speaker is. Default: nobody knows.")
@click.option("--language", metavar="CODE", default="en", show_default=True, help="Whose clips are heard.")
@click.option("--engine", metavar="NAME", default="auto", help="Which recogniser. Default: what the server would take.")
@click.option("--engine-option", "engine_options", metavar="KEY=VALUE", multiple=True, help="A setting of its own.")
@click.option("--foreign", is_flag=True, help="Hear the other languages' clips too, as what is no command.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Hear the first N clips only.")
@click.option(
    "--pace",
    type=click.FloatRange(min=0),
    metavar="X",
    default=1.0,
    show_default=True,
    help="Times real time; 0: at once.",
)
@click.option("--picture", type=NEW_FILE, metavar="FILE", help="Draw the figures by threshold of doubt, as SVG.")
@click.option("--json", "as_json", is_flag=True, help="Print that one line, and no table.")
def stt(*, engine: str, engine_options: Sequence[str], as_json: bool, **options: Any) -> int:  # noqa: ANN401 - as SttOptions types them
    """Measure how well, and how fast, a recogniser hears commands.

    Each recording of the manifest is played to the engine in real time, one after the other, and what it heard is
    compared with what was said, as the agent of this home understands both. A line of the manifest:

    \b
      {"file": "a.wav", "language": "en", "text": "turn on the lamp", "kind": "recorded"}

    Without a text it is no command: nothing may happen.

    \b
    right      the transcript leads to the same intent and slots as the text
    wrong      to another intent, or to other slots
    rejected   to none; of what is no command, that is right as well
    exact      the same words
    wer        word errors over all words that were said
    rtf        the engine's CPU time, in its processes and threads too, over the audio's
    final      ms from the last sample to the transcript

    The last line of the output is one JSON object with all of it, by kind and by file; what goes on meanwhile is told
    on stderr.

    \b
    Exit status:
      0  measured
      1  the engine failed; one line says at which recording
      2  wrong options, a file that cannot be used, a text that is no command to the agent

    \b
    Examples:
      roomtone bench stt --manifest commands.jsonl --home home.yaml --area Kitchen
      roomtone bench stt --manifest commands.jsonl --engine-option reject_from=1.1 --picture doubt.svg
      roomtone bench stt --manifest commands.jsonl --json | tail -1 | jq .all.right
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    choice_options = settings_of(engine_options)
    from roomtone.engines import EngineChoice
    from roomtone_server.bench.running import run
    from roomtone_server.bench.stt.run import SttOptions, bench_stt

    wanted = SttOptions(choice=EngineChoice(engine, choice_options), **options)
    return run(bench_stt(wanted, as_json=as_json))
