"""Models by name: which are meant, what they need, and each of them fetched by whoever can."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from roomtone.errors import ModelError
from roomtone_server.models import ollama
from roomtone_server.models.fetching import Fetched, Progress, fetch
from roomtone_server.models.installed import models_root
from roomtone_server.models.manifest import Manifest, Model
from roomtone_server.models.trust import Trust
from roomtone_server.settings import ServerSettings


def chosen(manifest: Manifest, names: Iterable[str], language: str | None) -> list[Model]:
    """Those of these names, and for a language the best recogniser and voice. Raises ModelError."""
    models = [manifest.find(name) for name in names]
    if language:
        best = [model for kind in ("whisper", "piper") if (model := manifest.best(kind, language))]
        if not best:
            raise ModelError(f"no model for {language!r} is known: `roomtone models list` shows those that are")
        models += best
    return list({model.title: model for model in models}.values())


async def pull(
    models: Sequence[Model], cache: Path, settings: ServerSettings, progress: Progress
) -> dict[str, Fetched]:
    """Installs them, one after the other; what was fetched over HTTP, by title. Raises ModelError and EngineError."""
    fetched: dict[str, Fetched] = {}
    for model in models:
        if model.kind == "ollama":
            async with ollama.connected(settings) as engine:
                await ollama.pull(engine, model.name, progress)
        else:
            fetched[model.title] = await fetch(model, cache, Trust(models_root(cache)), progress)
    return fetched
