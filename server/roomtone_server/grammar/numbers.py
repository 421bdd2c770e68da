"""Numbers as they are said."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from roomtone_server.languages.language import Numbers

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


def with_number_words(lists: Mapping[str, Any], numbers: Numbers) -> dict[str, Any]:
    """The lists of some templates, with a value for each number of those ranges whose words the language's file has:
    hassil knows Unicode's words only. Ranges of other numbers stay as they are."""
    return {name: _spelled_out(values, numbers) or values for name, values in lists.items()}


def _spelled_out(values: Mapping[str, Any], numbers: Numbers) -> Mapping[str, Any] | None:
    span = values.get("range")
    if span is None or span["to"] >= len(numbers.words) or span.get("step", 1) != 1:
        return None
    factor = span.get("multiplier", 1)
    halves = span.get("fractions") == "halves"
    return {
        "values": [
            {"in": f"({'|'.join(_ways(number, numbers))})", "out": number * factor}
            for whole in range(span["from"], span["to"] + 1)
            for number in ((whole, whole + 0.5) if halves else (whole,))
        ]
    }


def _ways(number: float, numbers: Numbers) -> Iterator[str]:
    digits = f"{number:g}"
    yield from dict.fromkeys((digits, digits.replace(".", ","), *numbers.spoken(number)))
