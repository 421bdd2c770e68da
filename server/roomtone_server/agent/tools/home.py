"""The home as tools, named as Home Assistant's intents are. What they do is planned, asked back and carried out by the
agent of intents: a model can do no more than a voice, and "it" means afterwards what the model has acted upon.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from roomtone_server.agent.base import Request
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.planning import NOWHERE, Command
from roomtone_server.agent.thinking.prompt import EVERYWHERE, MAX_SHOWN, state_of, words
from roomtone_server.agent.tools.arguments import checked
from roomtone_server.agent.tools.base import AgentTool, Outcome, ToolError, Unconnected
from roomtone_server.agent.tools.commands import carried_out
from roomtone_server.agent.tools.home_kinds import KINDS, Kind
from roomtone_server.engines.base import Tool
from roomtone_server.home.base import Area, Entity, Home

# What these mean stands in the prompt, once: said in each tool it would take a model half as long again to read them.
_PLACE: Final[Mapping[str, Any]] = {"name": {"type": "string"}, "area": {"type": "string"}}

# Whose reply has a wording of its own in HassTurnOn and HassTurnOff.
_WORDED: Final = frozenset({"button", "cover", "lock", "scene", "script", "valve"})


class HomeTools(Unconnected):
    """A `base.Toolbox`: an intent's tool while the home has something to use it on, and one that finds and reads."""

    def __init__(self, intents: IntentAgent, home: Home) -> None:
        self._intents = intents
        self._home = home

    def tools(self) -> Sequence[AgentTool]:
        domains = {entity.domain for entity in self._home.entities()}
        acting = [IntentTool(kind, found, self._intents, self._home) for kind in KINDS if (found := _of(kind, domains))]
        return [*acting, LiveContext(self._home)]


def _of(kind: Kind, domains: Collection[str]) -> tuple[str, ...]:
    return tuple(domain for domain in kind.domains if domain in domains)


class IntentTool:
    """An `AgentTool` that carries out one intent."""

    acts: Final = True

    def __init__(self, kind: Kind, domains: Sequence[str], intents: IntentAgent, home: Home) -> None:
        """`domains` are those of the kind's that the home has."""
        self._kind = kind
        self._domains = domains
        self._intents = intents
        self._home = home

    @property
    def spec(self) -> Tool:
        several = {"domain": {"type": "string", "enum": list(self._domains)}}
        properties = {**_PLACE, **(several if len(self._domains) > 1 else {}), **self._kind.values}
        parameters = {"type": "object", "properties": properties, "required": list(self._kind.required)}
        return Tool(self._kind.intent, self._kind.description, parameters)

    async def call(self, arguments: Mapping[str, Any], request: Request) -> Outcome:
        parameters = self.spec.parameters
        given = checked(_without_percent(arguments, parameters["properties"]), parameters)
        outcome = await carried_out(self._command(given, request), request, self._intents)
        if not outcome.acted:
            return outcome
        names = {entity.id: entity.name for entity in self._home.entities()}
        done = ", ".join(words(names[call.entity]) for call in outcome.acted)
        return replace(outcome, text=f"{outcome.text} (done: {done})")

    def _command(self, arguments: Mapping[str, Any], request: Request) -> Command:
        """As if it had been said. Raises ToolError for what no such command can be."""
        values = {name: arguments[name] for name in self._kind.values if name in arguments}
        if self._kind.values and not values:
            raise ToolError(f"say {' or '.join(self._kind.values)}")
        named = _entity(arguments, self._home.entities(), self._domains)
        place = _place(arguments, self._home.areas(), request, is_named=named is not None)
        kind = {"name": named.name} if named else {"domain": self._domain(arguments)}
        values = {**kind, **place, **values}
        return Command(
            intent=self._kind.intent,
            values=values,
            spoken={name: str(value) for name, value in values.items()},
            response=self._response(values, named.domain if named else values["domain"]),
            text=request.text,
            name_domain=named.domain if named else None,
            area_is_context="area" in place and not arguments.get("area"),
        )

    def _domain(self, arguments: Mapping[str, Any]) -> str:
        domain = arguments.get("domain") or (self._domains[0] if len(self._domains) == 1 else None)
        if domain not in self._domains:
            raise ToolError(f"say a name, or one of these as domain: {', '.join(self._domains)}")
        return str(domain)

    def _response(self, values: Mapping[str, Any], domain: str) -> str:
        """The key of the reply that the command would have."""
        match self._kind.intent:
            case "HassLightSet":
                return next(name for name in self._kind.values if name in values)
            case "RoomtoneArm":
                return "disarmed" if values["mode"] == "disarm" else "armed"
            case "HassTurnOn" | "HassTurnOff" if domain in _WORDED:
                return domain
            case _:
                return "default"


class LiveContext:
    """An `AgentTool` that reads: what there is, where, and how it is now."""

    acts: Final = False
    spec: Final = Tool(
        "GetLiveContext",
        "Finds things of the home, and tells their state now.",
        {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "words of the name"},
                "area": {"type": "string"},
                "domain": {"type": "string", "description": "light, sensor, cover ..."},
            },
        },
    )

    def __init__(self, home: Home) -> None:
        self._home = home

    async def call(self, arguments: Mapping[str, Any], request: Request) -> Outcome:  # noqa: ARG002 - as every tool's
        wanted = {word.rstrip("s") for word in _text(arguments, "name").split()}
        area = _text(arguments, "area")
        canonical = _area(area, self._home.areas()) if area and area != EVERYWHERE else None
        domain = _text(arguments, "domain")
        found = [
            entity
            for entity in self._home.entities()
            if canonical in {None, entity.area}
            and (not domain or domain in {entity.domain, entity.device_class})
            and wanted <= _words_of(entity)
        ]
        if not found:
            raise ToolError("nothing in the home fits that; look for less")
        lines = [f"{words(each.name)} ({each.domain}, {each.area or 'no area'}): {state_of(each)}" for each in found]
        more = [f"and {len(found) - MAX_SHOWN} more: look for something narrower"] if len(found) > MAX_SHOWN else []
        return Outcome("\n".join([*lines[:MAX_SHOWN], *more]))


def _words_of(entity: Entity) -> set[str]:
    """What may be said of it, but for the ends of plurals."""
    said = " ".join((entity.name, *entity.aliases, entity.area or "", entity.domain, entity.device_class or ""))
    return {word.rstrip("s") for word in said.casefold().split()}


def _text(arguments: Mapping[str, Any], name: str) -> str:
    """In lower case; empty where there is none."""
    return " ".join(str(arguments.get(name) or "").casefold().split())


def _entity(arguments: Mapping[str, Any], entities: Sequence[Entity], domains: Sequence[str]) -> Entity | None:
    """The one that is named, if one is; which of several of that name is meant is decided as for a voice."""
    said = _text(arguments, "name").removeprefix("the ")
    if not said:
        return None
    able = [entity for entity in entities if entity.domain in domains]
    names = {name.casefold(): entity for entity in reversed(able) for name in (entity.name, *entity.aliases)}
    if said in names:
        return names[said]
    close = get_close_matches(said, names, n=3)
    hint = f"; perhaps: {', '.join(names[name].name for name in close)}" if close else ""
    raise ToolError(f"nothing that can do that is called {arguments['name']!r}{hint}")


def _place(arguments: Mapping[str, Any], areas: Sequence[Area], request: Request, *, is_named: bool) -> dict[str, str]:
    """The slot `area`: that which was given, else the user's own, unless a name says enough."""
    said = _text(arguments, "area")
    if said == EVERYWHERE or (is_named and not said):
        return {}
    if said:
        return {"area": _area(said, areas)}
    return {"area": _area(request.area.casefold(), areas) if request.area else NOWHERE}


def _area(said: str, areas: Sequence[Area]) -> str:
    """As the home spells it. Raises ToolError."""
    for area in areas:
        if said in {name.casefold() for name in (area.name, *area.aliases)}:
            return area.name
    raise ToolError(f"there is no area {said!r}; there are: {', '.join(area.name for area in areas)}")


def _without_percent(arguments: Mapping[str, Any], properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Numbers without the sign that models like to put behind them."""
    return {
        name: value.rstrip(" %") if isinstance(value, str) and "minimum" in properties.get(name, ()) else value
        for name, value in arguments.items()
    }
