"""What is left of a wake word at the beginning of a transcript, told from what was said behind it. Pure.

An open recogniser writes it as it likes: "OK, Naboo, turn on the light" or "bu turn on the light".
"""

import re
from typing import Final

from roomtone_server.edit_distance import edit_distance

# Of the letters of a phrase's end, the share that may be others: more would take "relax" for Alexa.
_MISHEARD: Final = 0.4

_WORD: Final = re.compile(r"\w[\w'\u2019]*")


def without_wake_phrase(text: str, phrase: str) -> str:
    """The text without its first words where those are the phrase or its end; an empty phrase leaves it as it is."""
    text = text.strip()
    said, expected = list(_WORD.finditer(text)), _WORD.findall(phrase.casefold())
    ends = ["".join(expected[at:]) for at in range(len(expected))]
    for count in range(min(len(said), len(expected) + 1), 0, -1):
        begun = "".join(word[0].casefold() for word in said[:count])
        if any(edit_distance(begun, end) <= _MISHEARD * len(end) for end in ends):
            return text[said[count].start() :] if count < len(said) else ""
    return text
