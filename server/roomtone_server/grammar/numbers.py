"""Numbers as they are said."""

import functools
from typing import Final

# Beyond, languages run out of words.
MAX_SAID: Final = 10**15


@functools.lru_cache(maxsize=1024)
def number_words(number: float, language: str) -> tuple[str, ...]:
    """All the ways to say a number, the plain cardinal first; the digits themselves in a language without rules."""
    from hassil.numbers import get_rbnf_engine  # seldom needed where hassil is not: in what was recognised

    try:
        texts = get_rbnf_engine(language).format_number(number).text_by_ruleset
    except ValueError:
        return (str(number),)
    plain_first = sorted(texts, key=lambda rules: rules != "spellout-cardinal")
    return tuple(dict.fromkeys(texts[rules].replace("-", " ") for rules in plain_first))


def said_number(digits: str, language: str) -> str:
    """The plain way to say a number that is written in digits, with a point or a comma; what is too large stays."""
    value = float(digits.replace(",", "."))
    if value > MAX_SAID:
        return digits
    return number_words(int(value) if value.is_integer() else value, language)[0]
