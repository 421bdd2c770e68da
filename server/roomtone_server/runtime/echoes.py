"""Is what was heard while a reply sounds only the reply? Where the echo is not cancelled, or not all of it."""

from typing import Final

# Of what was heard, so much may differ: "turn on the light" is "Turned on the light", heard through a wall of its own.
MISHEARD: Final = 0.25


def is_echo(heard: str, said: str) -> bool:
    """Whether something very like `heard` stands somewhere in `said`. Some µs per letter of `heard`."""
    wanted, text = _letters(heard), _letters(said)
    return _distance_within(wanted, text) < max(1.0, MISHEARD * len(wanted))


def _distance_within(wanted: str, text: str) -> int:
    """The least edit distance from `wanted` to any part of `text` (Sellers 1980)."""
    row = [0] * (len(text) + 1)
    for number, letter in enumerate(wanted, start=1):
        following = [number]
        for column, other in enumerate(text, start=1):
            following.append(min(row[column - 1] + (letter != other), row[column] + 1, following[-1] + 1))
        row = following
    return min(row)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
