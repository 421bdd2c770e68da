"""What chains of all kinds share: who is asked next, for how long, and what comes of it.

    for attempt in chain.attempts():        # raises EngineError when nobody is left
        with attempt:                       # an EngineError within: the next one's turn
            return await attempt.engine.answer()

Engines are asked in their order. One that fails, or gives nothing within its patience, rests, and is left out until it
has rested; then one turn tries it. A language that an engine lacks is no failure of it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.breaker import Ticket
from roomtone_server.engines.chains.member import E, EngineStatus, Member

P = TypeVar("P")


class Attempt(Generic[E]):
    """One engine, asked once. What it is asked ends in `failed` or `ended`; as a context manager it tells these
    itself, and keeps an EngineError from its block, unless that `stands`."""

    def __init__(self, kind: str, member: Member[E], ticket: Ticket, patience_s: float | None) -> None:
        """Without a patience it is waited for as long as its own settings say."""
        assert member.engine is not None
        self.engine: Final = member.engine
        self.problem: EngineError | None = None
        self.stands = False  # what goes wrong from now on is not for the next engine to mend
        self._kind = kind
        self._member = member
        self._ticket = ticket
        self._patience_s = patience_s
        self._gave = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, problem: BaseException | None, _where: TracebackType | None
    ) -> bool:
        if not isinstance(problem, EngineError):
            self.ended()
            return False
        self.failed(problem)
        return not self.stands

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Around the wait for a result. Raises EngineError when it takes too long."""
        try:
            async with asyncio.timeout(self._patience_s):
                yield
        except TimeoutError as problem:
            raise EngineError(
                f"it gave nothing within {self._patience_s:g} s; patience_s.{self._kind} is how long it may take"
            ) from problem

    async def stream(self, pieces: AsyncGenerator[P, None]) -> AsyncGenerator[P, None]:
        """The pieces as they come, the first within the patience. Raises EngineError."""
        async with aclosing(pieces):
            async with self.patience():
                first = await anext(pieces, None)
            if first is None:
                return
            self.gave()
            yield first
            async for piece in pieces:
                yield piece

    def gave(self) -> None:
        """It gave a result, or a part of one: it is no failure of it when no more is wanted."""
        self._gave = True

    def failed(self, problem: EngineError) -> None:
        self.problem = problem
        if isinstance(problem, LanguageMissing):
            self._member.abandoned(self._ticket)
        else:
            self._member.failed(self._ticket, problem)

    def ended(self) -> None:
        """All that was wanted of it is over; where it gave nothing, nothing was learned of it."""
        if self._gave:
            self._member.succeeded(self._ticket)
        else:
            self._member.abandoned(self._ticket)


class Chain(Generic[E]):
    """Engines of one kind, from the first to be asked to the last."""

    def __init__(
        self,
        kind: str,
        makers: Mapping[str, Callable[[], E]],
        patience_s: float,
        begin: Callable[[E], Awaitable[None]],
    ) -> None:
        """`makers` are at least two, by name, in their order; `begin` starts an engine that was made."""
        self._kind = kind
        self._patience_s = patience_s
        self.members: Final = [Member(f"{kind} engine {name}", name, make, begin) for name, make in makers.items()]

    @property
    def engines(self) -> list[E]:
        """Those that have started, in their order."""
        return [member.engine for member in self.members if member.engine is not None]

    @property
    def changes(self) -> int:
        """How often one of them was found to fail, or to work again: while this stays, the same ones answer."""
        return sum(member.changes for member in self.members)

    def status(self) -> list[EngineStatus]:
        return [member.status() for member in self.members]

    async def start(self) -> None:
        """Starts all, side by side. Raises EngineError when none can; the others are left to `tend`."""
        async with asyncio.TaskGroup() as tasks:
            for member in self.members:
                tasks.create_task(member.start(), name=f"{self._kind} {member.name}: start")
        if not self.engines:
            told = "; ".join(f"{member.name}: {member.why}" for member in self.members)
            raise EngineError(f"no {self._kind} engine can start: {told}")

    async def tend(self) -> None:
        """Starts those that could not start, each when it has rested, until all have."""
        async with asyncio.TaskGroup() as tasks:
            for member in self.members:
                tasks.create_task(member.keep_starting(), name=f"{self._kind} {member.name}: start again")

    async def close(self) -> None:
        for member in self.members:
            await member.close()

    def attempts(self) -> Iterator[Attempt[E]]:
        """Each engine that may be asked now, in order: the next is for whom the one before failed. When all rest, all
        are asked: there is nothing to lose. Who has nobody behind it gets all the time that it wants. Raises
        EngineError when none is left; LanguageMissing when that is all they lack."""
        started = [member for member in self.members if member.engine is not None]
        awake = [member for member in started if not member.is_resting]
        problems: dict[str, EngineError] = {}
        asked = awake or started
        for member in asked:
            is_last = member is asked[-1]
            ticket = member.admit(insists=is_last or not awake)
            if ticket is None:
                continue
            attempt = Attempt(self._kind, member, ticket, None if is_last else self._patience_s)
            yield attempt
            if attempt.problem is not None:
                problems[member.name] = attempt.problem
        raise self._nobody(problems)

    async def ask(self, question: Callable[[E], Awaitable[P]]) -> P:
        """The first answer that comes. Raises EngineError."""
        for attempt in self.attempts():
            with attempt:
                async with attempt.patience():
                    answer = await question(attempt.engine)
                attempt.gave()
                return answer
        raise AssertionError("the attempts end with an answer or an error")

    def _nobody(self, problems: Mapping[str, EngineError]) -> EngineError:
        told = []
        for member in self.members:
            if member.name in problems:
                told.append(f"{member.name}: {problems[member.name]}")
            else:
                told.append(f"{member.name} rests: {member.why}" if member.why else f"{member.name} has not started")
        only_languages = all(isinstance(problem, LanguageMissing) for problem in problems.values())
        error = LanguageMissing if problems and only_languages else EngineError
        return error(f"no {self._kind} engine answers: {'; '.join(told)}")
