"""Does a reply interrupt itself? The product's own voice, in made-up rooms, as loud in the microphone as a person who
speaks to it, through the real canceller, voice detector, machine of the satellite, and recogniser.

    python bench/false_barge_ins.py [--minutes 10] [--rooms 4] [--echo speex] [--level-db 0] [--no-server]

What the satellite decides is carried out: a reply that is paused has no echo. `paused`: something seemed to be near,
and the reply fell silent until it was known after 250 ms that it was no voice. `streamed`: it was one, and the server
was asked. `interrupted`: there were words, and not the reply's own. With --echo none, the microphone hears the speaker
as it is.
"""

import argparse
import asyncio
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from roomtone import engines
from roomtone.ears.formats import FRAME_SAMPLES
from roomtone.engines import EngineChoice, Surroundings
from roomtone.satellite.events import PauseReply, StartInterrupting
from roomtone_server.bench.home import read_home
from roomtone_server.engines.base import HearingRequest, SpeechToText
from roomtone_server.runtime.echoes import is_echo
from talker import GAP_FRAMES, REPLIES, Talker, spoken, talker

ASKED_FRAMES = 75  # of a voice that is streamed, at most: 1.5 s


class Count:
    """What the satellite made of its own replies."""

    def __init__(self, stt: SpeechToText | None) -> None:
        self._stt = stt
        self.paused = self.streamed = self.interrupted = 0

    async def told(self, satellite: Talker, text: str) -> None:
        """A reply, to its end, and the silence after it."""
        satellite.tell(spoken(text))
        while satellite.machine.playing:
            for command in satellite.frame():
                self.paused += isinstance(command, PauseReply)
                if isinstance(command, StartInterrupting):
                    await self._ask(satellite, command, text)
        for _ in range(GAP_FRAMES):
            satellite.frame()

    async def _ask(self, satellite: Talker, command: StartInterrupting, text: str) -> None:
        """What the server would be asked: whether there are words."""
        self.streamed += 1
        while satellite.ring.position < command.first_sample + ASKED_FRAMES * FRAME_SAMPLES:
            satellite.frame()
        heard = await words(self._stt, [frame for _, frame in satellite.ring.since(command.first_sample)], text)
        if heard:
            self.interrupted += 1
            print(f"after {satellite.now:.0f} s, while it said {text!r}, it heard {heard!r}")
        satellite.end(command.turn)


async def words(stt: SpeechToText | None, frames: list[bytes], reply: str) -> str:
    if stt is None:
        return ""
    hearing = await stt.hear(HearingRequest())
    try:
        for frame in frames:
            await hearing.feed(frame)
        heard = (await hearing.finish()).text
    finally:
        await hearing.close()
    return "" if is_echo(heard, reply) else heard


async def recogniser(folder: Path) -> SpeechToText:
    stt: SpeechToText = engines.choose("stt", EngineChoice()).make(Surroundings(folder, folder))
    await stt.start()
    await stt.learn((await read_home(None, folder)).vocabulary)
    return stt


async def main(options: argparse.Namespace) -> None:
    with TemporaryDirectory() as folder:
        stt = None if options.no_server else await recogniser(Path(folder))
        count = Count(stt)
        for seed in range(options.rooms):
            with talker(options.echo, options.level_db, seed) as satellite:
                for text in cycle(REPLIES):
                    if satellite.now >= options.minutes * 60 / options.rooms:
                        break
                    await count.told(satellite, text)
        if stt is not None:
            await stt.close()
    print(f"{options.minutes} minutes of replies, echo {options.level_db:+g} dB to a voice, echo: {options.echo}")
    print(f"paused {count.paused}, streamed {count.streamed}, interrupted {count.interrupted}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rooms", type=int, default=4, help="among which the minutes are divided")
    parser.add_argument("--echo", choices=engines.names("echo"), default="speex")
    parser.add_argument("--level-db", type=float, default=0.0, help="the echo's, over a person's voice")
    parser.add_argument("--no-server", action="store_true", help="do not ask the recogniser for words")
    asyncio.run(main(parser.parse_args()))
