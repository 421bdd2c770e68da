"""What is left out before hassil is asked would not have matched: with the filter the same is understood as without."""

import functools
from pathlib import Path

import pytest
from hassil.intents import Intents, IntentsSettings
from support.vocabularies import ODD, SMALL

from roomtone_server.agent.candidates import Candidates, Names, Narrowed
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.understanding import Understanding, parse_sentences
from roomtone_server.bench.intents.utterances import utterances
from roomtone_server.grammar.slots import slot_lists

REPLIES = Path(__file__).parents[1] / "support" / "sentences.txt"
EVERYDAY = Path(__file__).parents[2] / "bench" / "everyday.txt"


def texts(vocabulary):
    """Sentences of the templates, whole and garbled; what people say otherwise; what a voice says."""
    commands = utterances(vocabulary, 150)
    garbled = [" ".join(text.split()[1:]) for text in commands[::5]]
    garbled += [f"could you please {text} for me" for text in commands[1::5]]
    garbled += [text.upper().replace(" ", "-", 1) for text in commands[2::5]]
    replies = [line.partition(" => ")[0] for line in REPLIES.read_text(encoding="utf-8").splitlines()]
    return [*commands, *garbled, *EVERYDAY.read_text(encoding="utf-8").splitlines()[::8], *replies[::6], "", "turn"]


def all_understood(vocabulary):
    understanding = Understanding(parse_sentences("en", frozenset(HANDLERS)))
    understanding.learn(vocabulary)
    subject = [thing.id for thing in vocabulary.things[:2]]
    area = vocabulary.areas[0].names[0]
    return [
        (text, understanding.understand(text, area, subject), understanding.stranger(text, area))
        for text in texts(vocabulary)
    ]


@pytest.mark.parametrize("vocabulary", [SMALL, ODD], ids=["small", "odd"])
def test_the_same_is_understood_as_without_it(monkeypatch, vocabulary):
    filtered = all_understood(vocabulary)
    monkeypatch.setattr(Candidates, "narrowed", lambda self, _text, names: Narrowed(self._intents, names.lists))
    assert filtered == all_understood(vocabulary)
    assert sum(command is not None for _, command, _ in filtered) > 100


def test_little_is_left_to_be_tried():
    understanding = Understanding(parse_sentences("en", frozenset(HANDLERS)))
    understanding.learn(SMALL)
    narrowed = functools.partial(understanding._sentences.commands.narrowed, names=understanding._names)

    def left(text):
        blocks = [block for intent in narrowed(text).intents.intents.values() for block in intent.data]
        return sum(len(block.sentences) for block in blocks)

    assert left("tell me a joke") == 0
    assert 0 < left("turn on the ceiling light") < 20
    assert narrowed("turn on the ceiling light").lists["name"].values[0].value_out == "Ceiling Light"


def test_a_language_without_spaces_is_left_to_hassil():
    intents, names = Intents("ja", {}, settings=IntentsSettings(ignore_whitespace=True)), Names(slot_lists(SMALL))
    assert Candidates(intents).narrowed("電気をつけて", names) == Narrowed(intents, names.lists)
