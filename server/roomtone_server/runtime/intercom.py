"""Two rooms talk to each other: what is said in one sounds in the other, 0.2 s later, and then the other way round.

Two open microphones, each beside a speaker, howl. So one room listens at a time, as when it is invited to answer; when
it falls silent, the other one is. Nothing is understood and nothing kept: no recogniser hears it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from itertools import cycle
from typing import Final

from roomtone.ears.formats import FRAME_MS
from roomtone.errors import SatelliteUnable
from roomtone_server.engines.base import Hearing, HearingRequest, Partial, Transcript
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.runtime.conversation import Conversation
from roomtone_server.runtime.recording import Live
from roomtone_server.turn import events as turn

_LOGGER = logging.getLogger(__name__)

MAX_INTERCOMS: Final = 4  # guards the event loop: each is as much work as a turn that never ends
# Guards who lives there: a room in which a television talks is not to be listened to for ever.
LASTS_S: Final = 600.0
# A voice is taken for one after 60 ms; what came before it may be a soft consonant. Nobody is further behind than this.
ONSET_FRAMES: Final = 160 // FRAME_MS

_GOOD_ENDS: Final = {"answered", "nothing-said"}


class Intercoms:
    """Those that are going on, as long as `keep` runs. One event loop."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """`on_change` is called when one begins, and when one has ended."""
        self._on_change = on_change
        self._going_on: dict[Conversation, tuple[Conversation, asyncio.Task[None]]] = {}  # by each of the two
        self._tasks: asyncio.TaskGroup | None = None

    async def keep(self) -> None:
        """For ever; when it is cancelled, all end."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None

    def partner(self, conversation: Conversation) -> Conversation | None:
        """Whom it is connected with."""
        return self._going_on[conversation][0] if conversation in self._going_on else None

    def connect(self, caller: Conversation, called: Conversation) -> None:
        """Lets the two talk, the caller first. Raises SatelliteUnable."""
        if caller is called:
            raise SatelliteUnable("a room cannot talk to itself: name another one")
        if caller in self._going_on or called in self._going_on:
            raise SatelliteUnable("one of the two talks to another room already: end that first")
        if self._tasks is None or len(self._going_on) >= 2 * MAX_INTERCOMS:
            raise SatelliteUnable(f"no more than {MAX_INTERCOMS} pairs of rooms can talk at a time")
        task = self._tasks.create_task(self._talk(caller, called), name="intercom")
        self._going_on |= {caller: (called, task), called: (caller, task)}
        task.add_done_callback(lambda _: self._forget(caller, called))
        self._on_change()

    def end(self, conversation: Conversation) -> bool:
        """Whether there was one to be ended."""
        if conversation not in self._going_on:
            return False
        self._going_on[conversation][1].cancel()
        return True

    async def _talk(self, caller: Conversation, called: Conversation) -> None:
        try:
            await _talk(caller, called, hang_up=lambda: self.end(caller))
        except Exception:  # it must not take the others along
            _LOGGER.exception("an intercom ended by a fault of this program; please report it")

    def _forget(self, *both: Conversation) -> None:
        for each in both:
            del self._going_on[each]
        self._on_change()


async def _talk(caller: Conversation, called: Conversation, hang_up: Callable[[], object]) -> None:
    """Until nobody has anything to say, in either room."""
    rooms = first, second = _Room(caller, hang_up), _Room(called, hang_up)
    first.other, second.other = second, first
    silent = 0
    try:
        for room in rooms:
            room.open()
        called.chime("done")  # the caller's satellite chimes as it is invited
        async with asyncio.timeout(LASTS_S):
            for room in cycle(rooms):
                silent = 0 if await room.speak() else silent + 1
                if silent == len(rooms):
                    return
    except TimeoutError:
        _LOGGER.info("an intercom was ended after %g s", LASTS_S)
    finally:
        for room in rooms:
            room.close()


class _Room:
    """One end: a `guest.Guest` of its satellite."""

    other: "_Room"

    def __init__(self, conversation: Conversation, hang_up: Callable[[], object]) -> None:
        self.stt = _Relay()
        self._conversation = conversation
        self._hang_up = hang_up
        self._turns: dict[int, asyncio.Future[None]] = {}  # of the intercom's, until they have ended
        self._invited = _future()
        self.played = _future()
        self._rested = asyncio.Event()

    def open(self) -> None:
        self._conversation.lend(self)

    def close(self) -> None:
        self._conversation.lend(None)
        self.stt.cut()
        for turn_id in self._turns:
            self._conversation.cancel(turn_id)
        self._conversation.chime("done")

    async def speak(self) -> bool:
        """Listens here, once nothing else is going on, while the other room hears it; whether anything was said."""
        while not self._conversation.invite():
            self._rested.clear()
            await self._rested.wait()
        await self._invited
        has_spoken = self.stt.end()
        if has_spoken:
            await self.other.played
        return has_spoken

    def speech_began(self) -> None:
        if (live := self.stt.begin()) is not None:
            self.other.play(live)

    def play(self, live: Live) -> None:
        self.played = _future()
        self._conversation.announce(turn.AnnouncementDue(live, "done"))

    def commanded(self, command: turn.Command) -> None:
        match command:
            case turn.Invite(turn_id):
                self._invited = self._turns[turn_id] = _future()
            case turn.Announce(turn_id, text=Live()):
                self._turns[turn_id] = self.played
            case turn.StartHearing(turn_id) if turn_id % 2:
                self._hang_up()  # by a wake word or a button, somebody wants the agent
            case turn.EndTurn(turn_id, outcome):
                self._ended(turn_id, outcome)
            case _:
                pass

    def _ended(self, turn_id: int, outcome: turn.Outcome) -> None:
        self._rested.set()
        ours = self._turns.pop(turn_id, None)
        if outcome not in _GOOD_ENDS:
            self._hang_up()
        elif ours is not None and not ours.done():
            ours.set_result(None)


class _Relay:
    """A `SpeechToText` that writes nothing down: it passes on what it hears, from where speech begins."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._onset: deque[bytes] = deque(maxlen=ONSET_FRAMES)

    def begin(self) -> Live | None:
        """Where it is passed on, from now on; None: it is already."""
        if self._live is not None:
            return None
        self._live = Live()
        while self._onset:
            self._live.put(self._onset.popleft())
        return self._live

    def end(self) -> bool:
        """Passes nothing on any more; whether it did."""
        live, self._live = self._live, None
        if live is not None:
            live.put(None)
        return live is not None

    def cut(self) -> None:
        """As `end`; and what was not sent yet never is."""
        if self._live is not None:
            self._live.cut()
            self._live = None

    def feed(self, frame: bytes) -> None:
        if self._live is None:
            self._onset.append(frame)
        else:
            self._live.put(frame)

    async def start(self) -> None:
        """There is nothing to load."""

    async def learn(self, vocabulary: Vocabulary) -> list[str]:  # noqa: ARG002 - it knows no words
        return []

    async def hear(self, request: HearingRequest) -> Hearing:  # noqa: ARG002 - whatever is said
        self._onset.clear()
        return _Relayed(self.feed)

    async def close(self) -> None:
        """There is nothing to free."""


class _Relayed:
    """A `Hearing`: somebody spoke, and nobody knows what."""

    def __init__(self, pass_on: Callable[[bytes], None]) -> None:
        self._pass_on = pass_on
        self._over = asyncio.Event()

    async def feed(self, pcm: bytes) -> None:
        self._pass_on(pcm)

    async def partials(self) -> AsyncGenerator[Partial, None]:
        await self._over.wait()
        return
        yield

    async def preview(self) -> Transcript:
        return Transcript("")

    async def finish(self) -> Transcript:
        self._over.set()
        return Transcript("")

    async def close(self) -> None:
        self._over.set()


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()
