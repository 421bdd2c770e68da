"""The satellites that were paired."""

from collections.abc import Sequence

from roomtone_server.store.base import PairedSatellite
from roomtone_server.store.database import Database


class SqliteSatelliteStore:
    """A `base.SatelliteStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, satellite: PairedSatellite) -> None:
        await self._database.change(
            "INSERT OR REPLACE INTO satellite (id, name, area, said_name, said_area, token_hash, paired_at, seen_at)"
            " VALUES (?1, ?2, ?3, ?2, ?3, ?4, ?5, ?6)",
            satellite.id,
            satellite.name,
            satellite.area,
            satellite.token_hash,
            satellite.paired_at,
            satellite.seen_at,
        )

    async def find(self, satellite_id: str) -> PairedSatellite | None:
        rows = await self._database.select(
            "SELECT id, name, area, token_hash, paired_at, seen_at FROM satellite WHERE id = ?", satellite_id
        )
        return PairedSatellite(*rows[0]) if rows else None

    async def list(self) -> Sequence[PairedSatellite]:
        rows = await self._database.select(
            "SELECT id, name, area, token_hash, paired_at, seen_at FROM satellite ORDER BY name, id"
        )
        return [PairedSatellite(*row) for row in rows]

    async def remove(self, satellite_id: str) -> bool:
        return await self._database.change("DELETE FROM satellite WHERE id = ?", satellite_id) > 0

    async def seen(self, satellite_id: str, at: float, *, name: str, area: str | None) -> PairedSatellite | None:
        await self._database.change(
            "UPDATE satellite SET seen_at = ?2,"
            " name = CASE WHEN ?3 = said_name THEN name ELSE ?3 END, said_name = ?3,"
            " area = CASE WHEN ?4 IS NULL OR ?4 = said_area THEN area ELSE ?4 END, said_area = coalesce(?4, said_area)"
            " WHERE id = ?1",
            satellite_id,
            at,
            name,
            area,
        )
        return await self.find(satellite_id)

    async def rename(self, satellite_id: str, name: str, area: str | None) -> bool:
        changed = await self._database.change(
            "UPDATE satellite SET name = ?, area = ? WHERE id = ?", name, area, satellite_id
        )
        return changed > 0
