"""`GET /voice`: lets browsers in, each as a satellite."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web

from roomtone.ears.base import WakeEngine
from roomtone.errors import EngineError, FrameError, LinkError, PeerGone
from roomtone.link.background import alongside
from roomtone_server.ports.web.problems import Problem
from roomtone_server.ports.web.route import Route, Who, who_asks
from roomtone_server.ports.web.voice.line import Line, TooMuch
from roomtone_server.ports.web.voice.messages import MAX_AUDIO_BYTES, Hello, Start, Started, Stop, Trouble, Welcome
from roomtone_server.ports.web.voice.session import BrowserSession
from roomtone_server.ports.web.voice.telling import Telling
from roomtone_server.runtime.detectors import Detectors
from roomtone_server.runtime.house import House
from roomtone_server.runtime.remote import Remote
from roomtone_server.runtime.session import Satellite

_LOGGER = logging.getLogger(__name__)

# Guard memory and descriptors: a household has a browser or two for each of its people.
MAX_SOCKETS: Final = 256
MAX_PER_LOGIN: Final = 16
HELLO_WITHIN_S: Final = 5.0
HEARTBEAT_S: Final = 30.0  # WebSocket's own ping; unanswered for half as long, the browser is gone
CLOSE_WITHIN_S: Final = 2.0

MakeWake = Callable[[], Awaitable[WakeEngine]]

GOING: Final = 1001
MALFORMED: Final = 4400
NO_HELLO: Final = 4408
REPLACED: Final = 4409
TOO_MUCH: Final = 4429


class VoicePort:
    """The browsers that talk. One event loop."""

    def __init__(
        self,
        house: House,
        make_wake: MakeWake,
        server_name: str,
        *,
        max_sockets: int = MAX_SOCKETS,
        max_per_login: int = MAX_PER_LOGIN,
    ) -> None:
        """`make_wake` makes an engine for one browser; it raises EngineError."""
        self._house = house
        self._make_wake = make_wake
        self._detectors = Detectors(house.parts.make_vad)
        self._server_name = server_name
        self._max_sockets = max_sockets
        self._max_per_login = max_per_login
        self._sockets: Counter[str] = Counter()  # by the id of who has them
        self._told: dict[str, tuple[Line, Telling]] = {}  # by satellite

    def routes(self) -> Sequence[Route]:
        return [Route("GET", "/voice", self._answer, "speak")]

    async def tell_stages(self) -> None:
        """Of each turn to the browser that it is of, for ever; whoever is still there in the end is let go."""
        try:
            with self._house.parts.trace.watch() as traced:
                while True:
                    event = await traced.get()
                    if (listener := self._told.get(event.satellite)) is not None:
                        line, telling = listener
                        if (told := telling.event_of(event)) is not None:
                            line.tell(told)
        finally:
            for line, _ in self._told.values():
                line.cut()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        who = who_asks(request)
        with self._seat(who):
            socket = web.WebSocketResponse(
                heartbeat=HEARTBEAT_S, timeout=CLOSE_WITHIN_S, max_msg_size=MAX_AUDIO_BYTES, compress=False
            )
            await socket.prepare(request)
            if (transport := request.transport) is None:
                return socket
            line = Line(socket, transport)
            async with alongside(line.write()):
                code, reason = await self._talk(line, who)
            await line.close(code, reason)
        return socket

    @contextmanager
    def _seat(self, who: Who) -> Iterator[None]:
        """Raises Problem when too many are taken."""
        if self._sockets.total() >= self._max_sockets:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too many browsers talk", headers={"Retry-After": "30"})
        if self._sockets[who.id] >= self._max_per_login:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many browsers of one login talk")
        self._sockets[who.id] += 1
        try:
            yield
        finally:
            self._sockets[who.id] -= 1
            if not self._sockets[who.id]:
                del self._sockets[who.id]

    async def _talk(self, line: Line, who: Who) -> tuple[int, str]:
        """Until one of both ends it: the code of closing, and the reason."""
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                hello = await line.receive()
            if not isinstance(hello, Hello):
                raise FrameError("the first event is not a hello")
        except TimeoutError:
            return NO_HELLO, f"no hello within {HELLO_WITHIN_S:g} s"
        except LinkError as problem:
            return _closing(problem)
        satellite = Satellite(satellite_id(who, hello.browser), hello.name, hello.area, "browser")
        return _closing(await self._attend(line, satellite))

    async def _attend(self, line: Line, satellite: Satellite) -> LinkError | None:
        """Why it ended; None: another connection of the same browser took over, or it was sent away."""
        session = BrowserSession(satellite, self._detectors, line.tell, line.send)
        remote = Remote({"announce"})
        self._told[satellite.id] = listener = (line, Telling())
        line.tell(Welcome(satellite.id, self._server_name))
        try:
            async with alongside(self._hear(line, session, remote)):
                await self._house.attend(session, remote)
        finally:
            why = session.lost
            session.lose(PeerGone("the conversation is over"))
            if self._told.get(satellite.id) is listener:
                del self._told[satellite.id]
        return why

    async def _hear(self, line: Line, session: BrowserSession, remote: Remote) -> None:
        try:
            while True:
                match await line.receive():
                    case bytes(pcm):
                        session.take(pcm)
                    case Start() as start:
                        line.rate_hz = start.rate
                        await self._start(line, session, start)
                        _note_microphone(session, remote)
                    case Stop():
                        session.stop()
                        _note_microphone(session, remote)
                    case Hello():
                        raise FrameError("a second hello")
                    case event:
                        session.hear(event)
                await asyncio.sleep(0)  # others run between the pieces of what a network held back
        except LinkError as problem:
            session.lose(problem)
        except EngineError as problem:
            _LOGGER.warning("%s", problem, extra={"satellite": session.satellite.name})
            session.lose(LinkError(str(problem)))

    async def _start(self, line: Line, session: BrowserSession, start: Start) -> None:
        """An engine that is missing costs the microphone, not the browser."""
        try:
            wake = await self._make_wake() if start.mode == "wake" else None
            session.start(start, wake)
        except EngineError as problem:
            session.stop()
            line.tell(Trouble(None, str(problem)))
        else:
            words = () if wake is None else tuple(word.replace("_", " ") for word in wake.words)
            line.tell(Started(start.mode, words))


def satellite_id(who: Who, browser: str) -> str:
    """Stable for one browser of one login: what it says of itself alone would let it take another's place."""
    return "browser-" + hashlib.sha256(f"{who.id} {browser}".encode()).hexdigest()[:16]


def _note_microphone(session: BrowserSession, remote: Remote) -> None:
    remote.able({"announce", "listen"} if session.is_on else {"announce"})


def _closing(problem: LinkError | None) -> tuple[int, str]:
    match problem:
        case None:
            return REPLACED, "another connection of this browser took over"
        case TooMuch():
            return TOO_MUCH, str(problem)
        case FrameError():
            return MALFORMED, str(problem)
        case _:
            return GOING, str(problem)
