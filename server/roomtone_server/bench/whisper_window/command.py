"""`roomtone bench whisper-window`. What it needs is imported when it runs: see `roomtone.cli`."""

from collections.abc import Sequence
from pathlib import Path

import click

from roomtone_server.bench.options import FILE, require_extra, settings_of


@click.command("whisper-window")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--model", metavar="NAME", default="", help="An installed model, or a folder. Default: the largest.")
@click.option("--language", metavar="CODE", default="en", show_default=True, help="Of what is said; auto: it tells.")
@click.option("--engine-option", "engine_options", metavar="KEY=VALUE", multiple=True, help="Another setting of it.")
@click.option("--times", type=click.IntRange(1, 100), metavar="N", default=3, show_default=True, help="How often each.")
@click.option("--json", "as_json", is_flag=True, help="Print that one line, and no table.")
def whisper_window(
    *, files: tuple[Path, ...], model: str, language: str, engine_options: Sequence[str], times: int, as_json: bool
) -> int:
    """Compare Whisper's windows on recordings of your own: FILES are WAV files of a command each.

    Whisper was trained on windows of 30 s, and faster-whisper fills up whatever is shorter: for a short command that
    is most of the work. `window: fit` encodes what was said only, which takes a fraction of the time; what it writes
    may differ, and how much depends on the model. So both hear each file, with the same model, and are shown side by
    side: the text, and the median time to it. Choose by what you see.

    The last line of the output is one JSON object with all of it.

    \b
    Exit status:
      0  measured
      1  the model cannot be used; one line says why
      2  wrong options, a file that cannot be used

    \b
    Examples:
      roomtone bench whisper-window --model base commands/*.wav
      roomtone bench whisper-window --language auto --engine-option compute_type=int8 lamp.wav
      roomtone bench whisper-window --json *.wav | jq .all
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    require_extra("this bench", "whisper")
    from roomtone_server.bench.whisper_window.run import WindowOptions, bench_whisper_window

    options = {"model": model, "language": language, **settings_of(engine_options)}
    return bench_whisper_window(WindowOptions(files, options, times), as_json=as_json)
