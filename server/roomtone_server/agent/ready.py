"""What a request comes to before anything of it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from roomtone_server.agent.planning import Command, Plan

Question = tuple[str, str]  # the phrase that asks, and what it asks about, in words

_SENTENCE_ENDS: Final = (".", "!", "?", "।")


@dataclass(frozen=True, slots=True)
class Ready:
    """A reply with what must happen before it is true."""

    text: str
    plan: Plan | None = None
    command: Command | None = None  # that the plan carries out
    understood: bool = True
    recalled: bool = False  # found by the words of a question alone: a language model answers better
    lacks_context: bool = False  # it speaks of what the intents know nothing of: a language model may
    asks: "Ready | None" = None  # the text is a question; this is what a "yes" leads to
    questions: tuple[Question, ...] = ()
    answers: "Ready | None" = None  # this is what a "yes" led to: the question must still be open
    parts: tuple["Ready", ...] = ()  # of several commands in one sentence: each, to be carried out in turn

    @property
    def steps(self) -> Sequence["Ready"]:
        """Itself, or its parts."""
        return self.parts or (self,)

    @property
    def comes_to_nothing(self) -> bool:
        """Whether it only says why not."""
        return self.plan is None and self.asks is None and not self.parts


def in_sentences(steps: Sequence[Ready]) -> str:
    """Their replies as one: what was done twice is said once, and what is alone stays as it is."""
    done: set[str] = set()
    texts: list[str] = []
    for step in steps:
        if step.text and step.text not in done:
            texts.append(step.text)
        if step.plan is not None and step.plan.calls:
            done.add(step.text)
    if len(texts) < 2:
        return "".join(texts)
    return " ".join(text[0].upper() + text[1:] + ("" if text.endswith(_SENTENCE_ENDS) else ".") for text in texts)
