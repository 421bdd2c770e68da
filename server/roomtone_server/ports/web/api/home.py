"""The home as it is now, and its services, called by hand."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus

from roomtone.errors import HomeError, HomeGone
from roomtone_server.agent.confirmation import guarded_calls
from roomtone_server.home import base
from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of, refusal
from roomtone_server.ports.web.api.requests import CallService, NoParameters
from roomtone_server.ports.web.api.shapes import Area, Entity, Fault, Home
from roomtone_server.ports.web.problems import Problem


def home_endpoints(home: base.Home, confirm: Sequence[base.Guarded]) -> Sequence[AnyEndpoint]:
    """`confirm`: what asks back first, as in the home's settings."""
    asked = _AskedOfHome(home, confirm)
    return any_of(
        Endpoint("GET", "/api/home", "read", "Areas, entities and their states", asked.tell, answer=Home),
        Endpoint(
            "POST",
            "/api/home/call",
            "control",
            "Call a service on one entity",
            asked.call,
            body=CallService,
            answer=Entity,
            refusals={
                404: "There is no such entity.",
                409: "This opens what is locked: ask whoever wants it, then send it again, `confirmed`.",
                503: "The home cannot be reached now.",
            },
        ),
    )


class _AskedOfHome:
    def __init__(self, home: base.Home, confirm: Sequence[base.Guarded]) -> None:
        self._home = home
        self._confirm = confirm

    async def tell(self, _call: Call) -> Home:
        """A large home takes longer to tell than the event loop may be held up."""
        home = self._home
        return await asyncio.to_thread(_told, home.areas(), home.entities(), home.fault())

    async def call(self, call: Call[NoParameters, CallService]) -> Entity:
        asked = call.body
        entities = {entity.id: entity for entity in self._home.entities()}
        if asked.entity not in entities:
            raise Problem(HTTPStatus.NOT_FOUND, "No such entity", f"there is no entity {asked.entity}")
        wanted = base.ServiceCall(asked.service, asked.entity, asked.data)
        if not asked.confirmed and (guarded := guarded_calls([wanted], entities, self._confirm)):
            detail = f"{asked.service} on {entities[asked.entity].name} needs to be confirmed"
            raise Problem(HTTPStatus.CONFLICT, "Not confirmed", detail, guarded=guarded[0].guarded)
        try:
            await self._home.call(wanted)
        except HomeGone:
            raise
        except HomeError as problem:
            raise refusal(Fault(where="body", what=str(problem))) from problem
        now = next((entity for entity in self._home.entities() if entity.id == asked.entity), entities[asked.entity])
        return entity_of(now)


def _told(areas: Sequence[base.Area], entities: Sequence[base.Entity], fault: str | None) -> Home:
    placed: dict[str | None, list[Entity]] = defaultdict(list)
    for entity in entities:
        placed[entity.area].append(entity_of(entity))
    told = [
        Area(
            id=area.name,
            name=area.name,
            floor=area.floor.name if area.floor else None,
            entities=placed.pop(area.name, []),
        )
        for area in areas
    ]
    elsewhere = [entity for entities in placed.values() for entity in entities]
    return Home(areas=told, elsewhere=elsewhere, fault=fault)


def entity_of(entity: base.Entity) -> Entity:
    return Entity(
        id=entity.id,
        name=entity.name,
        domain=entity.domain,
        state=entity.state,
        area=entity.area,
        device_class=entity.device_class,
        attributes=entity.attributes,
    )
