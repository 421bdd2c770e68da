"""One satellite's replies, turn by turn: what the agent says, and announcements, as the turn machine commands them."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Protocol

from roomtone_server.agent.base import Acted, Agent, Finished, Prepared, Said
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.recording import Live, voice_of
from roomtone_server.runtime.session import VoiceSession
from roomtone_server.runtime.speaking import Speaker, speaking
from roomtone_server.telemetry.trace import What
from roomtone_server.turn import events as turn

Spoken = turn.Answer | turn.Announce


class Tracer(Protocol):
    def __call__(self, what: What, *, turn_id: int, **data: object) -> None:
        """Takes down what happened in a turn."""


class Answering:
    """`answer` and `announce` are jobs of a turn; they report to the machine by `post`."""

    def __init__(self, session: VoiceSession, parts: Parts, post: Callable[[turn.Event], None], trace: Tracer) -> None:
        self._session = session
        self._parts = parts
        self._post = post
        self._trace = trace
        self._newest: tuple[int, Speaker] | None = None  # and its turn
        self.cut_short: str | None = None  # what was heard of a reply that was silenced; until the agent has been told

    def speaker_of(self, turn_id: int) -> Speaker | None:
        """Whoever speaks the turn's reply, if it is the newest."""
        return self._newest[1] if self._newest is not None and self._newest[0] == turn_id else None

    def silence(self, turn_id: int) -> None:
        """Nothing more of the turn's reply is sent; history keeps of it what was heard."""
        if speaker := self.speaker_of(turn_id):
            speaker.hold()  # for good: its task may take a step before it is cancelled
            self.cut_short = speaker.heard
            self._trace("interrupted", turn_id=turn_id, text=self.cut_short)

    async def answer(self, command: turn.Answer, prepared: Prepared, agent: Agent) -> None:
        """Acts, and says what the agent has to say. Raises EngineError."""
        turn_id = command.turn
        if prepared.intent is not None:
            self._trace("intent", turn_id=turn_id, name=prepared.intent.name, slots=prepared.intent.slots)
        finished = Finished(understood=False)
        async with self._speaking(command, prepared.request.language, self._parts.gain()) as speaker:
            async with aclosing(agent.commit(prepared)) as parts:
                async for part in parts:
                    match part:
                        case Said(text):
                            await self._say(speaker, turn_id, text, whole=text == prepared.reply)
                        case Acted(call):
                            action = {"entity": call.entity, "service": call.service, "data": dict(call.data)}
                            self._trace("action", turn_id=turn_id, **action)
                        case Finished():
                            finished = part
            await self._complete(speaker, command, finished)

    async def announce(self, command: turn.Announce) -> None:
        """Chimes, but not for what somebody says just now; then says it. Raises EngineError."""
        if not isinstance(command.text, Live):
            self._session.chime(command.sound)
        gain = 1.0 if command.sound == "timer" else self._parts.gain()  # what rings is never lowered
        async with self._speaking(command, command.language or self._parts.language, gain) as speaker:
            await self._say(speaker, command.turn, command.text)
            await self._complete(speaker, command, Finished(understood=True, expects_answer=command.expects_answer))

    @asynccontextmanager
    async def _speaking(self, command: Spoken, language: str, gain: float) -> AsyncIterator[Speaker]:
        def on_first_audio() -> None:
            self._trace("first-audio", turn_id=command.turn, rate_hz=voice.rate_hz)
            self._post(turn.ReplyStarted(command.turn, command.revision))

        moment = self._parts.one_moment_in(language) if isinstance(command, turn.Answer) else ""
        voice = voice_of(command.text, self._parts.tts)
        async with speaking(self._session, voice, command.turn, language, on_first_audio, moment, gain) as speaker:
            self._newest, self.cut_short = (command.turn, speaker), None
            yield speaker

    async def _say(self, speaker: Speaker, turn_id: int, text: str, *, whole: bool = False) -> None:
        self._trace("reply", turn_id=turn_id, text=str(text))  # of a recording, the text alone
        self._session.show_reply(turn_id, text)
        await speaker.say(text, whole=whole)

    async def _complete(self, speaker: Speaker, command: Spoken, finished: Finished) -> None:
        remaining_s = await speaker.finish()
        self._trace("last-audio", turn_id=command.turn)
        outcome = remaining_s, finished.understood, finished.expects_answer
        self._post(turn.ReplyFinished(command.turn, command.revision, *outcome))
