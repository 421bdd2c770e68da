"""What an agent takes and gives. Preparing reads; only `commit` acts."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from roomtone_server.home.base import ServiceCall


@dataclass(frozen=True, slots=True)
class Request:
    """What was said, by whom, where."""

    text: str
    language: str = "en"
    satellite: str = ""  # its id; empty for a text turn
    area: str | None = None
    conversation: str = ""  # turns with one id may refer to each other
    cut_short: str | None = None  # what was heard of the last reply, when it was interrupted: all that is known of it


@dataclass(frozen=True, slots=True)
class Intent:
    """A home command, as hassil and Home Assistant name it, with plain values in its slots."""

    name: str
    slots: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is ready to be done and said; nothing of it has happened. `payload` is the agent's own."""

    request: Request
    intent: Intent | None  # of several commands, that of the first
    speculative: bool  # whether the reply is known without acting, so that its audio may be made early
    payload: Any = None
    reply: str | None = None  # what `commit` will say, unless the home refuses; None: not known yet
    further: tuple[Intent, ...] = ()  # those of the commands behind the first


@dataclass(frozen=True, slots=True)
class Said:
    """The next piece of the reply's text; pieces join as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Acted:
    """An effect on the home that has happened."""

    call: ServiceCall


@dataclass(frozen=True, slots=True)
class Finished:
    """The last part of every reply."""

    understood: bool
    expects_answer: bool = False  # the reply asks something: listen for a follow-up
    ends_silently: bool = False  # "nevermind": nothing is said


ReplyPart = Said | Acted | Finished


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole text turn."""

    intent: Intent | None
    actions: list[ServiceCall]
    reply: str
    understood: bool
    expects_answer: bool


@dataclass(frozen=True, slots=True)
class Due:
    """Something that the agent wants said without being asked: a timer that rings."""

    satellite: str  # where; empty: everywhere
    text: str
    sound: Literal["timer", "error", "done"] = "timer"
    language: str = "en"  # of the text


class Agent(Protocol):
    async def start(self) -> None:
        """Warms what is slow the first time."""

    async def prepare(self, request: Request) -> Prepared:
        """Understands; may read the home, changes nothing. Never raises for what was said."""

    async def think_ahead(self, prepared: Prepared) -> None:
        """Goes on with what was prepared while it is not certain that it is wanted, as far as that is without effect;
        `commit` takes it up where it is. Cancelled when it is not wanted. Never raises."""

    def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        """Acts and answers, in parts, the last of them `Finished`; an effect that the home refuses is said."""

    def due(self) -> AsyncGenerator[Due, None]:
        """Waits for what is due next, for ever. One consumer."""

    async def close(self) -> None:
        """Idempotent; what is kept is kept."""


async def ask(agent: Agent, request: Request) -> Answered:
    """One text turn from beginning to end, for those who wait for the whole of it."""
    prepared = await agent.prepare(request)
    actions: list[ServiceCall] = []
    reply = ""
    finished = Finished(understood=False)
    async with aclosing(agent.commit(prepared)) as parts:
        async for part in parts:
            match part:
                case Said(text):
                    reply += text
                case Acted(call):
                    actions.append(call)
                case Finished():
                    finished = part
    return Answered(prepared.intent, actions, reply, finished.understood, finished.expects_answer)
