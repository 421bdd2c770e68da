"""A Home Assistant as a guest uses it: services and pipelines are added for a while, and utterances put to them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS
from roomtone.errors import HomeError
from roomtone.link.background import alongside
from roomtone_server.home.home_assistant.api import Api
from roomtone_server.home.home_assistant.connection import Connection, connected
from roomtone_server.home.home_assistant.settings import HomeAssistantSettings, Place, place_of, trust

if TYPE_CHECKING:
    import aiohttp

ADDED_S: Final = 30.0
TURN_S: Final = 60.0
LOOK_S: Final = 0.1
MAX_EVENTS: Final = 1000
_FLOWS: Final = "config/config_entries/flow"
_PARTS: Final = ("stt", "tts", "conversation")


@dataclass(frozen=True, slots=True)
class Run:
    """One utterance's way through a pipeline; moments are seconds on the event loop's clock."""

    began: float  # its first sample
    transcript: str = ""  # empty: nothing was understood
    stt_end: float = 0.0
    reply: float = 0.0  # its first byte; 0: there was none


class Guest:
    """Use `visiting`. Every method raises HomeError."""

    def __init__(self, place: Place, connection: Connection, session: "aiohttp.ClientSession") -> None:
        self._place = place
        self._connection = connection
        self._session = session
        self._api = Api(place, session)

    @asynccontextmanager
    async def pipeline(self, host: str, port: int, name: str) -> AsyncIterator[str]:
        """A pipeline of the Wyoming services that listen there: its id, while this is entered."""
        async with AsyncExitStack() as stack:
            entry = await self._add(host, port)
            stack.push_async_callback(self._remove, entry)
            entities = await self._entities(entry)
            pipeline = await self._connection.ask(
                "assist_pipeline/pipeline/create",
                name=name,
                language="en",
                conversation_engine=entities["conversation"],
                conversation_language="en",
                stt_engine=entities["stt"],
                stt_language="en",
                tts_engine=entities["tts"],
                tts_language="en",
                tts_voice=None,
                wake_word_entity=None,
                wake_word_id=None,
            )
            stack.push_async_callback(
                self._connection.ask, "assist_pipeline/pipeline/delete", pipeline_id=pipeline["id"]
            )
            yield pipeline["id"]

    async def hear(self, pipeline: str, pcm: bytes) -> Run:
        """Puts an utterance (16 kHz, mono, int16) to a pipeline, as fast as it was spoken."""
        events: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(MAX_EVENTS)
        number = await self._connection.subscribe(
            events.put_nowait,
            "assist_pipeline/run",
            pipeline=pipeline,
            start_stage="stt",
            end_stage="tts",
            input={"sample_rate": 16_000},
        )
        try:
            async with asyncio.timeout(TURN_S):
                return await self._run(events, pcm)
        except TimeoutError:
            raise HomeError(f"{self._place.name} did not end a turn within {TURN_S:g} s") from None
        finally:
            await self._connection.unsubscribe(number)

    async def _run(self, events: "asyncio.Queue[Mapping[str, Any]]", pcm: bytes) -> Run:
        clock = asyncio.get_running_loop().time
        started, _ = await _until(events, "run-start")
        handler = started["runner_data"]["stt_binary_handler_id"]
        began = clock()
        async with alongside(self._speak(handler, pcm, began)):
            heard, failed = await _until(events, "stt-end")
            stt_end = clock()
        if failed:
            return Run(began)
        spoken, failed = await _until(events, "tts-end")
        reply = 0.0 if failed else await self._first_byte(spoken["tts_output"]["url"])
        return Run(began, heard["stt_output"]["text"], stt_end, reply)

    async def _speak(self, handler: int, pcm: bytes, began: float) -> None:
        """A frame is heard when its last sample is."""
        clock = asyncio.get_running_loop().time
        for number, at in enumerate(range(0, len(pcm), FRAME_BYTES), start=1):
            await asyncio.sleep(began + number * FRAME_MS / 1000 - clock())
            await self._connection.send_audio(handler, pcm[at : at + FRAME_BYTES])
        await self._connection.send_audio(handler, b"")

    async def _first_byte(self, path: str) -> float:
        async with self._session.get(self._url(path)) as response:
            await response.content.readany()
            return asyncio.get_running_loop().time()

    async def _add(self, host: str, port: int) -> str:
        flow = await self._api.post(_FLOWS, {"handler": "wyoming"})
        made = await self._api.post(f"{_FLOWS}/{flow['flow_id']}", {"host": host, "port": port})
        if made["type"] != "create_entry":
            raise HomeError(
                f"{self._place.name} cannot reach the server at {host}:{port}: does a firewall stand between?"
            )
        return str(made["result"]["entry_id"])

    async def _remove(self, entry: str) -> None:
        headers = {"Authorization": f"Bearer {self._place.token}"}
        path = f"{self._place.api_url}/config/config_entries/entry/{entry}"
        async with self._session.delete(path, headers=headers):
            pass

    async def _entities(self, entry: str) -> dict[str, str]:
        """Those of the services, by their domain; they come some moments after the entry."""
        async with asyncio.timeout(ADDED_S):
            while True:
                listed = await self._connection.ask("config/entity_registry/list")
                ids = [each["entity_id"] for each in listed if each["config_entry_id"] == entry]
                found = {each.partition(".")[0]: each for each in ids}
                if set(_PARTS) <= found.keys():
                    return found
                await asyncio.sleep(LOOK_S)

    def _url(self, path: str) -> str:
        return self._place.api_url.removesuffix("/api") + path


@asynccontextmanager
async def visiting(url: str, token: str) -> AsyncIterator[Guest]:
    """Signed in, as an administrator. Raises HomeError."""
    import aiohttp

    settings = HomeAssistantSettings.model_validate({"url": url, "token": token})
    place, certificates = place_of(settings), await asyncio.to_thread(trust, settings)
    async with (
        aiohttp.ClientSession() as session,
        connected(place, session, certificates) as connection,
        alongside(connection.listen()),
    ):
        yield Guest(place, connection, session)


async def _until(events: "asyncio.Queue[Mapping[str, Any]]", kind: str) -> tuple[Mapping[str, Any], bool]:
    """The data of the next event of a kind; or of that with which the run fails or ends before, and True."""
    while True:
        event = await events.get()
        if event["type"] in {kind, "error", "run-end"}:
            return event["data"], event["type"] != kind
