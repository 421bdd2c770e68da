"""From a text to what it comes to: understood, divided where it is several commands, planned, worded. Nothing acts."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from roomtone.errors import HomeGone, RoomtoneError
from roomtone_server.agent.base import Request
from roomtone_server.agent.clocks import Clocks
from roomtone_server.agent.confirmation import guarded_calls
from roomtone_server.agent.context import elsewhere
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.intents.remembering import recalled
from roomtone_server.agent.kept import Kept
from roomtone_server.agent.planning import CannotDo, Command, Plan, Situation
from roomtone_server.agent.pronouns import spelled_out
from roomtone_server.agent.ready import Question, Ready, in_sentences
from roomtone_server.agent.recollection import Recollection
from roomtone_server.agent.several import ALONE, MAX_PIECES, divided, pieces_of
from roomtone_server.agent.thinking.questions import is_question
from roomtone_server.agent.timers import StartTimer
from roomtone_server.agent.tongues import Tongues
from roomtone_server.grammar.words import words
from roomtone_server.home.base import Guarded, Home, ServiceCall
from roomtone_server.languages.language import language_of

# Why a command cannot be carried out, where somebody could who followed the conversation, or knows more of the world.
_LACK_CONTEXT: Final = frozenset(
    {
        "fact_not_found",
        "item_not_found",
        "no_referent",
        "no_weather",
        "nothing_to_repeat",
        "reminder_not_found",
        "reminder_repeated",
        "reminder_when",
    }
)

# Where the home cannot be reached: what it is asked to do cannot be done, and what its states are is not known.
_GONE: Final = "home_gone"

# What is to be played, or put on a list, is said in any words; those of another command too: "play jazz and turn off
# the light". So is what a timer is called: "set the lamp to five and set a timer for ten minutes".
_IN_ANY_WORDS: Final = frozenset({"HassListAddItem", "HassMediaSearchAndPlay", "HassShoppingListAddItem"})
_CALLED_IN_ANY_WORDS: Final = frozenset({"HassStartTimer"})


class Reader:
    """Reads the home, what is kept, and what is remembered of the conversation; changes none of them."""

    def __init__(
        self,
        home: Home,
        kept: Kept,
        recollection: Recollection,
        tongues: Tongues,
        confirm: Collection[Guarded],
        clocks: Clocks,
    ) -> None:
        """The language of each request must be at hand. `confirm` is what asks back first."""
        self._home = home
        self._kept = kept
        self._recollection = recollection
        self._tongues = tongues
        self._confirm = confirm
        self._clocks = clocks

    def read(self, request: Request) -> tuple[Command | None, Ready]:
        """A text as one command, or else as several, of which the first is told; and what it comes to."""
        command = self._understand(request)
        if command is None or _takes_in_others(command):
            texts = self._divided(request)
            if len(texts) > 1:
                return self._several(request, texts)
        return command, self.ready(request, command)

    def _divided(self, request: Request, *, as_one: bool = True) -> Sequence[str]:
        """The commands in a text; with `as_one`, that may be all of it."""

        def is_whole(text: str) -> bool:
            return (as_one or text != request.text.strip()) and self._is_whole(replace(request, text=text))

        names = self._tongues[request.language].understanding.names_in(request.text)
        kinds = language_of(request.language).kinds.intersection(words(request.text, request.language))
        return divided(request.text, request.language, {*names, *kinds}, is_whole)

    def _is_whole(self, request: Request) -> bool:
        """Whether a text is one command, that others may stand beside."""
        command = self._understood(request, self._recollection.context.subject(request))
        if command is None or command.intent in ALONE:
            return False
        several = _takes_in_others(command) and len(pieces_of(request.text, request.language)) > 1
        return not several or not self._divided(request, as_one=False)

    def _several(self, request: Request, texts: Sequence[str]) -> tuple[Command | None, Ready]:
        """What the commands of a sentence come to, each in the light of those before it: all of them, or nothing."""
        read: list[tuple[Command | None, Ready]] = []
        subject = self._recollection.context.subject(request)
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
        command = self._understood(request, self._recollection.context.subject(request))
        if command is not None and command.intent == "RoomtoneAgain":
            last = self._recollection.context.command(request)
            return command if last is None else elsewhere(last, command) or command
        return command

    def _understood(self, request: Request, subject: Collection[str]) -> Command | None:
        return self._tongues[request.language].understand(request.text, self._home, self._area(request), subject)

    def phrase(self, request: Request, key: str, **slots: object) -> str:
        return self._tongues[request.language].responses.phrase(key, **slots)

    def ready(self, request: Request, command: Command | None) -> Ready:
        """What a command comes to, whoever found it; None: nothing was understood. Reads, and changes nothing."""
        if command is None:
            return self._recalled(request) or Ready(self._excuse(request), understood=False)
        if command.intent == "RoomtoneYes" and (confirmed := self._recollection.questions.find(request)) is not None:
            return replace(confirmed, answers=confirmed)
        try:
            plan = HANDLERS[command.intent](command, self.situation(request))
            self._check_reached(plan)
            text = self._tongues[request.language].responses.reply(command, plan.reply)
        except CannotDo as problem:
            is_gone = self._home.fault() and problem.key not in _LACK_CONTEXT
            text = self.phrase(request, _GONE if is_gone else problem.key, **problem.slots)
            return self._recalled(request) or Ready(text, lacks_context=problem.key in _LACK_CONTEXT)
        for change in plan.timers:
            if isinstance(change, StartTimer) and change.command is not None:
                return self._later(request, plan, change, text)
        return self._asked(request, Ready(text, plan, command), self._questions_about(request, plan.calls))

    def _recalled(self, request: Request) -> Ready | None:
        """What was told once, where somebody asks for it."""
        if not is_question(request.text, request.language):
            return None
        fact = recalled(request.text, self._kept.memory.all(), request.language)
        return None if fact is None else Ready(self.phrase(request, "recalled", fact=fact.text), recalled=True)

    def _check_reached(self, plan: Plan) -> None:
        """Raises CannotDo when the home cannot be reached, for what acts there or tells of it."""
        told = plan.reply
        if self._home.fault() and (plan.calls or told.state or told.matched or told.unmatched):
            raise CannotDo(_GONE)

    def question(self, request: Request, calls: Sequence[ServiceCall]) -> str:
        """What is asked before such calls are made; empty where nothing is."""
        return self._asked(request, Ready(""), self._questions_about(request, calls)).text

    def why_not(self, request: Request, problem: RoomtoneError) -> str:
        """What is said of something that was tried, and failed."""
        return self.phrase(request, _GONE if isinstance(problem, HomeGone) else "failed", problem=problem)

    def _excuse(self, request: Request) -> str:
        if self._home.fault() and not self._home.entities():  # its names were never known: this may have held some
            return self.phrase(request, _GONE)
        match self._stranger(request):
            case ("name", name):
                return self.phrase(request, "no_entity", entity=name)
            case ("area", area):
                return self.phrase(request, "no_area", area=area)
            case _:
                return self.phrase(request, "not_understood")

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
                return Ready(self.phrase(request, "no_referent"))
            later = replace(request, text=spelled_out(timer.command, command.values["name"], request.language))
            timer = replace(timer, command=later.text)
            plan = replace(plan, timers=[timer])
            command = self._understand(later)
        if command is not None and "conversation_command" in command.values:
            return Ready(self._excuse(later), understood=False)  # later still: nobody means that
        first = self.read(later)[1] if command is None else self.ready(later, command)
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
        text = " ".join(self.phrase(request, phrase, actions=each) for phrase, each in actions.items())
        return Ready(text, asks=ready, questions=tuple(questions))

    def _questions_about(self, request: Request, calls: Sequence[ServiceCall]) -> Sequence[Question]:
        acted_upon = {call.entity for call in calls}
        entities = {entity.id: entity for entity in self._home.entities() if entity.id in acted_upon} if calls else {}
        return [
            ("confirm", self.phrase(request, f"confirm_{each.guarded}", name=each.entity.name))
            for each in guarded_calls(calls, entities, self._confirm)
        ]

    def situation(self, request: Request) -> Situation:
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
            last_deed=self._recollection.last_deed(request),
            last_reply=self._recollection.last_reply(request),
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


def _takes_in_others(command: Command) -> bool:
    """Whether free words in it may be commands of their own."""
    return command.intent in _IN_ANY_WORDS or (command.intent in _CALLED_IN_ANY_WORDS and "name" in command.values)
