"""Players: pause, resume, next, previous, volume, mute, play."""

from collections.abc import Callable, Sequence
from typing import Final

from roomtone_server.agent.planning import CannotDo, Command, Handler, Plan, Reply, Situation
from roomtone_server.agent.targets import meant
from roomtone_server.home.base import Entity, ServiceCall

_DOMAIN: Final = "media_player"
VOLUME_STEP_PCT: Final = 10  # "louder"


def transport(service: str, *states: str) -> Handler:
    """A service on the players that are meant; when none was named, on those in one of `states`."""

    def plan(command: Command, situation: Situation) -> Plan:
        players = _players(command, situation, states)
        return _plan(command, players, lambda player: ServiceCall(f"{_DOMAIN}.{service}", player.id))

    return plan


def pause(command: Command, situation: Situation) -> Plan:
    """A bare "stop" where nothing plays is meant for nobody: it ends silently."""
    if "name" not in command.values and command.text.casefold() == "stop" and not _playing(situation):
        return Plan(Reply("nothing_playing", phrase=True), ends_silently=True)
    return transport("media_pause", "playing")(command, situation)


def set_volume(command: Command, situation: Situation) -> Plan:
    level = command.values["volume_level"] / 100
    return _plan(command, _players(command, situation, ("playing",)), lambda player: _volume(player, level))


def set_volume_relative(command: Command, situation: Situation) -> Plan:
    """A player that does not tell how loud it is takes a step of its own."""
    step = command.values["volume_step"]
    percent = {"up": VOLUME_STEP_PCT, "down": -VOLUME_STEP_PCT}.get(step, step)

    def call(player: Entity) -> ServiceCall:
        level = player.attributes.get("volume_level")
        if level is None:
            return ServiceCall(f"{_DOMAIN}.volume_{'up' if percent > 0 else 'down'}", player.id)
        return _volume(player, level + percent / 100)

    return _plan(command, _players(command, situation, ("playing",)), call)


def mute(command: Command, situation: Situation) -> Plan:
    return _set_mute(command, situation, muted=True)


def unmute(command: Command, situation: Situation) -> Plan:
    return _set_mute(command, situation, muted=False)


def search_and_play(command: Command, situation: Situation) -> Plan:
    """The player finds what was asked for; we only pass the words on."""
    query = command.values["search_query"]
    data = {"media_content_id": query, "media_content_type": command.values.get("media_class", "music")}
    players = _players(command, situation, ())[:1]
    plan = _plan(command, players, lambda player: ServiceCall(f"{_DOMAIN}.play_media", player.id, data))
    return Plan(Reply(command.response, slots={"media": query}), plan.calls)


def _volume(player: Entity, level: float) -> ServiceCall:
    return ServiceCall(f"{_DOMAIN}.volume_set", player.id, {"volume_level": round(max(0.0, min(1.0, level)), 2)})


def _set_mute(command: Command, situation: Situation, *, muted: bool) -> Plan:
    players = _players(command, situation, ("playing",))
    return _plan(
        command, players, lambda player: ServiceCall(f"{_DOMAIN}.volume_mute", player.id, {"is_volume_muted": muted})
    )


def _plan(command: Command, players: Sequence[Entity], call: Callable[[Entity], ServiceCall]) -> Plan:
    return Plan(Reply(command.response, state=players[0]), calls=[call(player) for player in players])


def _players(command: Command, situation: Situation, states: Sequence[str]) -> Sequence[Entity]:
    """The player that was named, or those of the area that was said. Else, of the speaker's own area and then of the
    whole home, those in one of `states`; else the only one there. Raises CannotDo."""
    if "name" in command.values or not command.area_is_context:
        return meant(command, situation, _DOMAIN)
    everywhere = [entity for entity in situation.entities if entity.domain == _DOMAIN]
    here = [player for player in everywhere if player.area == situation.area]
    for players in (here, everywhere):
        fitting = [player for player in players if player.state in states]
        if fitting:
            return fitting
        if len(players) == 1:
            return players
    if not everywhere:
        raise CannotDo("no_domain", domain=_DOMAIN)
    raise CannotDo("no_player" if states else "duplicate_targets")


def _playing(situation: Situation) -> bool:
    return any(entity.domain == _DOMAIN and entity.state == "playing" for entity in situation.entities)
