"""Text to command: hassil, over the sentence templates and the names of the home."""

import functools
import gc
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from hassil.intents import Intents
from hassil.models import MatchEntity, UnmatchedTextEntity
from hassil.recognize import MISSING_ENTITY, RecognizeResult, recognize_all, recognize_best

from roomtone_server.agent import tabulated
from roomtone_server.agent.as_written import as_written
from roomtone_server.agent.candidates import Candidates, Names
from roomtone_server.agent.normal_form import normalised, said_anew
from roomtone_server.agent.planning import NOWHERE, Command
from roomtone_server.agent.pronouns import has_pronoun, pronoun_names
from roomtone_server.grammar.sentences import load_sentences
from roomtone_server.grammar.slots import slot_lists
from roomtone_server.grammar.vocabulary import NamedThing, Vocabulary
from roomtone_server.languages.language import MAX_AT_HAND, language_of

# What is longer is no command; matching it would only hold up the event loop.
MAX_COMMAND_CHARACTERS: Final = 200

# Of what was said last, what it gave.
MAX_REMEMBERED: Final = 32

# The intents in which an unknown name is worth a word, and how much of such an order must have been said: "turn on the"
# of "turn on the disco ball". With less, anything is a name. A long text holds more than one name, and takes long.
_ORDERS: Final = frozenset({"HassTurnOn", "HassTurnOff", "HassLightSet"})
_MIN_ORDER_CHARACTERS: Final = 7
_MAX_ORDER_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Sentences:
    """One language's templates, parsed; the names of the home are not in them."""

    language: str
    commands: Candidates
    orders: Candidates  # those commands in which an unknown name is worth a word


@functools.lru_cache(maxsize=MAX_AT_HAND)
def parse_sentences(language: str, handled: frozenset[str], cache: Path | None = None) -> Sentences:
    """The templates of the intents that somebody carries out; others are not understood. Once per process it takes a
    second, or a tenth of it where the cache has them from a start before, and leaves nothing to be parsed later.

    Raises EngineError for a language without templates.
    """
    file = None if cache is None else tabulated.file_of(language, handled, cache)
    sentences: Sentences | None = None if file is None else tabulated.read(file)
    if sentences is None:
        sentences = _parsed(language, handled)
        if file is not None:
            tabulated.keep(file, sentences)
    # All this is here to stay: a full pass of the collector over it would hold the event loop for 80 ms.
    gc.freeze()
    return sentences


def _parsed(language: str, handled: frozenset[str]) -> Sentences:
    templates = load_sentences(language)
    intents = {name: intent for name, intent in templates["intents"].items() if name in handled}
    commands = Intents.from_dict({**templates, "intents": intents})
    # The same intents, so that what hassil parses of one is parsed of the other.
    orders = replace(commands, intents={name: each for name, each in commands.intents.items() if name in _ORDERS})
    sentences = Sentences(language, Candidates(commands), Candidates(orders, names_unknown=True))
    nobody = Understanding(sentences)
    # What hassil parses or tabulates at the first use of it is used here.
    for text in language_of(language).warm_up:
        nobody.understand(text, None)
        nobody.stranger(text, None)
    return sentences


class Understanding:
    """Sentences beside the names of one home. Not thread-safe."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences
        self._language = sentences.language
        self._names = Names(slot_lists(Vocabulary()))
        self._known: frozenset[str] = frozenset()
        self._vocabulary: Vocabulary | None = None
        self._understood: OrderedDict[tuple[str, str | None, frozenset[str] | None], Command | None] = OrderedDict()

    def learn(self, vocabulary: Vocabulary) -> None:
        """Takes the home's names; cheap when they are those it has."""
        if vocabulary != self._vocabulary:
            self._names = Names(slot_lists(vocabulary))
            names = [thing.names for thing in vocabulary.things] + [area.names for area in vocabulary.areas]
            self._known = frozenset(name.casefold() for all_names in names for name in all_names)
            self._vocabulary = vocabulary
            self._understood.clear()

    def names_in(self, text: str) -> Collection[str]:
        """The names and areas, casefolded, that stand somewhere in a text; aliases and spoken forms too."""
        return self._names.said_in(text.casefold())

    def stranger(self, text: str, area: str | None) -> tuple[str, str] | None:
        """For a text that gives no command: what in it would make it one, were it a name of this home.

        ("name" or "area", and what was said in its place); None when the rest of the text is no order either.
        """
        said = normalised(text, self._language)
        if not said or len(said) > _MAX_ORDER_CHARACTERS:
            return None
        orders = self._sentences.orders.narrowed(said, self._names)
        found = recognize_all(
            said,
            orders.intents,
            slot_lists=dict(orders.lists),
            intent_context={"area": area or NOWHERE},
            allow_unmatched_entities=True,
        )
        strangers = [
            (result.text_chunks_matched, unknown[0])
            for result in found
            if result.text_chunks_matched >= _MIN_ORDER_CHARACTERS
            and len(unknown := _unknown(result)) == 1
            and self._could_be_named(*unknown[0], said)
        ]
        return max(strangers, key=lambda stranger: stranger[0])[1] if strangers else None

    def _could_be_named(self, slot: str, text: str, said: str) -> bool:
        """Not what this home knows; not where an order says what to do, as in "are the" lights on."""
        no_names = self._known | language_of(self._language).no_names
        return slot in {"name", "area"} and text.casefold() not in no_names and not said.startswith(text)

    def understand(self, text: str, area: str | None, subject: Collection[str] = ()) -> Command | None:
        """The command that a text gives, spoken in an area; None when no template matches. 1 to 4 ms once warm;
        microseconds for what was said a moment ago: one sentence is looked at several times before it is certain.

        `subject` are the ids of the entities that were spoken of before. "It" stands for those of them that the rest of
        the text can be said of; when there are none, the command's referents are empty.
        """
        said = normalised(text, self._language)
        if not said or len(said) > MAX_COMMAND_CHARACTERS:
            return None
        command = self._spoken_of(said, area, subject)
        if command is None and (plain := said_anew(said, self._language)) != said:
            command = self._spoken_of(plain, area, subject)
        return None if command is None else self._as_written(command, text)

    def _as_written(self, command: Command, text: str) -> Command:
        values, spoken = (as_written(slots, text, self._language) for slots in (command.values, command.spoken))
        return command if values == command.values else replace(command, values=values, spoken=spoken)

    def _spoken_of(self, said: str, area: str | None, subject: Collection[str]) -> Command | None:
        if self._vocabulary is None or not has_pronoun(said, self._language):
            return self._remembered(said, area)
        return self._remembered(said, area, frozenset(subject))

    def _remembered(self, said: str, area: str | None, subject: frozenset[str] | None = None) -> Command | None:
        """`subject` for a text that may speak of it."""
        key = (said, area, subject)
        if key not in self._understood:
            while len(self._understood) >= MAX_REMEMBERED:
                self._understood.popitem(last=False)
            if subject is None:
                self._understood[key] = self._matching(said, area, self._names)
            else:
                self._understood[key] = self._with_pronoun(said, area, subject)
        self._understood.move_to_end(key)
        return self._understood[key]

    def _with_pronoun(self, said: str, area: str | None, subject: Collection[str]) -> Command | None:
        assert self._vocabulary is not None
        things = self._vocabulary.things
        spoken_of = [thing for thing in things if thing.id in subject]
        if (command := self._referring(said, area, spoken_of)) is not None:
            return _referring_to([thing for thing in spoken_of if thing.domain == command.name_domain], command)
        return self._matching(said, area, self._names) or self._referring(said, area, things)

    def _referring(self, said: str, area: str | None, things: Collection[NamedThing]) -> Command | None:
        """The command in which a pronoun stands for something of the kind of one of these."""
        if not things:
            return None
        pronouns = pronoun_names(things, self._language)
        command = self._matching(said, area, self._names.but(name=pronouns))
        return None if command is None or command.name_domain is None else replace(command, referents=())

    def _matching(self, said: str, area: str | None, names: Names) -> Command | None:
        commands = self._sentences.commands.narrowed(said, names)
        found = recognize_best(
            said,
            commands.intents,
            slot_lists=dict(commands.lists),
            intent_context={"area": area or NOWHERE},
            best_metadata_key="foremost",
            best_slot_name="name",
        )
        return None if found is None else _command(found, said)


def _referring_to(things: Collection[NamedThing], command: Command) -> Command:
    name = {"name": " and ".join(thing.names[0] for thing in things)}
    return replace(
        command,
        values={**command.values, **name},
        spoken={**command.spoken, **name},
        referents=[thing.id for thing in things],
    )


def _unknown(found: RecognizeResult) -> list[tuple[str, str]]:
    """The slots that nothing known fills, each with what was said there, if it is no number out of its range."""
    return [
        (unmatched.name, unmatched.text.strip() if isinstance(unmatched, UnmatchedTextEntity) else "")
        for unmatched in found.unmatched_entities_list
        if not isinstance(unmatched, UnmatchedTextEntity) or unmatched.text != MISSING_ENTITY
    ]


def _command(found: RecognizeResult, text: str) -> Command:
    slots = {slot.name: slot for slot in found.entities_list}
    name = slots.get("name")
    return Command(
        intent=found.intent.name,
        values={key: _value(slot) for key, slot in slots.items()},
        spoken={key: slot.text_clean or str(_value(slot)) for key, slot in slots.items()},
        response=found.response or "default",
        text=text,
        name_domain=_domain(name),
        area_is_context="area" in slots and not slots["area"].text,
    )


def _value(slot: MatchEntity) -> Any:  # noqa: ANN401 - a template's values are of any type
    value = slot.value
    if isinstance(value, str):
        return value.strip()
    # hassil counts in floats: "five" minutes are 5, not 5.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _domain(name: MatchEntity | None) -> str | None:
    if name is None or name.metadata is None:
        return None
    return str(name.metadata["id"]).partition(".")[0]
