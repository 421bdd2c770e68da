"""One utterance as Deepgram hears it: what goes over its WebSocket, both ways."""

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import override

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import EngineError
from roomtone_server.engines.base import Partial, Transcript
from roomtone_server.engines.http_service import refusal
from roomtone_server.engines.patience import Patience
from roomtone_server.engines.stt.services import MAX_UTTERANCE_BYTES, PATIENCE, HearingServiceSettings
from roomtone_server.engines.stt.streamed import StreamedHearing

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MAX_MESSAGE_BYTES: Final = 2**20  # guards memory; a minute of words with their times is a tenth of that
MAX_SEGMENTS: Final = 1000  # as above: of the utterance, whose audio has a limit too
KEEP_ALIVE_S: Final = 4.0  # it closes a connection on which neither audio nor this came for ten seconds

# Deepgram answers `Finalize`, but for when it has hardly anything left; it settles some 0.2 s behind the audio.
SETTLED_WITHIN_SAMPLES: Final = RATE_HZ // 5
HARDLY_ANYTHING_SAMPLES: Final = RATE_HZ
UNANSWERED_S: Final = 0.7

_CODE: Final = re.compile(r"\b[A-Z]+[-_][A-Z0-9]+\b")  # NET-0001, INVALID_AUTH


class _Alternative(BaseModel):
    transcript: str
    languages: list[str] = []  # of "multi": the one that was spoken most stands first


class _Channel(BaseModel):
    alternatives: list[_Alternative] = Field(min_length=1)


class _Message(BaseModel):
    """What Deepgram says; of other types than "Results", only the type."""

    type: str = ""
    start: float = 0.0  # seconds of the utterance
    duration: float = 0.0
    is_final: bool = False
    from_finalize: bool = False
    channel: _Channel | list[Any] | None = None


async def connected(
    url: str, headers: Mapping[str, str], trust: ssl.SSLContext | None, where: str, connect_s: float
) -> "ClientConnection":
    """A WebSocket. Raises EngineError."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus, WebSocketException

    try:
        return await connect(
            url,
            additional_headers=headers,
            ssl=trust,
            open_timeout=connect_s,
            ping_interval=None,  # what is silent for too long is noticed sooner
            max_size=MAX_MESSAGE_BYTES,
            compression=None,
        )
    except TimeoutError as problem:
        raise EngineError(f"{where} cannot be reached within {connect_s:g} s: does it run?") from problem
    except OSError as problem:
        raise EngineError(f"{where} cannot be reached ({problem}): does it run?") from problem
    except InvalidStatus as problem:
        code = _CODE.search((problem.response.body or b"").decode(errors="replace"))
        subject = "the model, the language and `extra`"
        raise refusal(where, problem.response.status_code, subject, code[0] if code else "") from problem
    except WebSocketException as problem:
        raise EngineError(f"{where} answers as no such server does: is that its address?") from problem


class DeepgramHearing(StreamedHearing):
    """The text is what Deepgram has settled, piece by piece, and behind it what it thinks of the rest."""

    def __init__(
        self,
        socket: "ClientConnection",
        where: str,
        settings: HearingServiceSettings,
        wake_phrase: str,
        forget: Callable[["DeepgramHearing"], None],
    ) -> None:
        super().__init__(wake_phrase)
        self._socket = socket
        self._where = where
        self._settings = settings
        self._forget = forget
        self._fed = 0  # samples
        self._settled: list[str] = []
        self._settled_samples = 0
        self._heard = Partial("", 0)
        self._asked_at = 0  # how much was fed when it was last asked to settle
        self._times_settled = 0  # because it was asked
        self._is_told_all = False
        self._is_done = False

    @property
    @override
    def heard(self) -> Partial:
        return self._heard

    async def feed(self, pcm: bytes) -> None:
        self.check_failure()
        taken = pcm[: MAX_UTTERANCE_BYTES - self._fed * SAMPLE_BYTES]
        if taken and self._is_open:  # nothing at all would close the connection
            self._fed += len(taken) // SAMPLE_BYTES
            await self._send(taken)

    async def preview(self) -> Transcript:
        self.check_open()
        if not self._is_settled(self._fed):
            await self._settle()
        return self._transcript()

    async def finish(self) -> Transcript:
        self.check_open()
        self._is_open = False
        try:
            if self._settled_samples < self._fed:
                self._is_told_all = True
                await self._tell("CloseStream")
                async with self._patience().wait():
                    await self.until(lambda: self._is_done)
            return self._transcript()
        finally:
            await self.close()

    @override
    async def disconnect(self) -> None:
        self._forget(self)
        self._socket.transport.abort()
        await self._socket.wait_closed()

    @override
    async def read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                said = await self._socket.recv()
        except TimeoutError:
            await self._tell("KeepAlive")
        except ConnectionClosed as problem:
            if not self._is_told_all or problem.rcvd is None:
                raise self._broke_off(problem.rcvd.reason if problem.rcvd else "") from problem
            self._is_done = True
        else:
            self._take(said)

    def _take(self, said: str | bytes) -> None:
        try:
            message = _Message.model_validate_json(said)
        except ValidationError as problem:
            raise EngineError(f"{self._where} sent what is no message of its protocol") from problem
        if message.type == "Error":
            raise EngineError(f"{self._where} failed: see its console")
        self._is_done = self._is_done or (self._is_told_all and message.type == "Metadata")
        if message.type == "Results" and isinstance(message.channel, _Channel):
            likeliest = message.channel.alternatives[0]
            self._hear(message, likeliest.transcript.strip())
            self.language = next(iter(likeliest.languages), self.language)

    def _hear(self, message: _Message, text: str) -> None:
        samples = min(self._fed, round((message.start + message.duration) * RATE_HZ))
        if message.is_final:
            self._settled = [*self._settled, text][:MAX_SEGMENTS]
            self._settled_samples = samples
            text = ""
        self._times_settled += message.from_finalize
        self._heard = Partial(" ".join(filter(None, [*self._settled, text])), samples)

    async def _settle(self) -> None:
        """Until it has settled what was fed, or does not answer because it need not. Raises EngineError."""
        wanted, times = self._fed, self._times_settled
        if self._asked_at < wanted:
            self._asked_at = wanted
            await self._tell("Finalize")

        def is_settled() -> bool:
            return self._is_settled(wanted) or self._times_settled > times

        try:
            async with asyncio.timeout(UNANSWERED_S), self._patience().wait():
                await self.until(is_settled)
        except TimeoutError:
            if self._heard.samples < wanted - HARDLY_ANYTHING_SAMPLES:
                async with self._patience().wait():
                    await self.until(is_settled)

    def _is_settled(self, samples: int) -> bool:
        return self._settled_samples >= samples - SETTLED_WITHIN_SAMPLES

    async def _tell(self, kind: str) -> None:
        await self._send(json.dumps({"type": kind}))

    async def _send(self, data: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        with self.failing():
            try:
                await self._socket.send(data)
            except ConnectionClosed as problem:
                raise self._broke_off(problem.rcvd.reason if problem.rcvd else "") from problem

    def _broke_off(self, reason: str) -> EngineError:
        code = _CODE.search(reason)
        return EngineError(f"{self._where} broke off half-way{f' ({code[0]})' if code else ''}: see its console")

    def _transcript(self) -> Transcript:
        return self.transcript() if self._fed else Transcript("", spoken=False)

    def _patience(self) -> Patience:
        return Patience(self._where, self._settings, *PATIENCE)
