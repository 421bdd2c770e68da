"""Which entities a command means: by name, area, domain, device class, or all of a kind."""

from collections.abc import Collection, Sequence

from roomtone_server.agent.planning import NOWHERE, CannotDo, Command, Situation
from roomtone_server.home.base import Entity


def named(command: Command, situation: Situation) -> Entity:
    """The one entity whose name was said. Of several with that name, the one in the area that was said, else in the
    speaker's own. Raises CannotDo."""
    if command.referents is not None:
        return _spoken_of(command.referents, situation)[0]
    name = command.values["name"]
    found = [
        entity for entity in situation.entities if entity.name == name and command.name_domain in {None, entity.domain}
    ]
    area = command.values.get("area")
    if area is not None:
        found = [entity for entity in found if entity.area == area]
        if not found:
            raise CannotDo("no_entity_in_area", entity=name, area=area)
    elif len(found) > 1:
        found = [entity for entity in found if entity.area == situation.area] or found
    if not found:
        raise CannotDo("no_entity", entity=name)
    if len(found) > 1:
        raise CannotDo("duplicate_entities", entity=name)
    return found[0]


def all_of(command: Command, situation: Situation, *domains: str) -> Sequence[Entity]:
    """The entities of a kind, in the command's area or on its floor if it has one; the kind is the command's own unless
    `domains` says.

    Raises CannotDo when there is none, saying what is missing where.
    """
    wanted = domains or (command.values["domain"],)
    device_class = command.values.get("device_class")
    area, floor = command.values.get("area"), command.values.get("floor")
    if area == NOWHERE:
        raise CannotDo("which_area")
    on_floor = {each.name for each in situation.areas if each.floor is not None and each.floor.name == floor}
    found = [
        entity
        for entity in situation.entities
        if entity.domain in wanted
        and (device_class is None or entity.device_class == device_class)
        and (area is None or entity.area == area)
        and (floor is None or entity.area in on_floor)
    ]
    if found:
        return found
    where = "_in_area" if area is not None else "_in_floor" if floor is not None else ""
    if device_class is not None:
        spoken = command.spoken["device_class"]
        raise CannotDo(f"no_device_class{where}", device_class=spoken, area=area, floor=floor)
    raise CannotDo(f"no_domain{where}", domain=wanted[0], area=area, floor=floor)


def meant(command: Command, situation: Situation, *domains: str) -> Sequence[Entity]:
    """The named entity, those that "it" stands for, or else all of the kind. Raises CannotDo."""
    if command.referents is not None:
        return _spoken_of(command.referents, situation)
    return [named(command, situation)] if "name" in command.values else all_of(command, situation, *domains)


def _spoken_of(ids: Collection[str], situation: Situation) -> Sequence[Entity]:
    found = [entity for entity in situation.entities if entity.id in ids]
    if not found:
        raise CannotDo("no_referent")
    return found


def nearest(command: Command, situation: Situation, domain: str) -> Sequence[Entity]:
    """As `meant`, but an area that was not said is only a preference: when it has nothing of the domain, the home's
    only such entity is meant. Raises CannotDo."""
    if "name" in command.values or not command.area_is_context:
        return meant(command, situation, domain)
    everywhere = [entity for entity in situation.entities if entity.domain == domain]
    here = [entity for entity in everywhere if entity.area == situation.area]
    if here or len(everywhere) == 1:
        return here or everywhere
    if not everywhere:
        raise CannotDo("no_domain", domain=domain)
    if situation.area is None:
        raise CannotDo("which_area")
    raise CannotDo("no_domain_in_area", domain=domain, area=situation.area)
