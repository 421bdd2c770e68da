"""The agent that knows the home's intents: it understands, plans, asks back where it must, acts, answers."""

from collections.abc import AsyncGenerator, Collection, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Final

from roomtone.errors import RoomtoneError, StoreError
from roomtone_server.agent.acting import make
from roomtone_server.agent.base import Acted, Due, Finished, Intent, Prepared, ReplyPart, Request, Said
from roomtone_server.agent.clocks import SYSTEM_CLOCKS, Clocks
from roomtone_server.agent.context import subject_of
from roomtone_server.agent.deeds import deed_of
from roomtone_server.agent.kept import Kept
from roomtone_server.agent.planning import NOWHERE, Command, Plan, Reply, Situation
from roomtone_server.agent.reading import Reader
from roomtone_server.agent.ready import Ready, in_sentences
from roomtone_server.agent.recollection import Recollection
from roomtone_server.agent.reminders import Reminder
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.agent.timers import Timer
from roomtone_server.agent.tongues import Tongues
from roomtone_server.home.base import Guarded, Home, HomeSettings, Order, ServiceCall

# What is said later than this has a word for it: nothing was there to say it in time.
LATE_S: Final = 30


class IntentAgent:
    """A `base.Agent` without a language model. The home is started before it and closed after it."""

    def __init__(
        self,
        home: Home,
        kept: Kept,
        settings: AgentSettings,
        *,
        confirm: Collection[Guarded] = HomeSettings().confirm,
        language: str = "en",
        clocks: Clocks = SYSTEM_CLOCKS,
        executor: Executor | None = None,
        cache: Path | None = None,
    ) -> None:
        """`confirm` is what asks back first; `executor` is where it warms up, None being the loop's own; `cache` is a
        private folder for what makes the next start sooner."""
        self._home = home
        self._kept = kept
        self._language = language
        self._tongues = Tongues(language, home, executor, cache)
        self._recollection = Recollection(settings, clocks.monotonic)
        self._reader = Reader(home, kept, self._recollection, self._tongues, confirm, clocks)

    async def start(self) -> None:
        """Raises EngineError for a language without templates, StoreError when what is kept cannot be read."""
        await self._kept.load()
        await self._tongues.learn(self._language)

    async def prepare(self, request: Request) -> Prepared:
        await self._tongues.learn(request.language)
        command, ready = self._reader.read(request)
        return Prepared(
            request,
            intent=_intent(command),
            further=tuple(intent for part in ready.parts[1:] if (intent := _intent(part.command))),
            speculative=ready.asks is None,
            payload=ready,
            reply=ready.text,
        )

    def ready(self, request: Request, command: Command | None) -> Ready:
        """What a command comes to, whoever found it; None: nothing was understood. Reads, and changes nothing."""
        return self._reader.ready(request, command)

    async def think_ahead(self, prepared: Prepared) -> None:
        """There is nothing left to think about."""

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        ready: Ready = prepared.payload
        question = self._recollection.questions.close(prepared.request)
        self._recollection.context.note(prepared.request)
        if ready.asks is not None:
            self.ask(prepared.request, ready)
            answer = self._say(ready, prepared.request, expects_answer=True)
        elif ready.answers is not None and ready.answers is not question:
            answer = self._say(Ready(self._reader.phrase(prepared.request, "too_late")), prepared.request)
        else:
            answer = self.carry_out(ready, prepared.request)
        async with aclosing(answer) as parts:
            async for part in parts:
                yield part

    async def _say(
        self, ready: Ready, request: Request, *, silently: bool = False, expects_answer: bool = False
    ) -> AsyncGenerator[ReplyPart, None]:
        if ready.text and not silently:
            self.note_reply(request, ready.text)
            yield Said(ready.text)
        yield Finished(ready.understood, expects_answer, ends_silently=silently or not ready.text)

    def note_reply(self, request: Request, text: str) -> None:
        """Whoever answers tells with what, so that it can be said again."""
        self._recollection.note_reply(request, text)

    def has_asked(self, request: Request) -> bool:
        """Whether a question stands open that this request may answer."""
        return self._recollection.questions.find(request) is not None

    def ask(self, request: Request, ready: Ready) -> None:
        """Leaves its question open: what it asks about is done after a "yes"."""
        assert ready.asks is not None
        self._recollection.questions.ask(request, ready.asks)

    def question(self, request: Request, calls: Sequence[ServiceCall]) -> str:
        """What is asked before such calls are made, by whomever; empty where nothing is."""
        return self._reader.question(request, calls)

    def why_not(self, request: Request, problem: RoomtoneError) -> str:
        """What is said of something that was tried, and failed."""
        return self._reader.why_not(request, problem)

    def leave_to_others(self, request: Request) -> None:
        """Somebody else answers the request: a question that stood open is over, as after any other command."""
        self._recollection.questions.close(request)
        self._recollection.context.note(request)

    async def carry_out(self, ready: Ready, request: Request) -> AsyncGenerator[ReplyPart, None]:
        """Acts, and says what `commit` would; of what asks back first, ask instead."""
        told: list[Ready] = []
        for step in ready.steps:
            made, problem = await self._do(step, request)
            for call in made:
                yield Acted(call)
            text = step.text if problem is None else self._reader.why_not(request, problem)
            told.append(replace(step, text=text))
        silently = all(step.plan is not None and step.plan.ends_silently for step in ready.steps)
        answer = replace(ready, text=in_sentences(told))
        async with aclosing(self._say(answer, request, silently=silently)) as parts:
            async for part in parts:
                yield part

    async def _do(self, step: Ready, request: Request) -> tuple[Sequence[ServiceCall], RoomtoneError | None]:
        """Carries one command out: the calls that were made, and what the last failure says."""
        plan = step.plan or Plan(Reply(""))
        before = self._reader.situation(request)
        outcomes = await make(plan.calls, self._home, _order(step.command, before))
        made = [call for call, problem in outcomes if problem is None]
        problems: list[RoomtoneError] = [problem for _, problem in outcomes if problem is not None]
        self._recollection.context.note(request, subject_of(plan, made), None if problems else step.command)
        try:
            for change in (*plan.timers, *plan.notes):
                await self._kept.apply(change)
        except StoreError as problem:
            problems.append(problem)
        intent = step.command.intent if step.command else None
        if intent == "RoomtoneForgetConversation":
            self._recollection.context.forget(request)
        if intent in {"RoomtoneUndo", "RoomtoneForgetConversation"}:
            self._recollection.forget_deed(request)
        elif deed := deed_of(plan, made, before, self._reader.situation(request)):
            self._recollection.note_deed(request, deed)
        return made, problems[-1] if problems else None

    async def due(self) -> AsyncGenerator[Due, None]:
        async with aclosing(self._kept.due()) as dues:
            async for due in dues:
                request = Request("", due.language or self._language, due.satellite)
                await self._tongues.learn(request.language)
                said = self._reminded(due, request) if isinstance(due, Reminder) else await self._rung(due, request)
                self.note_reply(request, said.text)
                yield said

    def _reminded(self, reminder: Reminder, request: Request) -> Due:
        late_s = self._kept.reminders.late_s(reminder)
        key = "reminder_late" if late_s > LATE_S else "reminder_due"
        text = self._reader.phrase(request, key, what=reminder.text, late_minutes=max(1, round(late_s / 60)))
        return Due(reminder.satellite, text, language=request.language)

    async def _rung(self, timer: Timer, request: Request) -> Due:
        if timer.command is not None:
            return await self._carried_out_later(timer, replace(request, text=timer.command, area=timer.area))
        late_s = round(-self._kept.timers.seconds_left(timer))
        text = self._reader.phrase(
            request,
            "timer_late" if late_s > LATE_S else "timer_done",
            name=timer.name,
            hours=timer.set_s // 3600,
            minutes=timer.set_s // 60 % 60,
            seconds=timer.set_s % 60,
            late_minutes=max(1, round(late_s / 60)),
        )
        return Due(timer.satellite, text, language=request.language)

    async def _carried_out_later(self, timer: Timer, request: Request) -> Due:
        _, ready = self._reader.read(request)
        if ready.asks is not None:
            # The question was asked when the timer was set, unless the home has changed since.
            ready = ready.asks if timer.confirmed else Ready(self._reader.phrase(request, "not_confirmed"))
        async with aclosing(self.carry_out(ready, request)) as parts:
            said = [part.text async for part in parts if isinstance(part, Said)]
        return Due(timer.satellite, "".join(said), "done", request.language)

    async def close(self) -> None:
        """Every change was kept when it was made: there is nothing left to do."""


def _intent(command: Command | None) -> Intent | None:
    if command is None:
        return None
    return Intent(command.intent, {slot: value for slot, value in command.values.items() if value != NOWHERE})


def _order(command: Command | None, situation: Situation) -> Order | None:
    intent = _intent(command)
    return None if intent is None else Order(intent.name, intent.slots, situation.area, situation.language)
