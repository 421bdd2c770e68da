"""The satellites of the house, whether they are connected or not."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.shapes import Abilities, Satellite, Satellites, TurnSummary, WakeWord
from roomtone_server.ports.web.api.turns import summary_of
from roomtone_server.runtime.house import House, Presence
from roomtone_server.runtime.remote import Ability
from roomtone_server.store.base import PairedSatellite, SatelliteStore, TurnStore


def satellite_endpoints(house: House, paired: SatelliteStore, turns: TurnStore) -> Sequence[AnyEndpoint]:
    async def tell(_call: Call) -> Satellites:
        return await satellites(house, paired, turns)

    return any_of(Endpoint("GET", "/api/satellites", "read", "The satellites", tell, answer=Satellites))


async def satellites(house: House, paired: SatelliteStore, turns: TurnStore) -> Satellites:
    """Those that are paired, and those of other kinds that are connected; by name."""
    known, last = await asyncio.gather(paired.list(), turns.last_of_each())
    last_turns = {turn.satellite: summary_of(turn) for turn in last}
    of_pair = {each.id: each for each in known}
    present = {each.satellite.id: each for each in house.present()}
    told = [
        _connected(each, of_pair.get(satellite_id), house.intercom_with(satellite_id), last_turns.get(satellite_id))
        for satellite_id, each in present.items()
    ]
    told += [_away(each, last_turns.get(each.id)) for each in known if each.id not in present]
    return Satellites(satellites=sorted(told, key=lambda each: (each.name, each.id)))


def _connected(
    presence: Presence, paired: PairedSatellite | None, intercom_with: str | None, last: TurnSummary | None
) -> Satellite:
    satellite, remote, state = presence.satellite, presence.remote, presence.remote.state
    return Satellite(
        id=satellite.id,
        name=satellite.name,
        area=satellite.area,
        kind=satellite.kind,
        connected=True,
        connected_since=presence.since,
        seen_at=paired.seen_at if paired else None,
        muted=state.muted if state else None,
        muted_there=state.muted_there if state else False,
        volume=state.volume if state else None,
        level_dbfs=remote.level_dbfs,
        wake_words=[WakeWord(**asdict(word)) for word in (state.wake_words if state else ())],
        intercom_with=intercom_with,
        last_turn=last,
        can=_abilities(remote.can),
    )


def _away(paired: PairedSatellite, last: TurnSummary | None) -> Satellite:
    """What is said there now, it hears when it is back."""
    return Satellite(
        id=paired.id,
        name=paired.name,
        area=paired.area,
        kind="native",
        connected=False,
        connected_since=None,
        seen_at=paired.seen_at,
        muted=None,
        muted_there=False,
        volume=None,
        level_dbfs=None,
        wake_words=(),
        intercom_with=None,
        last_turn=last,
        can=_abilities({"announce", "revoke"}),
    )


def _abilities(can: Iterable[Ability]) -> Abilities:
    return Abilities(**{name: name in set(can) for name in Abilities.model_fields})
