"""What people say to one home, and what is said in it to nobody: drawn by chance, always the same."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from hassil.intents import IntentData, Intents, RangeSlotList, SlotList, TextSlotList, TextSlotValue, WildcardSlotList
from hassil.sample import sample_sentence

from roomtone_server.grammar.sentences import load_sentences
from roomtone_server.grammar.slots import slot_lists
from roomtone_server.grammar.vocabulary import Vocabulary

SEED: Final = 1

# Of every hundred utterances: several commands in one, orders to what the home does not have, and talk.
SEVERAL_PCT: Final = 5
STRANGE_PCT: Final = 5
TALK_PCT: Final = 15

# One of the first so many ways to say a template; some have millions.
_WAYS: Final = 12
_FREE: Final = ("oat milk", "the blue folder", "Bach", "pasta")  # what may be anything

_STRANGERS: Final = (
    "turn on the disco ball",
    "turn off the flux capacitor please",
    "could you turn on the lights in the ballroom",
    "set the teleporter to fifty percent",
    "turn the fog machine on",
)
_TALK: Final = (
    "tell me a joke",
    "what is the capital of Mongolia",
    "how long does it take to boil an egg",
    "could you explain to me how a heat pump works",
    "I think we should leave before the traffic gets bad",
    "the light in this room is really beautiful in the evening isn't it",
    "did you turn in your homework and clean your room",
    "who won the match last night",
    "turn left at the next crossing and then go on until you see the lights of the harbour",
    "write me a short poem about the sea",
    "what should I cook tonight",
    "set your mind at rest",
    "open the pod bay doors",
    "she is studying chemistry in Edinburgh",
    "why is the sky so orange this evening",
)


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Draws sentences from one language's templates, in one home."""

    intents: Intents
    lists: Mapping[str, SlotList]
    draw: random.Random

    def commands(self) -> Iterator[str]:
        """A sentence of each template in turn, in an order drawn by chance, for ever; those that need what the home
        lacks are passed over."""
        blocks = [block for intent in self.intents.intents.values() for block in intent.data]
        templates = [(block, sentence) for block in blocks for sentence in block.sentences]
        while True:
            self.draw.shuffle(templates)
            for block, sentence in templates:
                lists = {name: self._one(values, block) for name, values in self.lists.items()}
                if all(lists.get(name) is not None for name in sentence.list_names(self.intents.expansion_rules)):
                    known: dict[str, SlotList] = {name: values for name, values in lists.items() if values is not None}
                    ways = sample_sentence(sentence, known, self.intents.expansion_rules, self.intents.language)
                    yield " ".join(self.draw.choice(list(islice(ways, _WAYS))).split())

    def _one(self, values: SlotList, block: IntentData) -> TextSlotList | None:
        """A list of one value, that the block may have there."""
        if isinstance(values, RangeSlotList):
            return TextSlotList.from_strings([str(self.draw.choice(list(values.get_numbers())))])
        if isinstance(values, WildcardSlotList):
            return TextSlotList.from_strings([self.draw.choice(_FREE)])
        if not isinstance(values, TextSlotList):
            return None
        domains = block.requires_context.get("domain")
        fitting = [value for value in values.values if domains is None or _domain(value) in {None, *domains}]
        return TextSlotList(values.name, [self.draw.choice(fitting)]) if fitting else None


def _domain(value: TextSlotValue) -> str | None:
    return None if value.context is None else value.context.get("domain")


def utterances(vocabulary: Vocabulary, count: int) -> Sequence[str]:
    """So many of them, no two alike."""
    draw = random.Random(SEED)  # noqa: S311 - the same every time is what is wanted
    intents = Intents.from_dict(load_sentences(vocabulary.language))
    speaker = _Speaker(intents, {**intents.slot_lists, **slot_lists(vocabulary)}, draw)
    commands = speaker.commands()
    others = [*_STRANGERS[: count * STRANGE_PCT // 100], *_TALK[: count * TALK_PCT // 100]]
    others += [f"{next(commands)} and {next(commands)}" for _ in range(count * SEVERAL_PCT // 100)]
    said = dict.fromkeys(others)
    while len(said) < count:
        said[next(commands)] = None
    return list(said)
