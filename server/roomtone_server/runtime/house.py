"""All satellites of the house: who is connected, and what is to be said where."""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from roomtone.errors import EngineError
from roomtone_server.home.base import Home
from roomtone_server.runtime.contest import Contest
from roomtone_server.runtime.conversation import Conversation
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.recording import Recording
from roomtone_server.runtime.session import Satellite, VoiceSession
from roomtone_server.turn.events import AnnouncementDue, Sound

_LOGGER = logging.getLogger(__name__)

# What a satellite missed while it was away; of more than these the oldest are dropped.
MAX_MISSED_ANNOUNCEMENTS: Final = 16

EVERYWHERE: Final = ""  # instead of a satellite's id


class House:
    """Knows the conversations that are going on. One event loop."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.taught = asyncio.Event()  # the recogniser has been told the home's words, once at least
        self.unheard_names: list[str] = []  # of the home: the recogniser cannot hear them
        self._present: dict[str, tuple[Satellite, Conversation]] = {}
        self._came_or_went = asyncio.Event()
        self._contest = Contest()
        self._missed: defaultdict[str, deque[AnnouncementDue]] = defaultdict(
            lambda: deque(maxlen=MAX_MISSED_ANNOUNCEMENTS)
        )

    @property
    def satellites(self) -> list[Satellite]:
        """Those that are connected now, by name."""
        return sorted((satellite for satellite, _ in self._present.values()), key=lambda each: each.name)

    async def presences(self) -> AsyncGenerator[Sequence[Satellite], None]:
        """`satellites` now, and whenever they are others. One consumer."""
        while True:
            self._came_or_went.clear()
            yield self.satellites
            await self._came_or_went.wait()

    async def attend(self, session: VoiceSession) -> None:
        """Runs the satellite's conversation until it is gone. A second connection of one satellite ends the first,
        which may be the half-open rest of a network that broke."""
        satellite = session.satellite
        if satellite.id in self._present:
            self._present[satellite.id][1].leave()
        conversation = Conversation(session, self.parts, self._contest)
        self._present[satellite.id] = (satellite, conversation)
        self._came_or_went.set()
        self._contest.enter(satellite.id, conversation)
        _LOGGER.info("connected", extra={"satellite": satellite.name})
        try:
            await conversation.run([*self._missed.pop(satellite.id, ()), *self._missed.pop(EVERYWHERE, ())])
        finally:
            if self._present.get(satellite.id, (None, None))[1] is conversation:
                del self._present[satellite.id]
                self._came_or_went.set()
            self._contest.leave(satellite.id, conversation)
            for due in conversation.unspoken:
                self._deliver(satellite.id, due)
            _LOGGER.info("disconnected", extra={"satellite": satellite.name})

    def dismiss(self, satellite_id: str) -> None:
        """Ends a satellite's conversation, if it has one: it was revoked."""
        if satellite_id in self._present:
            self._present[satellite_id][1].leave()

    def announce(
        self, satellite_id: str, text: str, sound: Sound, *, expects_answer: bool = False, language: str = ""
    ) -> None:
        """Says it at one satellite, or everywhere when the id is empty. One that is away hears it when it is back; what
        is meant for everywhere, when nobody is there, is for the first that comes; but a recording is for now. When an
        answer is expected, each that says it listens for one afterwards, without a wake word."""
        self._deliver(satellite_id, AnnouncementDue(text, sound, expects_answer, language))

    def _deliver(self, satellite_id: str, due: AnnouncementDue) -> None:
        reached = [
            conversation
            for each, (_, conversation) in self._present.items()
            if satellite_id in {each, EVERYWHERE} and conversation.lasts
        ]
        for conversation in reached:
            conversation.announce(due)
        if not reached and not isinstance(due.text, Recording):
            self._missed[satellite_id].append(due)

    async def deliver_dues(self) -> None:
        """Announces what the agent has due, for ever."""
        async with aclosing(self.parts.agent.due()) as dues:
            async for due in dues:
                self.announce(due.satellite, due.text, due.sound, language=due.language)

    async def follow(self, home: Home) -> None:
        """Teaches the recogniser the home's words, now and whenever they change, for ever."""
        async with aclosing(home.changes()) as changes:
            async for vocabulary in changes:
                try:
                    self.unheard_names = await self.parts.stt.learn(vocabulary)
                    await self.parts.hints.learn(vocabulary)
                    self.parts.faults.pop("vocabulary", None)
                except EngineError as problem:
                    self.parts.faults["vocabulary"] = str(problem)
                    _LOGGER.warning("the recogniser keeps the words it had: %s", problem)
                self.taught.set()
