"""Replies: the templates that come with the sentences, rendered as their authors expect; and our own phrases."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import DictLoader, Template, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from roomtone_server.agent.planning import Command, Reply
from roomtone_server.grammar.sentences import load_sentences
from roomtone_server.home.base import Entity


@dataclass(frozen=True, slots=True)
class SpokenState:
    """An entity as the templates see it, which were written for Home Assistant."""

    entity: Entity

    @property
    def entity_id(self) -> str:
        return self.entity.id

    @property
    def domain(self) -> str:
        return self.entity.domain

    @property
    def name(self) -> str:
        return self.entity.name

    @property
    def state(self) -> str:
        return self.entity.state

    @property
    def attributes(self) -> Mapping[str, Any]:
        return self.entity.attributes

    @property
    def state_with_unit(self) -> str:
        unit = self.entity.attributes.get("unit_of_measurement")
        return f"{self.entity.state} {unit}" if unit else self.entity.state


@dataclass(frozen=True, slots=True)
class Query:
    """What a question found."""

    matched: Sequence[SpokenState]
    unmatched: Sequence[SpokenState]


@functools.cache
def responses_of(language: str) -> "Responses":
    """Compiled once per process."""
    return Responses(language)


class Responses:
    """All templates of one language, compiled when it is made."""

    def __init__(self, language: str) -> None:
        """Of what a language does not word yet, the English is used. Raises EngineError for one without templates."""
        english, own = load_sentences("en")["responses"], load_sentences(language)["responses"]
        macros = {**english["macros"], **own.get("macros", {})}
        self._environment = ImmutableSandboxedEnvironment(loader=DictLoader(macros))
        self._intents = {
            intent: {key: self._compiled(text) for key, text in texts.items()}
            for intent, texts in {**english["intents"], **own["intents"]}.items()
        }
        errors = {**english["errors"], **own.get("errors", {})}
        not_worded = {**english["phrases"], "not_understood": errors["no_intent"]}
        phrases = {**errors, **own.get("phrases", not_worded)}
        self._phrases = {key: self._compiled(text) for key, text in phrases.items()}

    def _compiled(self, text: str) -> Template:
        return self._environment.from_string(text)

    def phrase(self, key: str, **slots: object) -> str:
        """One of our own phrases, or of the errors that the package words."""
        return _spoken(self._phrases[key].render(**slots))

    def reply(self, command: Command, reply: Reply) -> str:
        """The text that answers a command."""
        slots = {**command.spoken, **reply.slots}
        if reply.phrase:
            return self.phrase(reply.key, **slots)
        states = {entity.id: entity for entity in (reply.state, *reply.matched, *reply.unmatched) if entity}
        template = self._intents[command.intent][reply.key]
        return _spoken(
            template.render(
                slots=slots,
                state=SpokenState(reply.state) if reply.state else Undefined(name="state"),
                query=Query(
                    [SpokenState(each) for each in reply.matched], [SpokenState(each) for each in reply.unmatched]
                ),
                state_attr=lambda entity_id, name: states[entity_id].attributes.get(name),
            )
        )


def _spoken(text: str) -> str:
    """One line; the templates are full of line ends that nobody says."""
    return " ".join(text.split())
