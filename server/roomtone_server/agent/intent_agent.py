"""The agent that knows the home's intents: it understands, plans, asks back where it must, acts, answers."""

from collections.abc import AsyncGenerator, Collection, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from roomtone.errors import RoomtoneError, StoreError
from roomtone_server.agent.acting import make
from roomtone_server.agent.base import Acted, Due, Finished, Intent, Prepared, ReplyPart, Request, Said
from roomtone_server.agent.clocks import SYSTEM_CLOCKS, Clocks
from roomtone_server.agent.confirmation import OpenQuestions, guarded_calls
from roomtone_server.agent.context import Context, elsewhere, subject_of
from roomtone_server.agent.deeds import deed_of, together
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.intents.remembering import recalled
from roomtone_server.agent.kept import Kept
from roomtone_server.agent.planning import NOWHERE, CannotDo, Command, Deed, Plan, Reply, Situation
from roomtone_server.agent.pronouns import spelled_out
from roomtone_server.agent.ready import Question, Ready, in_sentences
from roomtone_server.agent.recent import Recent
from roomtone_server.agent.reminders import Reminder
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.agent.several import MAX_PIECES, divided, pieces_of
from roomtone_server.agent.thinking.questions import is_question
from roomtone_server.agent.timers import StartTimer, Timer
from roomtone_server.agent.tongues import Tongues
from roomtone_server.home.base import Guarded, Home, HomeSettings, ServiceCall

# What is said later than this has a word for it: nothing was there to say it in time.
LATE_S: Final = 30

# Why a command cannot be carried out, where somebody could who followed the conversation, or knows more of the world.
_LACK_CONTEXT: Final = frozenset(
    {"no_referent", "no_weather", "nothing_to_repeat", "fact_not_found", "reminder_not_found", "reminder_when"}
)

# Said beside another command, these would mean nothing, or anything.
_ALONE: Final = frozenset(
    {
        "HassNevermind",
        "RoomtoneAgain",
        "RoomtoneForgetConversation",
        "RoomtoneNo",
        "RoomtoneRepeat",
        "RoomtoneUndo",
        "RoomtoneYes",
    }  # fmt: skip
)
# What is to be played has no end of its own: "play jazz and turn off the light".
_ENDLESS: Final = frozenset({"HassMediaSearchAndPlay"})


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
    ) -> None:
        """`confirm` is what asks back first; `executor` is where it warms up, None being the loop's own."""
        self._home = home
        self._kept = kept
        self._confirm = confirm
        self._language = language
        self._tongues = Tongues(language, home, executor)
        self._clocks = clocks
        self._questions: OpenQuestions[Ready] = OpenQuestions(settings.confirm_within_s, clocks.monotonic)
        self._context = Context(settings.context_lasts_s, clocks.monotonic)
        # By conversation, and by satellite.
        self._deeds: Recent[tuple[Request, Deed]] = Recent(settings.context_lasts_s, clocks.monotonic)
        self._replies: Recent[str] = Recent(settings.context_lasts_s, clocks.monotonic)

    async def start(self) -> None:
        """Raises EngineError for a language without templates, StoreError when what is kept cannot be read."""
        await self._kept.load()
        await self._tongues.learn(self._language)

    async def prepare(self, request: Request) -> Prepared:
        await self._tongues.learn(request.language)
        command, ready = self._read(request)
        return Prepared(
            request,
            intent=_intent(command),
            speculative=ready.asks is None,
            payload=ready,
            reply=ready.text,
        )

    def _read(self, request: Request) -> tuple[Command | None, Ready]:
        """A text as one command, or else as several, of which the first is told; and what it comes to."""
        command = self._understand(request)
        if command is None or command.intent in _ENDLESS:
            texts = self._divided(request)
            if len(texts) > 1:
                return self._several(request, texts)
        return command, self.ready(request, command)

    def _divided(self, request: Request) -> Sequence[str]:
        def is_whole(text: str) -> bool:
            return self._is_whole(replace(request, text=text))

        names = self._tongues[request.language].understanding.names_in(request.text)
        return divided(request.text, request.language, names, is_whole)

    def _is_whole(self, request: Request) -> bool:
        """Whether a text is one command, that others may stand beside."""
        command = self._understood(request, self._context.subject(request))
        if command is None or command.intent in _ALONE:
            return False
        return command.intent not in _ENDLESS or len(pieces_of(request.text, request.language)) == 1

    def _several(self, request: Request, texts: Sequence[str]) -> tuple[Command | None, Ready]:
        """What the commands of a sentence come to, each in the light of those before it: all of them, or nothing."""
        read: list[tuple[Command | None, Ready]] = []
        subject = self._context.subject(request)
        for text in texts:
            one = replace(request, text=text)
            command = self._understood(one, subject)
            ready = self.ready(one, command)
            read.append((command, ready))
            if ready.comes_to_nothing:
                return read[0][0], ready
            plan = (ready.asks or ready).plan
            subject = [call.entity for call in plan.calls] if plan and plan.calls else subject
        parts = tuple(ready.asks or ready for _, ready in read)
        all_of_them = Ready(in_sentences(parts), parts=parts)
        questions = [question for _, ready in read for question in ready.questions]
        return read[0][0], self._asked(request, all_of_them, questions)

    def _understand(self, request: Request) -> Command | None:
        command = self._understood(request, self._context.subject(request))
        if command is not None and command.intent == "RoomtoneAgain":
            last = self._context.command(request)
            return command if last is None else elsewhere(last, command) or command
        return command

    def _understood(self, request: Request, subject: Collection[str]) -> Command | None:
        return self._tongues[request.language].understand(request.text, self._home, self._area(request), subject)

    def _phrase(self, request: Request, key: str, **slots: object) -> str:
        return self._tongues[request.language].responses.phrase(key, **slots)

    def ready(self, request: Request, command: Command | None) -> Ready:
        """What a command comes to, whoever found it; None: nothing was understood. Reads, and changes nothing."""
        if command is None:
            return self._recalled(request) or Ready(self._excuse(request), understood=False)
        if command.intent == "RoomtoneYes" and (confirmed := self._questions.find(request)) is not None:
            return replace(confirmed, answers=confirmed)
        try:
            plan = HANDLERS[command.intent](command, self._situation(request))
            text = self._tongues[request.language].responses.reply(command, plan.reply)
        except CannotDo as problem:
            text = self._phrase(request, problem.key, **problem.slots)
            return Ready(text, lacks_context=problem.key in _LACK_CONTEXT)
        for change in plan.timers:
            if isinstance(change, StartTimer) and change.command is not None:
                return self._later(request, plan, change, text)
        return self._asked(request, Ready(text, plan, command), self._questions_about(request, plan.calls))

    def _recalled(self, request: Request) -> Ready | None:
        """What was told once, where somebody asks for it."""
        if not is_question(request.text, request.language):
            return None
        fact = recalled(request.text, self._kept.memory.all(), request.language)
        return None if fact is None else Ready(self._phrase(request, "recalled", fact=fact.text), recalled=True)

    def _excuse(self, request: Request) -> str:
        match self._stranger(request):
            case ("name", name):
                return self._phrase(request, "no_entity", entity=name)
            case ("area", area):
                return self._phrase(request, "no_area", area=area)
            case _:
                return self._phrase(request, "not_understood")

    def _stranger(self, request: Request) -> tuple[str, str] | None:
        """Of several things that were said, in the first that is no command."""
        stranger = self._tongues[request.language].understanding.stranger
        texts = [request.text[piece] for piece in pieces_of(request.text, request.language)]
        for text in texts if 1 < len(texts) <= MAX_PIECES else ():
            if not self._is_whole(replace(request, text=text)):
                return stranger(text, self._area(request))
        return stranger(request.text, self._area(request))

    def _later(self, request: Request, plan: Plan, timer: StartTimer, text: str) -> Ready:
        """A command for later must be one that could be carried out now; what asks back asks now, and what "it" is will
        be forgotten then."""
        assert timer.command is not None
        later = replace(request, text=timer.command)
        command = self._understand(later)
        if command is not None and command.referents:
            if len(command.referents) > 1:
                return Ready(self._phrase(request, "no_referent"))
            later = replace(request, text=spelled_out(timer.command, command.values["name"], request.language))
            timer = replace(timer, command=later.text)
            plan = replace(plan, timers=[timer])
            command = self._understand(later)
        if command is not None and "conversation_command" in command.values:
            return Ready(self._excuse(later), understood=False)  # later still: nobody means that
        first = self._read(later)[1] if command is None else self.ready(later, command)
        if first.asks is not None:
            confirmed = Ready(text, replace(plan, timers=[replace(timer, confirmed=True)]))
            return self._asked(request, confirmed, [("confirm_later", action) for _, action in first.questions])
        return first if first.comes_to_nothing else Ready(text, plan)

    def _asked(self, request: Request, ready: Ready, questions: Sequence[Question]) -> Ready:
        """The same, or what is asked before it: one question, of as many things as need one."""
        if not questions:
            return ready
        actions: dict[str, list[str]] = {}
        for phrase, action in questions:
            actions.setdefault(phrase, []).append(action)
        text = " ".join(self._phrase(request, phrase, actions=each) for phrase, each in actions.items())
        return Ready(text, asks=ready, questions=tuple(questions))

    def _questions_about(self, request: Request, calls: Sequence[ServiceCall]) -> Sequence[Question]:
        entities = {entity.id: entity for entity in self._home.entities()}
        return [
            ("confirm", self._phrase(request, f"confirm_{each.guarded}", name=each.entity.name))
            for each in guarded_calls(calls, entities, self._confirm)
        ]

    def _situation(self, request: Request) -> Situation:
        return Situation(
            areas=self._home.areas(),
            entities=self._home.entities(),
            timers=self._kept.timers.all(),
            reminders=self._kept.reminders.all(),
            facts=self._kept.memory.all(),
            now=self._clocks.local_now(),
            monotonic_s=self._clocks.monotonic(),
            satellite=request.satellite,
            area=self._area(request),
            language=request.language,
            last_deed=self._last_deed(request),
            last_reply=self._replies.find(request.satellite) or "",
        )

    def _area(self, request: Request) -> str | None:
        """The speaker's area as the home spells it; one that the home does not know stays as it is."""
        if request.area is None:
            return None
        said = request.area.casefold()
        for area in self._home.areas():
            if said in {name.casefold() for name in (area.name, *area.aliases)}:
                return area.name
        return request.area

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        ready: Ready = prepared.payload
        question = self._questions.close(prepared.request)
        self._context.note(prepared.request)
        if ready.asks is not None:
            self.ask(prepared.request, ready)
            answer = self._say(ready, prepared.request, expects_answer=True)
        elif ready.answers is not None and ready.answers is not question:
            answer = self._say(Ready(self._phrase(prepared.request, "too_late")), prepared.request)
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
        """Whoever says something to a satellite tells what it was, so that it can be said again."""
        self._replies.note(request.satellite, text)

    def has_asked(self, request: Request) -> bool:
        """Whether a question stands open that this request may answer."""
        return self._questions.find(request) is not None

    def ask(self, request: Request, ready: Ready) -> None:
        """Leaves its question open: what it asks about is done after a "yes"."""
        assert ready.asks is not None
        self._questions.ask(request, ready.asks)

    def leave_to_others(self, request: Request) -> None:
        """Somebody else answers the request: a question that stood open is over, as after any other command."""
        self._questions.close(request)
        self._context.note(request)

    async def carry_out(self, ready: Ready, request: Request) -> AsyncGenerator[ReplyPart, None]:
        """Acts, and says what `commit` would; of what asks back first, ask instead."""
        told: list[Ready] = []
        for step in ready.steps:
            made, problem = await self._do(step, request)
            for call in made:
                yield Acted(call)
            text = step.text if problem is None else self._phrase(request, "failed", problem=problem)
            told.append(replace(step, text=text))
        silently = all(step.plan is not None and step.plan.ends_silently for step in ready.steps)
        answer = replace(ready, text=in_sentences(told))
        async with aclosing(self._say(answer, request, silently=silently)) as parts:
            async for part in parts:
                yield part

    async def _do(self, step: Ready, request: Request) -> tuple[Sequence[ServiceCall], RoomtoneError | None]:
        """Carries one command out: the calls that were made, and what the last failure says."""
        plan = step.plan or Plan(Reply(""))
        before = self._situation(request)
        outcomes = await make(plan.calls, self._home)
        made = [call for call, problem in outcomes if problem is None]
        problems: list[RoomtoneError] = [problem for _, problem in outcomes if problem is not None]
        self._context.note(request, subject_of(plan, made), None if problems else step.command)
        try:
            for change in (*plan.timers, *plan.notes):
                await self._kept.apply(change)
        except StoreError as problem:
            problems.append(problem)
        intent = step.command.intent if step.command else None
        if intent == "RoomtoneForgetConversation":
            self._context.forget(request)
        if intent in {"RoomtoneUndo", "RoomtoneForgetConversation"}:
            self._deeds.forget(request.conversation)
        elif deed := deed_of(plan, made, before, self._situation(request)):
            self._note_deed(request, deed)
        return made, problems[-1] if problems else None

    def _note_deed(self, request: Request, deed: Deed) -> None:
        """All that one request does is taken back together."""
        last_request, last = self._deeds.find(request.conversation) or (None, None)
        if last is not None and last_request is request:
            deed = together(last, deed)
        self._deeds.note(request.conversation, (request, deed))

    def _last_deed(self, request: Request) -> Deed | None:
        found = self._deeds.find(request.conversation)
        return None if found is None else found[1]

    async def due(self) -> AsyncGenerator[Due, None]:
        async with aclosing(self._kept.due()) as dues:
            async for due in dues:
                request = Request("", due.language or self._language, due.satellite)
                await self._tongues.learn(request.language)
                yield self._reminded(due, request) if isinstance(due, Reminder) else await self._rung(due, request)

    def _reminded(self, reminder: Reminder, request: Request) -> Due:
        late_s = self._kept.reminders.late_s(reminder)
        key = "reminder_late" if late_s > LATE_S else "reminder_due"
        text = self._phrase(request, key, what=reminder.text, late_minutes=max(1, round(late_s / 60)))
        return Due(reminder.satellite, text, language=request.language)

    async def _rung(self, timer: Timer, request: Request) -> Due:
        if timer.command is not None:
            return await self._carried_out_later(timer, replace(request, text=timer.command, area=timer.area))
        late_s = round(-self._kept.timers.seconds_left(timer))
        text = self._phrase(
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
        _, ready = self._read(request)
        if ready.asks is not None:
            # The question was asked when the timer was set, unless the home has changed since.
            ready = ready.asks if timer.confirmed else Ready(self._phrase(request, "not_confirmed"))
        async with aclosing(self.carry_out(ready, request)) as parts:
            said = [part.text async for part in parts if isinstance(part, Said)]
        return Due(timer.satellite, "".join(said), "done", request.language)

    async def close(self) -> None:
        """Every change was kept when it was made: there is nothing left to do."""


def _intent(command: Command | None) -> Intent | None:
    if command is None:
        return None
    return Intent(command.intent, {slot: value for slot, value in command.values.items() if value != NOWHERE})
