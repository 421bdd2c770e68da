"""Recognisers on loopback that speak the protocols of the real ones, and go wrong where a test says so.

They hear what they were made to know: a text is recognised by the sound of it, word by word, as that comes.
"""

import asyncio
import contextlib
import email
import email.policy
import io
import json
import wave
from dataclasses import dataclass, field

import numpy as np
from aiohttp import WSMsgType, web
from support.threaded_servers import KEY, STATUSES, Asked, Fault, SpeechServer, on_a_thread
from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import async_read_event, async_write_event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info

NOBODY = Attribution("nobody", "")
RATE_HZ = 16_000
HEAD_BYTES = 2000  # by which a sound is recognised
INTERIM_BYTES = RATE_HZ  # half a second


@dataclass
class RecogniserServer(SpeechServer):
    """What a test sees of a recogniser, whatever it speaks."""

    sounds: dict = field(default_factory=dict)  # text -> int16 at RATE_HZ
    language: str = ""  # that it tells, when it was asked for any

    def hears(self, pcm):
        """The words of the text that sounds most like it, as far as it has come; none of what it does not know."""
        share, text = max((_share(sound, pcm), text) for text, sound in self.sounds.items())
        words = text.split()
        return words[: int(share * len(words))]


def _share(sound, pcm):
    """How much of a sound has come: it must begin somewhere, and go on from there."""
    begin = pcm.find(sound[:HEAD_BYTES])
    if begin < 0:
        return 0.0
    size = min(len(sound), len(pcm) - begin)
    differs = np.frombuffer(sound[:size], np.int8) != np.frombuffer(pcm[begin : begin + size], np.int8)
    return (int(differs.argmax()) if differs.any() else size) / len(sound)


@contextlib.contextmanager
def http_recogniser():
    """What speaks HTTP: the API of OpenAI at /openai/v1, Deepgram's WebSocket at /deepgram."""
    with on_a_thread(HttpRecogniser()) as server:
        yield server


class HttpRecogniser(RecogniserServer):
    faults = tuple(Fault)[1:]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, started):
        app = web.Application(client_max_size=2**24)
        app.add_routes(
            [
                web.post("/openai/v1/audio/transcriptions", self._openai),
                web.get("/deepgram/v1/listen", self._deepgram),
            ]
        )
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0, access_log=None, max_line_size=2**17)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = site._server.sockets[0].getsockname()[1]
            await started()
        finally:
            await runner.cleanup()

    async def _openai(self, request):
        form = _form(request.headers["Content-Type"], await request.read())
        with wave.open(io.BytesIO(form.pop("file"))) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
            pcm = file.readframes(file.getnframes())
        self._note(request, {name: value.decode() for name, value in form.items()})
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"code": "invalid_api_key", "message": f"wrong: {KEY}"}}, status=401)
        text = " ".join(self.hears(pcm))
        if self.fault in STATUSES:
            words = {"error": {"type": "some_error", "message": f"{text} {KEY}"}}
            headers = {"Location": "http://elsewhere.invalid/", "Retry-After": "7"}
            return web.json_response(words, status=STATUSES[self.fault], headers=headers)
        if self.fault is Fault.NO_SOUND:
            return web.Response(text=f"<h1>{text}</h1>", content_type="text/html")
        try:
            return await self._answer(
                request, b"" if self.fault is Fault.EMPTY else json.dumps({"text": text}).encode()
            )
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up.set()
            raise

    async def _answer(self, request, body):
        if self.fault is Fault.SILENT:
            await asyncio.Event().wait()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        if self.fault is Fault.EMPTY:
            return response
        await response.write(body[:5])
        if self.fault is Fault.CUT:
            request.transport.abort()
            return response
        if self.fault is Fault.STALLS:
            await asyncio.Event().wait()
        await response.write(body[5:])
        return response

    async def _deepgram(self, request):
        self._note(request, {name: request.query.getall(name) for name in request.query})
        if request.headers.get("Authorization") != f"Token {KEY}":
            return web.json_response({"err_code": "INVALID_AUTH", "err_msg": f"wrong: {KEY}"}, status=401)
        if self.fault in STATUSES:
            words = {"err_code": "SOME_ERROR", "err_msg": KEY}
            headers = {"Location": "http://elsewhere.invalid/"}
            return web.json_response(words, status=STATUSES[self.fault], headers=headers)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await DeepgramStream(self, request, socket).listen()
        return socket

    def _note(self, request, fields):
        self.asked.append(Asked(request.path, dict(request.query), dict(request.headers), fields))
        self.reached.set()


def _form(kind, body):
    """By the standard library: aiohttp's reader stumbles over parts that the network cuts."""
    message = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in message.iter_parts()
    }


class DeepgramStream:
    """https://developers.deepgram.com/reference/speech-to-text/listen-streaming"""

    def __init__(self, server, request, socket):
        self.server = server
        self.request = request
        self.socket = socket
        self.pcm = bytearray()
        self.told_bytes = 0  # the last result reaches so far
        self.settled_bytes = 0
        self.settled_words = 0

    async def listen(self):
        try:
            async for message in self.socket:
                if message.type is WSMsgType.BINARY:
                    assert message.data, "no data at all closes the real one"
                    self.pcm += message.data
                    if len(self.pcm) - self.told_bytes >= INTERIM_BYTES:
                        await self._say(is_final=False)
                elif not await self._do(json.loads(message.data)["type"]):
                    return
        except ConnectionError:
            pass  # how connections end
        finally:
            self.server.hung_up.set()

    async def _do(self, what):
        """False once all is said."""
        self.server.asked.append(what)
        if what == "Finalize" and len(self.pcm) > self.settled_bytes:
            await self._say(is_final=True, from_finalize=True)
        elif what == "CloseStream":
            await self._say(is_final=True)
            if self.server.fault is Fault.NONE:
                await self.socket.send_json({"type": "Metadata", "request_id": "1", "duration": 1.0, "channels": 1})
                await self.socket.close()
                return False
        return True

    async def _say(self, *, is_final, from_finalize=False):
        match self.server.fault:
            case Fault.SILENT:
                return
            case Fault.STALLS if self.told_bytes:
                return
            case Fault.CUT if self.told_bytes:
                self.request.transport.abort()
                return
            case Fault.NO_SOUND | Fault.EMPTY:
                await self.socket.send_str("<h1>Welcome</h1>" if self.server.fault is Fault.NO_SOUND else "")
                return
        words = self.server.hears(bytes(self.pcm))
        result = {
            "type": "Results",
            "channel_index": [0, 1],
            "start": self.settled_bytes / 2 / RATE_HZ,
            "duration": (len(self.pcm) - self.settled_bytes) / 2 / RATE_HZ,
            "is_final": is_final,
            "speech_final": False,
            "from_finalize": from_finalize,
            "channel": {"alternatives": [{"transcript": " ".join(words[self.settled_words :]), "confidence": 0.9}]},
        }
        if self.server.language:
            result["channel"]["alternatives"][0]["languages"] = [self.server.language, "en"]
        self.told_bytes = len(self.pcm)
        if is_final:
            self.settled_bytes, self.settled_words = len(self.pcm), len(words)
        await self.socket.send_json(result)


@contextlib.contextmanager
def wyoming_recogniser():
    """A Wyoming service, by the wyoming package's own reader and writer."""
    with on_a_thread(WyomingRecogniser()) as server:
        yield server


class WyomingRecogniser(RecogniserServer):
    faults = (Fault.FAILS, Fault.CUT, Fault.STALLS, Fault.SILENT, Fault.NO_SOUND)
    streams = True  # its transcript, word by word

    @property
    def uri(self):
        return f"tcp://127.0.0.1:{self.port}"

    async def serve(self, started):
        async with await asyncio.start_server(self._talk, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            await started()

    async def _talk(self, reader, writer):
        pcm, told = bytearray(), 0
        try:
            while event := await async_read_event(reader):
                self.reached.set()
                if Describe.is_type(event.type):
                    await async_write_event(self._info(), writer)
                elif Transcribe.is_type(event.type):
                    self.asked.append(Transcribe.from_event(event))
                elif AudioStart.is_type(event.type) and self.streams:
                    await async_write_event(TranscriptStart(language="en").event(), writer)
                elif AudioChunk.is_type(event.type):
                    pcm += event.payload
                    told = await self._tell(self.hears(bytes(pcm)), told, writer)
                elif AudioStop.is_type(event.type):
                    await self._end(" ".join(self.hears(bytes(pcm))), writer)
            self.hung_up.set()
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up.set()
        finally:
            writer.transport.abort()

    async def _tell(self, words, told, writer):
        if not self.streams or self.fault in {Fault.SILENT, Fault.STALLS}:
            return told
        for number, word in enumerate(words[told:], start=told):
            if self.fault is Fault.CUT:
                writer.transport.abort()
            await async_write_event(TranscriptChunk(f" {word}" if number else word).event(), writer)
        return len(words)

    async def _end(self, text, writer):
        match self.fault:
            case Fault.SILENT | Fault.STALLS:
                pass
            case Fault.FAILS:
                await async_write_event(Error(text=text, code="TranscribeError").event(), writer)
            case Fault.NO_SOUND:
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            case Fault.CUT:
                writer.transport.abort()
            case _:
                if self.streams:
                    await async_write_event(TranscriptStop().event(), writer)
                await async_write_event(Transcript(text, language=self.language or None).event(), writer)

    def _info(self):
        def model(name, *languages, installed=True):
            return AsrModel(name, NOBODY, installed, None, None, list(languages))

        models = [model("base", "en", "de"), model("small", "fr", installed=False)]
        return Info(asr=[AsrProgram("whisper", NOBODY, True, None, None, models, self.streams)]).event()
