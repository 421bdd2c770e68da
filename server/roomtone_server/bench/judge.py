"""What was said, and what was heard: the same to the agent?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from roomtone.errors import UsageError
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.several import ALONE, divided
from roomtone_server.agent.understanding import Understanding, parse_sentences
from roomtone_server.bench.manifest import Clip
from roomtone_server.edit_distance import edit_distance
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.grammar.words import words


class Verdict(StrEnum):
    RIGHT = "right"  # to the intent and the slots of what was said; of what is no command, to none
    WRONG = "wrong"  # to another intent, or other slots
    REJECTED = "rejected"  # to none, though a command was said


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the agent would act by."""

    intent: str
    slots: Mapping[str, Any]


class Judge:
    """Understands as the agent of one home does, for a speaker in one area (None: nobody knows where)."""

    def __init__(self, vocabulary: Vocabulary, area: str | None) -> None:
        """Takes a second: templates are parsed. Raises EngineError for a language without templates."""
        self._language = vocabulary.language
        self._area = area
        self._understanding = Understanding(parse_sentences(vocabulary.language, frozenset(HANDLERS)))
        self._understanding.learn(vocabulary)

    def check(self, clips: Iterable[Clip]) -> None:
        """Raises UsageError, with a line for each clip whose text is no command to the agent."""
        strange = [clip for clip in clips if clip.text and self.meaning(clip.text) is None]
        if strange:
            where = f"in the area {self._area}" if self._area else "without an area"
            raise UsageError(
                "\n".join(
                    f"{clip.place}: the agent of this home understands no command in {clip.text!r}, {where}: "
                    "mend the text, or teach the agent the sentence"
                    for clip in strange
                )
            )

    def meaning(self, text: str) -> Meaning | None:
        """None for a text that leads to no intent; of several commands in one, all of theirs together."""
        if (one := self._one(text)) is not None:
            return one

        def is_command(each: str) -> bool:
            meaning = self._one(each)
            return meaning is not None and meaning.intent not in ALONE

        texts = divided(text, self._language, self._understanding.names_in(text), is_command)
        several = [meaning for each in texts if (meaning := self._one(each)) is not None]
        if not several:
            return None
        return Meaning(" and ".join(each.intent for each in several), {"each": [each.slots for each in several]})

    def _one(self, text: str) -> Meaning | None:
        command = self._understanding.understand(text, self._area)
        return Meaning(command.intent, command.values) if command else None

    def verdict(self, said: str, heard: str) -> Verdict:
        meant, taken = self.meaning(said), self.meaning(heard)
        if taken == meant:
            return Verdict.RIGHT
        return Verdict.WRONG if taken else Verdict.REJECTED

    def words(self, text: str) -> list[str]:
        """Without case and punctuation, numbers as words: see `grammar.words`."""
        return words(text, self._language)

    def word_errors(self, said: str, heard: str) -> int:
        """How many words were put in, left out, or taken for another."""
        return edit_distance(self.words(said), self.words(heard))
