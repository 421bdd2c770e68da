"""The services port over scripted engines, and a client that speaks as the protocol is written, or does not."""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager

from support.links import events_from, stranger
from support.scripted import SILENCE, SPEECH, parts
from wyoming.event import Event

from roomtone.ears.base import WakeDetection
from roomtone.ears.formats import FRAME_BYTES
from roomtone.link.allow import AllowList
from roomtone.link.codec import encode
from roomtone_server.ports.services.asr import Asr
from roomtone_server.ports.services.clients import Clients
from roomtone_server.ports.services.description import Offer, OfferedVoice, described
from roomtone_server.ports.services.handle import Handle
from roomtone_server.ports.services.port import serving
from roomtone_server.ports.services.tts import Tts
from roomtone_server.ports.services.wake import Wake
from roomtone_server.runtime.anticipation import anticipating
from roomtone_server.runtime.dictation import Dictations
from roomtone_server.settings import ServerSettings

OURS = {"rate": 16000, "width": 2, "channels": 1}
VOICES = {"amy": OfferedVoice("amy", ["en"], speakers=["low"]), "kerstin": OfferedVoice("kerstin", ["de"])}
REPLY = "Turned on the light"


class ScriptedWake:
    """Hears a word in the second frame that is not silent."""

    words = ("okay_nabu", "alexa")

    def __init__(self, word="alexa"):
        self._word = word
        self._loud = 0

    def process(self, frame):
        assert len(frame) == FRAME_BYTES
        self._loud += any(frame)
        if self._loud == 2:
            self._loud += 1
            return WakeDetection(self._word, self._word, 0.9)
        return None

    def reset(self):
        self._loud = 0

    def close(self):
        pass


class Served:
    """A port, before its engines have started and after."""

    def __init__(self, services, stack, chosen):
        self.port = services.port
        self.parts = parts(**chosen)
        self._services = services
        self._stack = stack

    async def open(self, *, endpointing=True, only_understands=False):
        clients = Clients()
        anticipation = await self._stack.enter_async_context(anticipating(self.parts))
        dictations = Dictations(self.parts, anticipation)
        how = {"models": ["sphinx"], "languages": ["en", "de"], "usual_language": "en", "endpointing": endpointing}
        asr = Asr(dictations, anticipation, clients, **how)
        tts = Tts(self.parts.tts, clients, VOICES, "en")
        handle = Handle(
            self.parts.agent, anticipation, clients, "en", {"d1": "Kitchen"}.get, only_understands=only_understands
        )
        handlers = {
            "transcribe": asr.transcribe,
            "synthesize": tts.synthesize,
            "synthesize-start": tts.synthesize_as_it_comes,
            "transcript": handle.transcript,
            "recognize": handle.recognize,
            "detect": Wake(ScriptedWake, ScriptedWake(), clients).detect,
        }
        offer = Offer("attic", ["en"], ears=["sphinx"], voices=list(VOICES.values()), wake_words=ScriptedWake.words)
        self._services.open(handlers, described(offer, endpointing=endpointing))

    @asynccontextmanager
    async def client(self):
        async with stranger(self.port, tls=False) as (reader, writer):
            events = events_from(reader)
            yield Client(events, writer)
            await events.aclose()

    async def asked(self, *events):
        """The first answer to them that is no partial, on a connection of its own."""
        async with self.client() as client:
            client.say(*events)
            return await client.answer()


class Client:
    def __init__(self, events, writer):
        self._events = events
        self._writer = writer

    def say(self, *events):
        for event in events:
            self._writer.write(event if isinstance(event, bytes) else encode(event))

    async def hear(self):
        async with asyncio.timeout(10):
            return await anext(self._events)

    async def answer(self):
        while (event := await self.hear()).type == "transcript-chunk":
            pass
        return event

    async def until(self, kind):
        events = []
        while not events or events[-1].type not in (kind, "error"):
            events.append(await self.hear())
        return events


@asynccontextmanager
async def starting(tmp_path, **chosen):
    """A server whose engines have not started."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0)
    allow = AllowList((), setting="home_assistant.allow")
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(serving(listening, allow, ServerSettings(name="attic"), tmp_path))
        yield Served(services, stack, chosen)


@asynccontextmanager
async def served(tmp_path, *, endpointing=True, only_understands=False, **chosen):
    async with starting(tmp_path, **chosen) as server:
        await server.open(endpointing=endpointing, only_understands=only_understands)
        yield server


def utterance(speech=60, silence=60, **audio_format):
    """Frames of 20 ms: faster than they were spoken."""
    audio_format = OURS | audio_format
    frames = [SPEECH] * speech + [SILENCE] * silence
    return [
        Event("audio-start", audio_format),
        *(Event("audio-chunk", audio_format, frame) for frame in frames),
    ]


STOP = Event("audio-stop")
