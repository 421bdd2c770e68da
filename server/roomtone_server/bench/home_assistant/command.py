"""`roomtone bench home-assistant`. What it needs is imported when it runs: see `roomtone.cli`."""

from typing import Any

import click

from roomtone_server.bench.options import FILE, require_extra
from roomtone_server.bench.v2v.command import MAX_TURNS


@click.command("home-assistant")
@click.option("--url", metavar="URL", required=True, help="Home Assistant's, as in a browser.")
@click.option("--token-file", type=FILE, metavar="FILE", required=True, help="Holds an administrator's access token.")
@click.option("--manifest", type=FILE, metavar="FILE", help="Recorded commands. Default: some in the embedded voice.")
@click.option("--home", type=FILE, metavar="FILE", help="The home to speak to (YAML). Default: the example home.")
@click.option("--wake-wav", type=FILE, metavar="FILE", help="A recorded wake word instead of a spoken one.")
@click.option("--turns", type=click.IntRange(1, MAX_TURNS), metavar="N", help="So many. Default: each command once.")
@click.option("--json", "as_json", is_flag=True, help="Print that one line, and no table.")
def home_assistant(*, as_json: bool, **options: Any) -> int:  # noqa: ANN401 - as Options types them
    """Measure how soon Home Assistant hears and answers with our services.

    Every command is put three times, at real-time speed, to the same engines:

    \b
    ours      to a satellite and a server of ours
    ended     to Home Assistant's pipeline, with our recogniser, agent and voice; our endpointing ends it
    waited    the same, but Home Assistant ends it, after its own silence

    Two servers are started on this machine, which Home Assistant must be able to reach; they are added to it, with a
    pipeline each, and removed at the end. A command counts when it is heard right in all three.

    \b
    stt-end   from the command's last speech sample to its transcript
    reply     from there to the first byte of the spoken answer

    `ratio` is how much of `waited` is left with `ended`, by the median. The last line is one JSON object with all of
    it.

    \b
    Exit status:
      0  measured
      1  something failed; one line says what to do
      2  wrong options, a file that cannot be used, a text that is no command to the agent

    \b
    Example:
      roomtone bench home-assistant --url http://homeassistant.local:8123 --token-file token --turns 12
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    require_extra("the bench")
    from roomtone_server.bench.home_assistant.run import Options, bench_home_assistant
    from roomtone_server.bench.running import run

    return run(bench_home_assistant(Options(**options), as_json=as_json))
