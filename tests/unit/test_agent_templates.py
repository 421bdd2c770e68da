"""Every sentence template, spoken to the example home: nothing that people may say makes the agent stumble."""

from itertools import islice

import pytest
from hassil.intents import Intents, TextSlotList, WildcardSlotList
from hassil.sample import sample_sentence
from support.house import open_house

from roomtone_server.agent.base import Finished, Request
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.grammar.sentences import load_sentences
from roomtone_server.grammar.slots import slot_lists
from roomtone_server.home.names import vocabulary_of

SENTENCES_PER_TEMPLATE = 1

# Its shopping list goes by that name, and so is spoken to as any other list.
OF_OTHER_HOMES = {"HassShoppingListAddItem", "HassShoppingListCompleteItem"}


def spoken(home):
    """A few sentences of each template; each wildcard is milk, each name one of a domain that the template asks for."""
    intents = Intents.from_dict(load_sentences("en"))
    vocabulary = vocabulary_of(home.areas(), home.entities(), "en")
    lists = {**intents.slot_lists, **slot_lists(vocabulary)}
    lists["floor"] = TextSlotList.from_strings(["ground"])
    for name, values in lists.items():
        if isinstance(values, WildcardSlotList):
            lists[name] = TextSlotList.from_strings(["milk"])
    for intent in intents.intents.values():
        for block in intent.data:
            domains = block.requires_context.get("domain", ())
            names = [thing.names[0] for thing in vocabulary.things if thing.domain in domains]
            names += [thing.names[0] for thing in vocabulary.things]
            block_lists = {**lists, "name": TextSlotList.from_strings(names[:1])}
            for sentence in block.sentences:
                samples = sample_sentence(sentence, block_lists, intents.expansion_rules, "en")
                yield from ((intent.name, text) for text in islice(samples, SENTENCES_PER_TEMPLATE))


@pytest.mark.parametrize("area", ["Kitchen", None])
async def test_no_sentence_of_any_template_makes_it_stumble(tmp_path, area):
    understood = set()
    async with open_house(tmp_path) as house:
        for _, text in spoken(house.home):
            prepared = await house.agent.prepare(Request(text, area=area))
            parts = [part async for part in house.agent.commit(prepared)]
            assert isinstance(parts[-1], Finished), text
            if prepared.intent is not None:
                understood.add(prepared.intent.name)
    assert set(HANDLERS) - understood == OF_OTHER_HOMES
