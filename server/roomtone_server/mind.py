"""What answers a text, with or without a running server around it: the home, the agent, what they keep."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from roomtone import engines
from roomtone.engines import Chosen, Surroundings
from roomtone_server.agent.assistant import Assistant
from roomtone_server.agent.base import Agent
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.kept import Kept
from roomtone_server.agent.referring import Referring
from roomtone_server.agent.thinking.kept_history import over_restarts
from roomtone_server.agent.thinking.thinker import Thinker
from roomtone_server.agent.tools.base import Toolbox
from roomtone_server.agent.tools.home import HomeTools
from roomtone_server.agent.tools.kept import KeptTools
from roomtone_server.engines.base import LanguageModel
from roomtone_server.engines.chains import provider
from roomtone_server.home.base import Home, HomeSettings
from roomtone_server.home.ducking import DuckingHome
from roomtone_server.settings import ServerSettings
from roomtone_server.store.conversations import SqliteConversationStore
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.ducked import SqliteDuckedStore


@dataclass(frozen=True, slots=True)
class Mind:
    home: Home
    agent: Agent
    database: Database
    thinker: Thinker | None = None  # what of the agent is a language model's
    toolboxes: Sequence[Toolbox] = ()  # the model's, to be tended
    faults: dict[str, str] = field(default_factory=dict)  # of that model, the last time that it was asked
    ducking: DuckingHome | None = None  # the home too, where its players are turned down


@asynccontextmanager
async def open_model(settings: ServerSettings, around: Surroundings) -> AsyncIterator[LanguageModel | None]:
    """The language model, or the chain of several, started; None where the settings name none. Raises EngineError."""
    if not settings.llm:
        yield None
        return
    model: LanguageModel = provider.choose("llm", settings.llm, settings.patience_s.llm).make(around)
    try:
        await model.start()
        yield model
    finally:
        await model.close()


@asynccontextmanager
async def open_mind(
    settings: ServerSettings, home: Chosen, around: Surroundings, llm: LanguageModel | None = None
) -> AsyncIterator[Mind]:
    """Home and agent, started; closed, with nothing lost, at the end. The language model is its maker's to start and to
    close. Raises HomeError and StoreError."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(around.state / FILE_NAME))
        the_home: Home = home.make(around)
        ducking: DuckingHome | None = None
        if settings.ducking.enabled:
            the_home = ducking = DuckingHome(the_home, settings.ducking.volume / 100, SqliteDuckedStore(database))
        stack.push_async_callback(the_home.close)
        await the_home.start()
        assert isinstance(home.settings, HomeSettings)
        kept = Kept.in_database(database)
        intents = IntentAgent(
            the_home,
            kept,
            settings.agent,
            confirm=home.settings.confirm,
            language=settings.first_language,
            cache=around.cache,
        )
        toolboxes: list[Toolbox] = []
        if llm is not None and settings.agent.order != "intents-only":
            toolboxes += [HomeTools(intents, the_home), KeptTools(intents, kept.memory, the_home)]
            toolboxes += _chosen_toolboxes(settings, around)
        for toolbox in toolboxes:
            stack.push_async_callback(toolbox.close)
            await toolbox.start(the_home.entities)
        mind = replace(_mind(settings, the_home, intents, database, toolboxes, llm), ducking=ducking)
        if (talker := the_home.talker()) is not None and settings.agent.order != "llm-first":
            referring = Referring(mind.agent, intents, the_home, talker, settings.agent)
            mind = replace(mind, agent=referring)
        stack.push_async_callback(mind.agent.close)
        await mind.agent.start()
        if mind.thinker is not None:
            conversations = SqliteConversationStore(database)
            persists = settings.memory.persist
            await stack.enter_async_context(over_restarts(mind.thinker.history, conversations, persists=persists))
        yield mind


def _chosen_toolboxes(settings: ServerSettings, around: Surroundings) -> Sequence[Toolbox]:
    """Those that the settings name. Raises EngineMissing, with what to install."""
    return [engines.choose("tools", choice).make(around) for choice in settings.tools]


def _mind(
    settings: ServerSettings,
    home: Home,
    intents: IntentAgent,
    database: Database,
    toolboxes: Sequence[Toolbox],
    llm: LanguageModel | None,
) -> Mind:
    """Without toolboxes there is nobody to use them: the intents answer alone."""
    if llm is None or not toolboxes:
        return Mind(home, intents, database)
    faults: dict[str, str] = {}
    thinker = Thinker(llm, home, toolboxes, settings.agent)
    assistant = Assistant(intents, thinker, settings.agent.order, faults)
    return Mind(home, assistant, database, thinker, toolboxes, faults)
