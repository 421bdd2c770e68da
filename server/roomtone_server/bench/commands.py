"""`roomtone demo` and `roomtone bench`. What they need is imported when they run: see `roomtone.cli`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from roomtone.errors import UsageError
from roomtone_server.bench.home_assistant.command import home_assistant
from roomtone_server.bench.intents.command import intents
from roomtone_server.bench.options import FILE, NEW_FILE, require_extra
from roomtone_server.bench.stt.command import stt
from roomtone_server.bench.v2v.command import scripted_model, v2v
from roomtone_server.bench.whisper_window.command import whisper_window

if TYPE_CHECKING:
    from roomtone_server.bench.demo.run import DemoOptions

DEFAULT_TEXT: Final = "turn on the kitchen light"


@click.group()
def bench() -> None:
    """Measure how well the parts of the house do, and how fast.

    Each prints a table, and one JSON object as its last line.
    """


bench.add_command(home_assistant)
bench.add_command(intents)
bench.add_command(stt)
bench.add_command(v2v)
bench.add_command(scripted_model)
bench.add_command(whisper_window)


@click.command()
@click.option("--text", metavar="TEXT", help=f'What to say, in the embedded voice. Default: "{DEFAULT_TEXT}".')
@click.option("--wav", type=FILE, metavar="FILE", help="A recorded command instead: PCM WAV, any rate.")
@click.option("--wake-wav", type=FILE, metavar="FILE", help="A recorded wake word instead of a spoken one.")
@click.option("--home", type=FILE, metavar="FILE", help="The home to speak to (YAML). Default: the example home.")
@click.option("--area", metavar="AREA", help="Where the satellite stands. Default: the kitchen, if there is one.")
@click.option("--out", type=NEW_FILE, metavar="FILE", default="reply.wav", show_default=True, help="The reply's audio.")
@click.option("--json", "as_json", is_flag=True, help="Print the turn as JSON, in one line; the rest goes to stderr.")
@click.option("--mic", is_flag=True, help="Use this machine's own microphone and speaker.")
@click.option("--svg", type=NEW_FILE, metavar="FILE", help="Also keep the picture of the turn, as SVG.")
def demo(*, text: str | None, wav: Path | None, wake_wav: Path | None, mic: bool, as_json: bool, **options: Any) -> int:  # noqa: ANN401 - as DemoOptions types them
    """Run one turn on this machine: a wake word, a command, a spoken answer.

    Starts a real server and a real satellite on loopback, with a state of their own that is gone afterwards. The
    satellite finds the server by zeroconf and is paired with it. Then a wake word and a command are played into it at
    real-time speed, as if from its microphone, and the turn is shown as it happens.

    It ends with the reply in a file, the new state of what was acted upon, and V2V, the voice-to-voice latency: from
    the command's last sound to the reply's first, at the satellite. With --mic the times are the server's, without
    what the devices add.

    \b
    Exit status:
      0  a turn was completed
      1  something failed; one line says what to do
      2  wrong options, a file that cannot be used
      3  nothing was understood, and the reply says so
      4  the wake word was not heard

    \b
    Examples:
      roomtone demo --text "what time is it"
      roomtone demo --wake-wav okay_nabu.wav --wav command.wav --home home.yaml
      roomtone demo --json | jq .v2v_ms
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    if mic and (text or wav or wake_wav):
        raise UsageError("--mic hears what you say: leave --text, --wav and --wake-wav away")
    if text and wav:
        raise UsageError("--text and --wav are both the command: give one of them")
    require_extra("the demo")
    from roomtone_server.bench.demo.run import DemoOptions
    from roomtone_server.bench.running import run

    wanted = DemoOptions(text=text or DEFAULT_TEXT, wav=wav, wake_wav=wake_wav, own_devices=mic, **options)
    return run(_demo(wanted, as_json=as_json))


async def _demo(options: "DemoOptions", *, as_json: bool) -> int:
    from rich.console import Console

    from roomtone_server.bench.demo.run import run_demo

    shown = await run_demo(options, Console(stderr=as_json, highlight=False))
    if as_json:
        click.echo(json.dumps(shown.result, ensure_ascii=False))
    return shown.status
