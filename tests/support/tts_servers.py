"""Speech services on loopback that speak the protocols of the real ones, and go wrong where a test says so.

They run on a thread of their own: a test's event loop holds what the engine put there, and nothing else.
"""

import asyncio
import contextlib
import struct

import numpy as np
from aiohttp import web
from support.threaded_servers import KEY, STATUSES, Asked, Fault, SpeechServer, on_a_thread
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import async_read_event, async_write_event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.tts import Synthesize

NOBODY = Attribution("nobody", "")
LETTER_MS = 60


def speech(text, rate_hz):
    """A beep for each letter or digit, the higher, the later it stands in Unicode; silence for the rest."""
    t = np.arange(rate_hz * LETTER_MS // 1000) / rate_hz
    for character in text:
        hz = 200 + 10 * (ord(character) % 200) if character.isalnum() else 0
        yield (8000 * np.sin(2 * np.pi * hz * t)).astype("<i2").tobytes()


def wav_header(rate_hz, sound_bytes, *, channels=1, bits=16, encoding=1, before=b""):
    """`before`: chunks that stand before the sound; `sound_bytes` is what the header says, true or not."""
    frame = channels * bits // 8
    described = struct.pack("<HHIIHH", encoding, channels, rate_hz, rate_hz * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", len(described)) + described + before
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + chunks + b"data" + struct.pack("<I", sound_bytes)


@contextlib.contextmanager
def http_server():
    """All HTTP services, each under a path of its own: /openai/v1, /elevenlabs, /coqui, /xtts, /opentts, /raw."""
    with on_a_thread(HttpSpeechServer()) as server:
        yield server


class HttpSpeechServer(SpeechServer):
    faults = tuple(Fault)[1:]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, started):
        app = web.Application(client_max_size=2**24)
        app.add_routes(
            [
                web.post("/openai/v1/audio/speech", self._openai),
                web.get("/openai/v1/audio/voices", self._openai_voices),
                web.post("/elevenlabs/v1/text-to-speech/{voice}/stream", self._elevenlabs),
                web.get("/elevenlabs/v1/voices", self._elevenlabs_voices),
                web.get("/coqui/api/tts", self._coqui),
                web.post("/xtts/tts_stream", self._xtts),
                web.get("/xtts/studio_speakers", self._xtts_speakers),
                web.get("/opentts/api/tts", self._opentts),
                web.get("/opentts/api/voices", self._opentts_voices),
                web.post("/raw/say", self._raw),
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
        fields = await self._take(request, await request.json())
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response(
                {"error": {"type": "some_error", "code": "invalid_api_key", "message": f"wrong: {KEY}"}}, status=401
            )
        if not all(fields.get(name) for name in ("model", "voice", "input")):
            return web.json_response({"error": {"code": "missing_required_parameter"}}, status=400)
        if fields["response_format"] == "wav":
            return await self._say(request, fields["input"], 24_000, "audio/wav", wav_header(24_000, 0xFFFFFFFF))
        return await self._say(request, fields["input"], 24_000, "audio/pcm")

    async def _openai_voices(self, request):
        await self._take(request, {})
        if self.fault is Fault.NOT_FOUND:
            return web.json_response({"detail": "Not Found"}, status=404)
        return web.json_response({"voices": ["af_heart", {"id": "bm_george", "name": "George"}]})

    async def _elevenlabs(self, request):
        fields = await self._take(request, await request.json())
        if request.headers.get("xi-api-key") != KEY:
            return web.json_response({"detail": {"status": "invalid_api_key", "message": f"no: {KEY}"}}, status=401)
        if request.match_info["voice"] == "nobody":
            return web.json_response({"detail": {"status": "voice_not_found", "message": fields["text"]}}, status=404)
        encoding, _, rate = request.query["output_format"].partition("_")
        assert encoding == "pcm"
        return await self._say(request, fields["text"], int(rate), "audio/pcm")

    async def _elevenlabs_voices(self, request):
        await self._take(request, {})
        languages = [{"language": "de", "model_id": "m"}, {"language": "en", "model_id": "m"}]
        voices = [
            {"voice_id": "x2", "name": "George", "verified_languages": languages},
            {"voice_id": "x1", "name": "Rachel", "verified_languages": None},
        ]
        return web.json_response({"voices": voices})

    async def _coqui(self, request):
        """Makes it all, then sends it, and knows how long it is."""
        fields = await self._take(request, dict(request.query))
        pcm = b"".join(speech(fields["text"], 22_050))
        return await self._say(request, "", 22_050, "audio/wav", wav_header(22_050, len(pcm)) + pcm)

    async def _xtts(self, request):
        fields = await self._take(request, await request.json())
        speaks = fields["language"] in {"en", "de", "hi"}
        if not speaks or len(fields["speaker_embedding"]) != 3 or len(fields["gpt_cond_latent"]) != 2:
            return web.json_response({"detail": [{"type": "literal_error"}]}, status=422)
        assert fields["add_wav_header"] is True
        return await self._say(request, fields["text"], 24_000, "audio/wav", wav_header(24_000, 0))

    async def _xtts_speakers(self, request):
        await self._take(request, {})
        speakers = {
            name: {"speaker_embedding": [number, 0.5, 1.0], "gpt_cond_latent": [[0.1, 0.2], [0.3, 0.4]]}
            for number, name in enumerate(("Alma María", 'Damien "Black"'))
        }
        if self.fault is Fault.NO_SOUND:
            return web.Response(text='{"x": {"speaker_embedding": [}}')
        return web.json_response(speakers)

    async def _opentts(self, request):
        fields = await self._take(request, dict(request.query))
        if not fields.get("voice"):
            return web.Response(status=500, text="voice is required")
        rate_hz = 16_000 if fields["voice"].startswith("nanotts") else 22_050
        pcm = b"".join(speech(fields["text"], rate_hz))
        return await self._say(request, "", rate_hz, "audio/wav", wav_header(rate_hz, len(pcm)) + pcm)

    async def _opentts_voices(self, request):
        await self._take(request, {})
        voices = {
            "nanotts:de-DE": {"id": "de-DE", "language": "de", "locale": "de-de", "name": "de-DE"},
            "espeak:en": {"id": "en", "language": "en", "locale": "en", "name": "en"},
            "larynx:harvard": {"id": "harvard", "language": "en", "locale": "en-us", "name": "harvard"},
        }
        return web.json_response(voices)

    async def _raw(self, request):
        fields = await self._take(request, dict(await request.post()))
        return await self._say(request, fields["say"], 16_000, "application/octet-stream")

    async def _take(self, request, fields):
        self.asked.append(Asked(request.path, dict(request.query), dict(request.headers), fields))
        self.reached.set()
        return fields

    async def _say(self, request, text, rate_hz, kind, before=b""):
        """`before`, then the text as it is spoken."""
        if self.fault in STATUSES:
            headers = {"Location": "http://elsewhere.invalid/", "Retry-After": "7"}
            words = {"error": {"type": "some_error", "message": f"{text} {KEY}"}}
            return web.json_response(words, status=STATUSES[self.fault], headers=headers)
        if self.fault is Fault.NO_SOUND:
            return web.Response(text=f"<h1>{text}</h1>", content_type="text/html")
        try:
            return await self._stream(request, text, rate_hz, kind, before)
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up.set()
            raise

    async def _stream(self, request, text, rate_hz, kind, before):
        if self.fault is Fault.SILENT:
            await asyncio.Event().wait()
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        if self.fault is not Fault.EMPTY:
            for number, piece in enumerate(self._pieces(text, rate_hz, before)):
                if number >= 3 and self.fault is Fault.CUT:
                    request.transport.abort()
                    break
                if number >= 3 and self.fault is Fault.STALLS:
                    await asyncio.Event().wait()
                await response.write(piece)
        return response

    def _pieces(self, text, rate_hz, before):
        yield from self._cut(before)
        for sound in speech(text, rate_hz):
            yield from self._cut(sound)

    def _cut(self, sound):
        return (sound[at : at + self.piece_bytes] for at in range(0, len(sound), self.piece_bytes))


@contextlib.contextmanager
def wyoming_server():
    """A Wyoming service, by the wyoming package's own reader and writer."""
    with on_a_thread(WyomingSpeechServer()) as server:
        yield server


class WyomingSpeechServer(SpeechServer):
    faults = (Fault.FAILS, Fault.CUT, Fault.STALLS, Fault.SILENT, Fault.EMPTY, Fault.NO_SOUND)
    rate_hz = 16_000

    @property
    def uri(self):
        return f"tcp://127.0.0.1:{self.port}"

    async def serve(self, started):
        async with await asyncio.start_server(self._talk, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            await started()

    async def _talk(self, reader, writer):
        try:
            while event := await async_read_event(reader):
                self.reached.set()
                if Describe.is_type(event.type):
                    await async_write_event(self._info(), writer)
                elif Synthesize.is_type(event.type):
                    self.asked.append(Synthesize.from_event(event))
                    await self._say(event.data["text"], reader, writer)
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up.set()
        finally:
            writer.transport.abort()

    async def _say(self, text, reader, writer):
        if self.fault is Fault.SILENT:
            await reader.read()  # until nobody waits any more
        if self.fault is Fault.FAILS:
            await async_write_event(Error(text=text, code="SynthesisError").event(), writer)
            return
        if self.fault is Fault.NO_SOUND:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        format_ = {"rate": self.rate_hz, "width": 2, "channels": 1}
        await async_write_event(AudioStart(**format_).event(), writer)
        for number, pcm in enumerate(speech(text, self.rate_hz) if self.fault is not Fault.EMPTY else ()):
            if number >= 3 and self.fault is Fault.CUT:
                writer.transport.abort()
                return
            if number >= 3 and self.fault is Fault.STALLS:
                await reader.read()
            await async_write_event(AudioChunk(**format_, audio=pcm).event(), writer)
        await async_write_event(AudioStop().event(), writer)

    def _info(self):
        def voice(name, *languages, installed=True):
            return TtsVoice(name, NOBODY, installed, None, None, list(languages))

        voices = [
            voice("en_US-ryan-low", "en_US"),
            voice("de_DE-eva-low", "de_DE"),
            voice("fr_FR-siwis-low", "fr_FR", installed=False),
            voice("en_GB-alan-low", "en_GB"),
        ]
        return Info(tts=[TtsProgram("piper", NOBODY, True, None, None, voices)]).event()
