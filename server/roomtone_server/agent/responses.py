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
from roomtone_server.languages.language import MAX_AT_HAND, Language, language_of


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


@functools.lru_cache(maxsize=MAX_AT_HAND)
def responses_of(language: str) -> "Responses":
    """Made once per process, while no more languages are spoken."""
    return Responses(language)


class Responses:
    """All templates of one language, each compiled when it is first spoken: some 2 ms."""

    def __init__(self, language: str) -> None:
        """Of what a language does not word yet, the English is used. Raises EngineError for one without templates."""
        english, own = load_sentences("en")["responses"], load_sentences(language)["responses"]
        macros = {**english["macros"], **own.get("macros", {})}
        self._environment = ImmutableSandboxedEnvironment(loader=DictLoader(macros))
        self._language = language_of(language)
        self._intents = {
            intent: {**english["intents"].get(intent, {}), **texts}
            for intent, texts in {**english["intents"], **own["intents"]}.items()
        }
        self._compiled: dict[str, Template] = {}
        errors = own.get("errors", {})
        not_worded = {**english["errors"], **english["phrases"], **errors, **_outcomes(errors, self._language)}
        self._phrases = {**not_worded, **own.get("phrases", {})}

    def _template(self, text: str) -> Template:
        if text not in self._compiled:
            self._compiled[text] = self._environment.from_string(text)
        return self._compiled[text]

    def phrase(self, key: str, **slots: object) -> str:
        """One of our own phrases, or of the errors that the package words."""
        return _spoken(self._template(self._phrases[key]).render(**slots))

    def reply(self, command: Command, reply: Reply) -> str:
        """The text that answers a command."""
        slots = {**command.spoken, **self._uninflected(command), **reply.slots}
        if reply.phrase:
            return self.phrase(reply.key, **slots)
        states = {entity.id: entity for entity in (reply.state, *reply.matched, *reply.unmatched) if entity}
        template = self._template(self._intents[command.intent][reply.key])
        return _spoken(
            template.render(
                slots=slots,
                state=SpokenState(reply.state) if reply.state else Undefined(name="state"),
                query=Query(
                    [SpokenState(each) for each in reply.matched], [SpokenState(each) for each in reply.unmatched]
                ),
                state_attr=lambda entity_id, name: states[entity_id].attributes.get(name),
                clock=self._language.clock,
                calendar=self._language.calendar,
                states=self._language.states,
            )
        )

    def _uninflected(self, command: Command) -> Mapping[str, Any]:
        """Names as the home has them, where the language bends them in a command."""
        if not self._language.inflections:
            return {}
        return {slot: command.values[slot] for slot in ("name", "area") if slot in command.values}


def _outcomes(errors: Mapping[str, str], language: Language) -> Mapping[str, str]:
    """Why nothing came of a command, as far as a language has words for it."""
    phrases = {"not_understood": errors["no_intent"]} if "no_intent" in errors else {}
    if language.phrases is not None:
        phrases |= {"not_understood": language.phrases.not_understood, "failed": language.phrases.failed}
    return phrases


def _spoken(text: str) -> str:
    """One line; the templates are full of line ends that nobody says."""
    return " ".join(text.split())
