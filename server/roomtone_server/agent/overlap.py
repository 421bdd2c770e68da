"""Which of some texts is meant, by the words that they share: "the reminder about mum", "where is the spare key"."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import Final

from roomtone_server.grammar.words import words

# Words that say nothing of what a text is about. A language without a row has none.
_EMPTY: Final[Mapping[str, AbstractSet[str]]] = {
    "en": frozenset({
        "a", "about", "all", "am", "an", "and", "any", "are", "at", "be", "been", "can", "could", "did", "do", "does",
        "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "i'm", "in", "is", "it", "it's", "its",
        "know", "me", "mine", "my", "of", "on", "or", "our", "put", "remember", "remind", "said", "say", "she",
        "should", "so", "tell", "that", "the", "their", "them", "there", "they", "this", "those", "to", "told", "was",
        "we", "were", "what", "what's", "when", "when's", "where", "where's", "which", "who", "who's", "whose", "why",
        "will", "with", "would", "you", "your",
    })
}  # fmt: skip

# Fewer than this part of the words that count is chance.
_ENOUGH: Final = Fraction(1, 2)


def closest(said: str, texts: Sequence[str], language: str) -> Sequence[int]:
    """The indices of those texts that hold most of what was said; empty when none holds half of it."""
    wanted = _told(said, language)
    if not wanted:
        return []
    shares = [Fraction(len(wanted & _told(text, language)), len(wanted)) for text in texts]
    best = max(shares, default=Fraction(0))
    return [index for index, share in enumerate(shares) if share == best] if best >= _ENOUGH else []


def _told(text: str, language: str) -> AbstractSet[str]:
    return frozenset(_singular(each) for each in _counting(words(text, language), language))


def _counting(said: Iterable[str], language: str) -> Iterable[str]:
    return (word for word in said if word not in _EMPTY.get(language, frozenset()))


def _singular(word: str) -> str:
    """Near enough for two texts to meet: "keys" and "key", "mum's" and "mum", "parked" and "park"."""
    plain = word.removesuffix("'s").removesuffix("s") or word
    return plain.removesuffix("ed") if len(plain) > len("need") else plain
