"""A home and its agent, both real, for tests that talk to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from roomtone.engines import Surroundings
from roomtone_server.agent.base import Acted, Agent, Finished, Intent, Request, Said
from roomtone_server.agent.clocks import Clocks
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.kept import Kept
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.home.base import Entity
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.store.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Outcome:
    """What one command led to."""

    intent: Intent | None
    actions: list[tuple[str, str, dict[str, Any]]]  # service, entity, data
    reply: str
    finished: Finished


@dataclass(frozen=True)
class House:
    home: VirtualHome
    agent: Agent
    language: str = "en"

    def entity(self, entity_id: str) -> Entity:
        return next(entity for entity in self.home.entities() if entity.id == entity_id)

    async def say(
        self, text: str, area: str | None = "Kitchen", satellite: str = "k1", conversation: str = ""
    ) -> Outcome:
        request = Request(text, self.language, satellite, area, conversation)
        prepared = await self.agent.prepare(request)
        parts = [part async for part in self.agent.commit(prepared)]
        assert [part for part in parts if isinstance(part, Finished)] == parts[-1:]
        return Outcome(
            prepared.intent,
            [(part.call.service, part.call.entity, dict(part.call.data)) for part in parts if isinstance(part, Acted)],
            "".join(part.text for part in parts if isinstance(part, Said)),
            parts[-1],
        )

    @asynccontextmanager
    async def as_new(self) -> AsyncIterator[None]:
        """For a while, the same agent speaks to the example home as it is at first."""
        with TemporaryDirectory() as folder:
            home = VirtualHome(VirtualHomeSettings(), Surroundings(Path(folder), Path(folder)), now=lambda: NOON)
            await home.start()
            lived_in = self.agent._home
            self.agent._home = self.agent._reader._home = home
            yield
            self.agent._home = self.agent._reader._home = lived_in
            await home.close()


@asynccontextmanager
async def open_house(
    folder: Path, file: Path | None = None, executor: Any = None, clocks: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[House]:
    """All parts started, over the states and timers that `folder` holds; all closed at the end."""
    home = VirtualHome(
        VirtualHomeSettings(file=file), Surroundings(folder, folder), executor=executor, now=lambda: NOON
    )
    await home.start()
    async with Database.open(folder / "roomtone.db", executor) as database:
        the_clocks = Clocks(**({"local_now": lambda: NOON} | (clocks or {})))
        agent = IntentAgent(
            home,
            Kept.in_database(database, the_clocks),
            AgentSettings(),
            executor=executor,
            clocks=the_clocks,
            **options,
        )
        await agent.start()
        yield House(home, agent, options.get("language", "en"))
        await agent.close()
    await home.close()
