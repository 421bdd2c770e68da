"""Whether somebody asks, or wants something done: "can you turn on the light" is no question. Pure.

A language model may take "is the garage open" for a reason to close it. What is a question here never acts, whatever
the model makes of it; where it cannot be told, it is one, since to be asked once more costs less than an open door.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from roomtone_server.languages.language import language_of


@dataclass(frozen=True, slots=True)
class Signs:
    """Of one language, for lower case without marks. They are looked at in this order, and the first that fits
    decides."""

    leads: re.Pattern[str]  # courtesy and hesitation, which begin any sentence and decide nothing
    turns: re.Pattern[str]  # anywhere: from here on something is wanted, whatever was asked before
    tells: re.Pattern[str]  # begins what wants to be told something, whatever its form: a question
    wants: re.Pattern[str]  # begins what only looks like a question
    asks: re.Pattern[str]  # begins a question
    ends: re.Pattern[str]  # ends a statement that wants to be confirmed: a question too


def _begins(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{words})(?!\w)")


_ASKED_PERSON: Final = r"(?:you|we|i|somebody|someone)"
_POLITELY: Final = (
    rf"(?:can|could|will|would|can't|couldn't|won't|wouldn't) {_ASKED_PERSON} (?:please |just |quickly )*"
)
_ASKING_WORD: Final = r"(?:what|which|who|whose|when|where|why|how)"
_WHETHER: Final = rf"(?:{_ASKING_WORD}|if|whether)"
_IS: Final = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)(?:n't)?"
_ACTS: Final = r"(?:turn|switch|set|open|close|shut|lock|unlock|start|stop|play|dim|put|make|lower|raise|arm|disarm)"

_EN: Final = Signs(
    leads=re.compile(
        r"(?:(?:please|okay|ok|so|well|and|but|hey|hello|um|uh|oh|now|then|sorry|excuse me|just|by the way) )+"
    ),
    turns=re.compile(
        r"\b(?:and (?:also )?please|and (?:then )?(?:can|could|will|would) you"
        r"|(?:and )?if (?:so|not|yes|no|it is(?:n't)?|they are(?:n't)?))\b"
    ),
    tells=_begins(
        rf"(?:{_POLITELY}|do you mind |would you mind )?"
        rf"(?:(?:tell|telling|inform) (?:me|us)(?! a joke| to)|let (?:me|us) know|explain|describe"
        rf"|(?:check|checking|see|look|find out|say|saying|guess|confirm|verify)(?: up| for me)? "
        rf"{_WHETHER}"
        r"|(?:give|read) (?:me|us) (?:(?:a|an|the|my) )?(?:status|report|update|overview|summary|list|weather|time))"
        rf"|i(?: wonder| was wondering|'m wondering| (?:want|need|would like) to know|'d like to know| don't know"
        rf"| forgot {_WHETHER})"
        rf"|(?:can|could) {_ASKED_PERSON} (?:hear|see|feel|do|speak|understand|reach|control|use|remember {_WHETHER})"
        rf"|(?:can|could|will|would) (?:i|we) (?!have|get)\w+|would you (?:say|think|know|recommend)|do (?:you|we) know"
        rf"|why (?:don't|not) (?:the|my|our|i|they)|(?:any|no) idea"
    ),
    wants=_begins(
        rf"{_POLITELY}\w+|why don't (?:you|we)|why not \w+|(?:how|what) about \w+ing|(?:would|do) you mind|shall we"
        rf"|let's|may (?:i|we) have|(?:when|whenever|if|where) (?!{_IS} ).*(?<!is )(?<!are ){_ACTS}"
        r"|have (?!(?:i|we|you|they|all|any) )(?!.*\b(?:been|got|ever|already|yet)\b)\w+"
        r"|do (?:it|that|this|so|the same)"
    ),
    asks=_begins(
        rf"{_ASKING_WORD}(?:'s)?|{_IS}|am|may|might|must|shall|don't (?:i|we|you|they|the|my|our)|any"
        rf"|anybody|anyone|anything|if .* {_IS} (?:the|my|our|it|they|there|i|we|you)"
    ),
    ends=re.compile(rf"\b(?:{_IS} (?:it|they|he|she|we|you|i|there)|right|correct|or not|or what)$"),
)


# Of a language without a row, its own data tells what its questions begin and end with.
SIGNS: Final[Mapping[str, Signs]] = {"en": _EN}

_QUESTION_MARKS: Final = "?\uff1f\u061f"  # full-width, and Arabic
# Between two sentences. A full stop ends one where the next begins with a capital: "at 7 a.m. tomorrow" goes on.
_BETWEEN: Final = re.compile(
    rf"(?<=[!;{_QUESTION_MARKS}])\s+|(?<=\.)\s+(?=[A-Z\u00c0-\u00de])|(?<=[\u3002\uff01\uff1f\u0964])\s*"
)
_NOT_SAID: Final = re.compile(r"[^\w\s']")


def is_question(text: str, language: str) -> bool:
    """Whether all that is said asks, and nothing of it wants something done."""
    sentences = [found for found in _BETWEEN.split(text) if any(map(str.isalnum, found))]
    telling = [sentence for sentence in sentences if len(sentence.split()) > 1] or sentences
    return bool(telling) and all(_asks(sentence, language) for sentence in telling)


def is_marked(text: str) -> bool:
    """Whether a text ends as questions do in writing."""
    return text.rstrip().endswith(tuple(_QUESTION_MARKS))


def _asks(sentence: str, language: str) -> bool:
    signs = SIGNS.get(language)
    if signs is None:
        return language_of(language).questions.asks(sentence)
    said = " ".join(_NOT_SAID.sub(" ", sentence.replace("\u2019", "'").casefold()).split())
    if lead := signs.leads.match(said):
        said = said[lead.end() :]
    if signs.turns.search(said):
        return False
    if signs.tells.match(said):
        return True
    if signs.wants.match(said):
        return False
    return is_marked(sentence) or bool(signs.asks.match(said) or signs.ends.search(said))
