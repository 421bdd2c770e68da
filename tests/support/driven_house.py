"""A satellite in a room, driven by the real Home Assistant, and what goes between the two."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from support.home_assistant import HomeAssistant
from support.satellite_parts import WORD, ScriptedWake, frame
from support.spoken_services import WAKE_WORD, SpokenServices, spoken_services
from wyoming.event import Event

from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings, pace
from roomtone_satellite.home_assistant.course import State
from roomtone_satellite.home_assistant.satellite import HomeAssistantSatellite, NoWakeWords, Parts
from roomtone_satellite.settings import SatelliteSettings

SPEECH = frame(10_000)
SILENCE = frame(0)
PATIENCE_S = 30


class Room:
    """A microphone that hears, at the pace of the room, what the test says into it; and silence else."""

    def __init__(self) -> None:
        self.eager = False
        self._said: deque[bytes] = deque()
        self._heard = asyncio.Event()  # all of that

    def wake_word(self) -> None:
        self._said.append(WORD)

    def say(self, seconds: float) -> None:
        self._said.extend([SPEECH] * round(seconds * 50))

    def fall_silent(self) -> None:
        self._said.clear()

    async def lets_pass(self, seconds: float) -> None:
        """So much time, by the clock of the room; what was said before is heard first."""
        self._said.extend([SILENCE] * round(seconds * 50))
        self._heard.clear()
        await self._heard.wait()

    async def frames(self) -> AsyncGenerator[bytes, None]:
        async for _ in pace(asyncio.get_running_loop().time(), self):
            if not self._said:
                self._heard.set()
            yield self._said.popleft() if self._said else SILENCE


class WatchedSatellite(HomeAssistantSatellite):
    """Remembers what is said on either side, but for audio and pings."""

    def __init__(self, settings: SatelliteSettings, parts: Parts) -> None:
        super().__init__(settings, parts)
        self.told: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()

    async def take(self, event: Event) -> None:
        self._note(event)
        await super().take(event)

    def happened(self, event: Any) -> None:
        self.told.put_nowait((type(event).__name__, {}))
        super().happened(event)

    def _send(self, event: Event) -> None:
        self._note(event)
        super()._send(event)

    def _note(self, event: Event) -> None:
        if event.type != "audio-chunk":
            self.told.put_nowait((event.type, event.data))

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        """What was said of these kinds, once they have been said in this order, with others in between."""
        said = []
        async with asyncio.timeout(PATIENCE_S):
            for kind in kinds:
                while (event := await self.told.get())[0] != kind:
                    pass
                said.append(event[1])
        return said

    def forget(self) -> None:
        while not self.told.empty():
            self.told.get_nowait()


@dataclass
class DrivenHouse:
    home_assistant: HomeAssistant
    services: SpokenServices
    satellite: WatchedSatellite
    room: Room
    entry: str
    entities: dict[str, Any]

    def entity(self, domain: str) -> str:
        return next(entity for entity in self.entities if entity.startswith(f"{domain}."))

    async def state(self) -> str:
        return await self.home_assistant.state(self.entity("assist_satellite"))

    async def is_idle(self) -> None:
        await self.home_assistant.state_is(self.entity("assist_satellite"), "idle")

    async def mute(self, *, muted: bool) -> None:
        await self.home_assistant.call(f"switch.turn_{'on' if muted else 'off'}", self.entity("switch"))

    async def announce(self, message: str) -> None:
        await self.home_assistant.call(
            "assist_satellite.announce", self.entity("assist_satellite"), message=message, preannounce=False
        )

    def command(self, seconds: float = 1.0) -> None:
        """The wake word, and what follows it."""
        self.room.wake_word()
        self.room.say(seconds)

    async def answers(self) -> None:
        """A turn from the wake word to the end of its reply."""
        self.satellite.forget()
        self.command()
        await self.satellite.until("transcript", "synthesize", "audio-start", "audio-stop", "played")


def satellite_settings(home_assistant: HomeAssistant, name: str, port: int = 0, **chosen: Any) -> SatelliteSettings:
    driver = {"port": port, "allow": [home_assistant.running.host]} | chosen
    return SatelliteSettings(name=name, area="Kitchen", mode="home-assistant", home_assistant=driver)


@asynccontextmanager
async def running_satellite(settings: SatelliteSettings) -> AsyncIterator[tuple[WatchedSatellite, Room]]:
    room = Room()
    remote = settings.home_assistant.wake == "home-assistant"
    wake = NoWakeWords() if remote else ScriptedWake()
    speaker = NullSpeaker(NullSpeakerSettings(rate_hz=16_000))
    satellite = WatchedSatellite(settings, Parts(room, speaker, wake, asyncio.Event()))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(satellite.run(), name="satellite")
        try:
            yield satellite, room
        finally:
            task.cancel()


@asynccontextmanager
async def driven_house(
    home_assistant: HomeAssistant, name: str, *, agent: str | None = None, **chosen: Any
) -> AsyncIterator[DrivenHouse]:
    """With a pipeline of the test's own services, or of another `agent`; all of it is taken away at the end."""
    settings = satellite_settings(home_assistant, name, **chosen)
    async with (
        spoken_services(home_assistant.running.host) as services,
        running_satellite(settings) as (satellite, room),
    ):
        ears = await home_assistant.add("wyoming", host=home_assistant.running.here, port=services.port)
        parts = {entity.split(".")[0]: entity for entity in await home_assistant.entities_of(ears["entry_id"])}
        await home_assistant.make_pipeline(
            f"pipeline of {name}",
            stt_engine=parts["stt"],
            tts_engine=parts["tts"],
            conversation_engine=agent or parts["conversation"],
            wake_word_entity=parts["wake_word"],
            wake_word_id=WAKE_WORD,
        )
        # Added by hand, it would be found a moment later, and loaded anew in the midst of the test.
        added = await home_assistant.confirm(await home_assistant.discovered(name))
        entry = added["result"]["entry_id"]
        house = DrivenHouse(home_assistant, services, satellite, room, entry, await home_assistant.entities_of(entry))
        await satellite.until("Driven")
        try:
            yield house
        finally:
            for entry in (house.entry, ears["entry_id"]):
                await home_assistant.remove(entry)


__all__ = ["DrivenHouse", "State", "driven_house", "running_satellite", "satellite_settings"]
