"""Models of an Ollama server, which fetches and keeps them by itself."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from roomtone.errors import EngineMissing
from roomtone_server.engines.llm.ollama import ENGINE, Ollama, OllamaSettings
from roomtone_server.models.fetching import Progress
from roomtone_server.settings import ServerSettings


@asynccontextmanager
async def connected(settings: ServerSettings) -> AsyncIterator[Ollama]:
    """The server that `llm` names, else the one on this machine. Raises EngineMissing where its client is not."""
    if remedy := ENGINE.missing():
        raise EngineMissing(f"models of Ollama are fetched by its client: {remedy}")
    options = next((choice.options for choice in settings.llm if choice.engine == ENGINE.name), {})
    engine = Ollama(OllamaSettings.model_validate(options))
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


async def pull(engine: Ollama, name: str, progress: Progress) -> None:
    """Until it can be used. Raises EngineError."""
    status, done_bytes = "", 0
    async with aclosing(engine.pull(name)) as steps:
        async for step in steps:
            if step.status != status:
                status, done_bytes = step.status, step.done_bytes
                progress.begins(f"{name}: {status}", done_bytes, step.total_bytes or None)
            progress.came(max(0, step.done_bytes - done_bytes))
            done_bytes = max(done_bytes, step.done_bytes)
    progress.ended(f"{name}: {status}")
