"""What the house is asked to remember: told, listed, forgotten, and recalled where no language model does it."""

from collections.abc import Sequence

from roomtone_server.agent.memory import MAX_FACT_CHARACTERS, MAX_FACTS, Fact, ForgetFact, Remember
from roomtone_server.agent.overlap import closest
from roomtone_server.agent.planning import CannotDo, Command, Plan, Reply, Situation


def remember(command: Command, situation: Situation) -> Plan:
    """What is known already is not kept twice."""
    fact = command.values["fact"]
    if len(fact) > MAX_FACT_CHARACTERS:
        raise CannotDo("fact_too_long")
    known = fact.casefold() in {each.text.casefold() for each in situation.facts}
    if not known and len(situation.facts) >= MAX_FACTS:
        raise CannotDo("too_many_facts")
    return Plan(Reply(command.response), notes=[] if known else [Remember(fact)])


def listed(command: Command, situation: Situation) -> Plan:
    """What is known about the words that were said, else all."""
    facts = situation.facts
    if (about := command.values.get("fact")) is not None:
        facts = _about(about, facts, situation.language)
    return Plan(Reply(command.response, slots={"facts": [fact.text for fact in facts]}))


def forget(command: Command, situation: Situation) -> Plan:
    found = _about(command.values["fact"], situation.facts, situation.language)
    if not found:
        raise CannotDo("fact_not_found")
    if len(found) > 1:
        raise CannotDo("several_facts", facts=[fact.text for fact in found])
    return Plan(Reply(command.response, slots={"fact": found[0].text}), notes=[ForgetFact(found[0].id)])


def recalled(question: str, facts: Sequence[Fact], language: str) -> Fact | None:
    """What answers a question, by the words in it; of several, what was told last."""
    found = _about(question, facts, language)
    return found[-1] if found else None


def _about(said: str, facts: Sequence[Fact], language: str) -> Sequence[Fact]:
    return [facts[index] for index in closest(said, [fact.text for fact in facts], language)]
