"""A whole house at a sound card: a server and a satellite as processes of their own, and somebody who speaks."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.sound_card import Recording, SoundCard

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench import scene
from roomtone_server.bench.ends import Ends, both_ends
from roomtone_server.bench.sound import write_wav
from roomtone_server.ports.control import call_async

SATELLITE = {"name": "den", "area": "Kitchen", "microphone": "pyaudio", "speaker": "pyaudio"}
TURN_S = 30.0  # the longest wait for the next event of a turn, on a busy machine
LEAD_IN_S = 0.3

Event = Mapping[str, Any]


@dataclass(frozen=True)
class SoundCardHouse:
    card: SoundCard
    speaker: Recording
    ends: Ends
    events: AsyncIterator[Event]
    folder: Path
    home: Path | None  # its file; the example, where there is none

    @asynccontextmanager
    async def saying(self, wake: scene.Clip, command: scene.Clip) -> AsyncIterator[None]:
        """Within it, both are said into the air of the room."""
        wav, composed = self.folder / "said.wav", scene.compose(wake, command)
        write_wav(wav, composed.sound[composed.wake_begin - round(LEAD_IN_S * RATE_HZ) :])
        async with self.card.playing(wav):
            yield


@asynccontextmanager
async def sound_card_house(
    card: SoundCard, folder: Path, home: Path | None = None, **satellite: object
) -> AsyncIterator[SoundCardHouse]:
    """`satellite`: more of its settings. At the end both processes must still be alive."""
    settings = SATELLITE | satellite
    async with both_ends(folder) as ends, card.recording(folder / "speaker.raw") as speaker:
        await ends.start_server(home)
        await ends.pair(settings)
        async with aclosing(call_async(ends.control, "watch", patience_s=TURN_S)) as events:
            assert await anext(events) == {"watching": True}
            await ends.start_satellite(settings)
            await card.listened_to()
            yield SoundCardHouse(card, speaker, ends, events, folder, home)
            ends.check()
