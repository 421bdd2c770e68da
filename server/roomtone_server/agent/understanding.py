"""Text to command: hassil, over the sentence templates and the names of the home."""

import re
from collections.abc import Container
from typing import Any, Final

from hassil.intents import Intents, SlotList
from hassil.models import MatchEntity
from hassil.recognize import RecognizeResult, recognize_best

from roomtone_server.agent.planning import Command
from roomtone_server.grammar.sentences import Templates
from roomtone_server.grammar.slots import slot_lists
from roomtone_server.grammar.vocabulary import Vocabulary

# The area of a speaker who stands in none: what needs an area is understood all the same, so that we can ask for it.
NOWHERE: Final = ""

# What is longer is no command; matching it would only hold up the event loop.
MAX_COMMAND_CHARACTERS: Final = 300

_SIGNS: Final = ((re.compile(r"\s*%|\bper cent\b"), " percent"), (re.compile(r"\s*°\s*[CF]?\b"), " degrees"))
_NOT_SAID: Final = re.compile(r"[!?;:,\"“”„()]|\.(?!\d)|(?<!\d)\.")
# Politeness that hassil's own skip words leave standing; only at the edges, where it cannot be part of a name.
_POLITE: Final = re.compile(
    r"^((hey|okay|ok|so|well|and|now|just|please|will you|would you mind)\s+)+(?=\w+\s)"
    r"|(\s+(please|thanks|thank you|now|then|right away|for me))+$",
    re.IGNORECASE,
)


def normalised(text: str) -> str:
    """The command in a text: without punctuation, with signs as words, without courtesy at its edges."""
    for sign, word in _SIGNS:
        text = sign.sub(word, text)
    return _POLITE.sub("", " ".join(_NOT_SAID.sub(" ", text).split()))


class Understanding:
    """The templates, parsed, beside the names of one home. Not thread-safe."""

    def __init__(self, templates: Templates, handled: Container[str]) -> None:
        """`handled` are the intents that somebody carries out; the others are not understood."""
        intents = {name: intent for name, intent in templates["intents"].items() if name in handled}
        self._intents = Intents.from_dict({**templates, "intents": intents})
        self._names: dict[str, SlotList] = {}
        self._vocabulary: Vocabulary | None = None

    def learn(self, vocabulary: Vocabulary) -> None:
        """Takes the home's names; cheap when they are those it has."""
        if vocabulary != self._vocabulary:
            self._names = dict(slot_lists(vocabulary))
            self._vocabulary = vocabulary

    def understand(self, text: str, area: str | None) -> Command | None:
        """The command that a text gives, spoken in an area; None when no template matches. 1 to 8 ms once warm."""
        said = normalised(text)
        if not said or len(said) > MAX_COMMAND_CHARACTERS:
            return None
        found = recognize_best(
            said,
            self._intents,
            slot_lists=self._names,
            intent_context={"area": area or NOWHERE},
            best_slot_name="name",
        )
        return None if found is None else _command(found, said)


def _command(found: RecognizeResult, text: str) -> Command:
    slots = {slot.name: slot for slot in found.entities_list}
    name = slots.get("name")
    return Command(
        intent=found.intent.name,
        values={key: _value(slot) for key, slot in slots.items()},
        spoken={key: slot.text_clean or slot.value for key, slot in slots.items()},
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
