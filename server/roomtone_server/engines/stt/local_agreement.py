"""What two transcripts in a row of an utterance that grows agree on. Pure.

The end of what has been heard so far is guessed from half a word, and guessed otherwise when more of it comes; what two
guesses share lasts. LocalAgreement-2: Liu, Spanakis and Niehues, Low-Latency Sequence-to-Sequence Speech Recognition
and Translation by Partial Hypothesis Selection, Interspeech 2020.
"""

import unicodedata


class LocalAgreement:
    """Compares words without their case and the marks around them."""

    def __init__(self) -> None:
        self._before: list[str] = []

    def agreed(self, text: str, *, whole: bool = False) -> str:
        """The first words of a newer text, as far as the one before has them too; all of them for one that is `whole`:
        nothing was said behind it, so that it would be written again as it is."""
        words = text.split()
        keys = [_key(word) for word in words]
        shared = 0
        while shared < min(len(keys), len(self._before)) and keys[shared] == self._before[shared]:
            shared += 1
        self._before = keys
        return " ".join(words if whole else words[:shared])


def _key(word: str) -> str:
    letters = (letter for letter in word.casefold() if not unicodedata.category(letter).startswith(("P", "S")))
    return "".join(letters) or word
