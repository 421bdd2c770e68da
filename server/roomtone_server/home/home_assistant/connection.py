"""One websocket to a Home Assistant: authentication, requests by id, subscriptions. It knows no home.

What comes over it is bounded in size, and its shape is looked at before it is used; a peer that sends what no Home
Assistant does is left. Neither tokens nor contents stand in errors and logs.
"""

import asyncio
import itertools
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json, to_json

from roomtone.errors import HomeError, HomeGone
from roomtone_server.home.home_assistant.settings import Place

if TYPE_CHECKING:
    import aiohttp

# Guards memory, and the event loop, which reads a megabyte of JSON in some 10 ms; two thousand devices are one.
MAX_MESSAGE_BYTES: Final = 8 * 2**20
# Guards memory, against one who never answers: more are not asked at once.
MAX_WAITING: Final = 256
MAX_REASON_CHARACTERS: Final = 200  # of what it says when it refuses; it may be spoken
# One that is silent for longer is asked whether it is there, and is gone when it does not say so in half the time.
HEARTBEAT_S: Final = 20.0
FAREWELL_S: Final = 1.0  # so long it may take to say goodbye

Message = Mapping[str, Any]
Take = Callable[[Message], None]


class TokenRefused(HomeGone):
    """To try again with the same token helps nobody, and may lock this machine out."""


class Refused(HomeError):
    """It answers, and says no; `code` is its own word for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Connection:
    """Authenticated; use `connected`. Whatever is asked fails with HomeGone once it has ended."""

    def __init__(self, place: Place, socket: "aiohttp.ClientWebSocketResponse") -> None:
        self._place = place
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._subscribers: dict[int, Take] = {}
        self.has_ended = False

    async def ask(self, kind: str, **arguments: Any) -> Any:  # noqa: ANN401 - as JSON has it
        """The result of a request; wait for it as long as you like. Raises Refused, HomeGone."""
        return await self._ask(next(self._ids), kind, arguments)

    async def subscribe(self, take: Take, kind: str, **arguments: Any) -> int:  # noqa: ANN401 - as above
        """From now on `take` gets each event, without delay, until this ends or `unsubscribe`. Raises as `ask`."""
        number = next(self._ids)
        self._subscribers[number] = take
        try:
            await self._ask(number, kind, arguments)
        except BaseException:
            del self._subscribers[number]
            raise
        return number

    async def unsubscribe(self, number: int) -> None:
        """Raises as `ask`."""
        self._subscribers.pop(number, None)
        await self.ask("unsubscribe_events", subscription=number)

    async def _ask(self, number: int, kind: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        if self.has_ended:
            raise self._gone("was lost")
        if len(self._waiting) >= MAX_WAITING:
            raise HomeError(f"{self._place.name} does not answer {MAX_WAITING} requests before this one")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send({"id": number, "type": kind, **arguments})
            return await answer
        finally:
            self._waiting.pop(number, None)  # a result that comes later is for nobody

    async def send_audio(self, handler: int, pcm: bytes) -> None:
        """For a pipeline that listens, by the number that it gave; nothing ends the audio. Raises HomeGone."""
        try:
            await self._socket.send_bytes(bytes([handler]) + pcm)
        except ConnectionError as problem:
            raise self._gone("was lost") from problem

    async def _send(self, message: Message) -> None:
        try:
            await self._socket.send_str(to_json(message).decode())
        except ConnectionError as problem:
            raise self._gone("was lost") from problem

    async def authenticate(self) -> None:
        """The first thing to be done. Raises TokenRefused, HomeGone."""
        await self._send({"type": "auth", "access_token": self._place.token})
        while (said := await self._receive()).get("type") == "auth_required":
            pass
        if said.get("type") == "auth_invalid":
            raise TokenRefused(refused(self._place))
        if said.get("type") != "auth_ok":
            raise self._strange()

    async def listen(self) -> None:
        """Hands out what comes; returns when there is nothing to come any more. Never raises."""
        problem = self._gone("was lost")
        try:
            while True:
                self._take(await self._receive())
        except HomeGone as end:
            problem = end
        finally:
            self.has_ended = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(problem)

    def _take(self, message: Message) -> None:
        number = message.get("id")
        if not isinstance(number, int):
            raise self._strange()
        match message.get("type"):
            case "result":
                self._answer_to(number, message)
            case "pong":
                self._answer_to(number, {"success": True})
            case "event":
                event = message.get("event")
                if number in self._subscribers and isinstance(event, dict):
                    self._subscribers[number](event)
            case _:
                pass  # of a later version, which says more

    def _answer_to(self, number: int, message: Message) -> None:
        answer = self._waiting.get(number)
        if answer is None or answer.done():
            return
        if message.get("success") is True:
            answer.set_result(message.get("result"))
            return
        error = message.get("error")
        told = error if isinstance(error, dict) else {}
        answer.set_exception(Refused(spoken_reason(told.get("message")), str(told.get("code", ""))[:64]))

    async def _receive(self) -> Message:
        from aiohttp import WSCloseCode, WSMsgType

        received = await self._socket.receive()
        if received.type is not WSMsgType.TEXT:
            if received.type is WSMsgType.ERROR and getattr(received.data, "code", 0) == WSCloseCode.MESSAGE_TOO_BIG:
                raise self._gone(f"sends a message of more than {MAX_MESSAGE_BYTES:,} bytes")
            raise self._gone("has closed the connection")
        try:
            message = from_json(received.data)
        except ValueError as problem:
            raise self._strange() from problem
        if not isinstance(message, dict):
            raise self._strange()
        return message

    def _gone(self, why: str) -> HomeGone:
        return HomeGone(f"{self._place.name} {why}")

    def _strange(self) -> HomeGone:
        return self._gone("sends what no Home Assistant does: is that its address?")


def refused(place: Place) -> str:
    """What to do about a token that is not taken."""
    return (
        f"{place.name} refuses the token: make a new one there, at the end of your profile's Security page, and put it "
        "into the settings"
    )


def spoken_reason(reason: object) -> str:
    """Why something was refused, in its own words: one line, not long."""
    text = reason if isinstance(reason, str) else ""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split()).rstrip(".")
    return line[:MAX_REASON_CHARACTERS] or "it gives no reason"


@asynccontextmanager
async def connected(place: Place, session: "aiohttp.ClientSession", trust: ssl.SSLContext) -> AsyncIterator[Connection]:
    """A connection, authenticated; closed at the end. Raises TokenRefused, HomeGone. Somebody must `listen` to it."""
    import aiohttp

    try:
        socket = await session.ws_connect(
            place.socket_url,
            ssl=trust,
            max_msg_size=MAX_MESSAGE_BYTES,
            heartbeat=HEARTBEAT_S,
            timeout=aiohttp.ClientWSTimeout(ws_close=FAREWELL_S),
        )
    except aiohttp.ClientConnectorCertificateError as problem:
        raise HomeGone(
            f"{place.name} has a certificate that is not trusted: name its authority's in `ca_file`"
        ) from problem
    except aiohttp.WSServerHandshakeError as problem:
        raise HomeGone(f"{place.name} has no websocket ({problem.status}): is that its address?") from problem
    except (aiohttp.ClientError, OSError) as problem:
        raise HomeGone(f"{place.name} cannot be reached ({_cause(problem)}): does it run?") from problem
    async with socket:
        connection = Connection(place, socket)
        await connection.authenticate()
        yield connection


def _cause(problem: BaseException) -> str:
    number = getattr(problem, "errno", None)
    return os.strerror(number) if isinstance(number, int) and number > 0 else type(problem).__name__
