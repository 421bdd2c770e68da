"""What answers a text, with or without a running server around it: the home, the agent, what they keep."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from roomtone.engines import Chosen, Surroundings
from roomtone.paths import cache_dir, make_private, state_dir
from roomtone_server.agent.base import Agent
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.kept import Kept
from roomtone_server.home.base import Home, HomeSettings
from roomtone_server.settings import ServerSettings
from roomtone_server.store.database import FILE_NAME, Database


@dataclass(frozen=True, slots=True)
class Mind:
    home: Home
    agent: Agent
    database: Database


def surroundings(settings: ServerSettings) -> Surroundings:
    """The server's own folders on this machine; the state is readable by its owner only."""
    return Surroundings(make_private(state_dir() / "server"), make_private(cache_dir()), settings.language)


@asynccontextmanager
async def open_mind(settings: ServerSettings, home: Chosen, around: Surroundings) -> AsyncIterator[Mind]:
    """Home and agent, started; closed, with nothing lost, at the end. Raises HomeError and StoreError."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(around.state / FILE_NAME))
        the_home: Home = home.make(around)
        stack.push_async_callback(the_home.close)
        await the_home.start()
        assert isinstance(home.settings, HomeSettings)
        agent = IntentAgent(
            the_home,
            Kept.in_database(database),
            settings.agent,
            confirm=home.settings.confirm,
            language=settings.language,
        )
        stack.push_async_callback(agent.close)
        await agent.start()
        yield Mind(the_home, agent, database)
