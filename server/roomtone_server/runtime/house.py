"""All satellites of the house: who is connected, and what is to be said where."""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from roomtone.errors import EngineError, SatelliteAway, SatelliteUnable
from roomtone_server.home.base import Home
from roomtone_server.runtime.bell import Bell
from roomtone_server.runtime.contest import Contest
from roomtone_server.runtime.conversation import Conversation
from roomtone_server.runtime.intercom import Intercoms
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.recording import Audible
from roomtone_server.runtime.remote import Remote
from roomtone_server.runtime.session import Satellite, VoiceSession
from roomtone_server.turn.events import AnnouncementDue, Sound

_LOGGER = logging.getLogger(__name__)

# What a satellite missed while it was away; of more than these the oldest are dropped.
MAX_MISSED_ANNOUNCEMENTS: Final = 16

EVERYWHERE: Final = ""  # instead of a satellite's id


@dataclass(frozen=True, slots=True)
class Presence:
    """A satellite that is connected."""

    session: VoiceSession
    conversation: Conversation
    remote: Remote
    since: float  # UNIX time

    @property
    def satellite(self) -> Satellite:
        """As it is called now."""
        return self.session.satellite


class House:
    """Knows the conversations that are going on. One event loop."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.taught = asyncio.Event()  # the recogniser has been told the home's words, once at least
        self.unheard_names: list[str] = []  # of the home: the recogniser cannot hear them
        self._present: dict[str, Presence] = {}
        self._changed = Bell()
        self.intercoms = Intercoms(self._changed.ring)
        self._contest = Contest()
        self._missed: defaultdict[str, deque[AnnouncementDue]] = defaultdict(
            lambda: deque(maxlen=MAX_MISSED_ANNOUNCEMENTS)
        )

    @property
    def satellites(self) -> list[Satellite]:
        """Those that are connected now, by name."""
        return sorted((each.satellite for each in self._present.values()), key=lambda each: each.name)

    async def presences(self) -> AsyncGenerator[Sequence[Satellite], None]:
        """`satellites` now, and whenever they are others."""
        told: Sequence[Satellite] | None = None
        async with aclosing(self.changes()) as changes:
            async for _ in changes:
                if told != (now := self.satellites):
                    told = now
                    yield now

    def changes(self) -> AsyncGenerator[None, None]:
        """At once, and whenever a satellite came, went, or tells something else of itself; of several changes at once
        perhaps only the last."""
        return self._changed.rings()

    def present(self) -> Sequence[Presence]:
        """Those that are connected now, by name."""
        return sorted(self._present.values(), key=lambda each: each.satellite.name)

    def presence(self, satellite_id: str) -> Presence:
        """Raises SatelliteAway."""
        try:
            return self._present[satellite_id]
        except KeyError:
            raise SatelliteAway("this satellite is not connected now") from None

    def name_of(self, satellite_id: str) -> str | None:
        """None while it is away."""
        presence = self._present.get(satellite_id)
        return presence.satellite.name if presence else None

    async def attend(self, session: VoiceSession, remote: Remote | None = None) -> None:
        """Runs the satellite's conversation until it is gone. A second connection of one satellite ends the first,
        which may be the half-open rest of a network that broke."""
        satellite = session.satellite
        if satellite.id in self._present:
            self._present[satellite.id].conversation.leave()
        conversation = Conversation(session, self.parts, self._contest)
        presence = Presence(session, conversation, remote or Remote(), time.time())
        presence.remote.on_change = self._changed.ring
        self._present[satellite.id] = presence
        self._changed.ring()
        self._contest.enter(satellite.id, conversation)
        _LOGGER.info("connected", extra={"satellite": satellite.name})
        try:
            await conversation.run([*self._missed.pop(satellite.id, ()), *self._missed.pop(EVERYWHERE, ())])
        finally:
            if self._present.get(satellite.id) is presence:
                del self._present[satellite.id]
                self._changed.ring()
            self.intercoms.end(conversation)
            self._contest.leave(satellite.id, conversation)
            for due in conversation.unspoken:
                self._deliver(satellite.id, due)
            _LOGGER.info("disconnected", extra={"satellite": satellite.name})

    def rename(self, satellite_id: str, name: str, area: str | None) -> None:
        """What a satellite is called from now on, and where it stands, if it is connected. Raises SatelliteUnable."""
        if satellite_id in self._present:
            self._present[satellite_id].remote.rename(name, area)

    def dismiss(self, satellite_id: str) -> None:
        """Ends a satellite's conversation, if it has one: it was revoked."""
        if satellite_id in self._present:
            self._present[satellite_id].conversation.leave()

    def listen(self, satellite_id: str) -> None:
        """The satellite listens for a while, without a wake word. Raises SatelliteAway, and SatelliteUnable: while it
        is muted, or a turn or an intercom is going on there."""
        conversation = self._listener(satellite_id)
        if self.intercoms.partner(conversation) is not None or not conversation.invite():
            raise SatelliteUnable("somebody speaks with it just now")

    def intercom(self, caller_id: str, called_id: str) -> None:
        """Lets people at two satellites talk to each other, the caller first, until neither says anything any more, one
        of them says a wake word, or it is ended. Raises SatelliteAway, and SatelliteUnable: one of them is muted, hears
        nothing without a wake word of its own, or talks to another room."""
        self.intercoms.connect(self._listener(caller_id), self._listener(called_id))

    def intercom_with(self, satellite_id: str) -> str | None:
        """The id of the satellite to which this one talks. Raises SatelliteAway."""
        partner = self.intercoms.partner(self.presence(satellite_id).conversation)
        return next((each.satellite.id for each in self._present.values() if each.conversation is partner), None)

    def end_intercom(self, satellite_id: str) -> None:
        """Raises SatelliteAway, and SatelliteUnable when it talks to no other."""
        if not self.intercoms.end(self.presence(satellite_id).conversation):
            raise SatelliteUnable("it talks to no other room")

    def _listener(self, satellite_id: str) -> Conversation:
        """Of a satellite that can be made to listen. Raises SatelliteAway and SatelliteUnable."""
        presence = self.presence(satellite_id)
        if not presence.conversation.lasts:
            raise SatelliteAway(f"{presence.satellite.name} is about to go")
        if "listen" not in presence.remote.can:
            detail = "it finds its wake word by itself, or its microphone is off"
            raise SatelliteUnable(f"{presence.satellite.name} cannot be made to listen: {detail}")
        if presence.remote.is_muted:
            raise SatelliteUnable(f"{presence.satellite.name} is muted")
        return presence.conversation

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
            for each, presence in self._present.items()
            if satellite_id in {each, EVERYWHERE} and (conversation := presence.conversation).lasts
        ]
        for conversation in reached:
            conversation.announce(due)
        if not reached and not isinstance(due.text, Audible):
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
