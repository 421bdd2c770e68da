"""Models that the settings' engines lack. None is fetched unless the settings, or whoever sits there, say so."""

from collections.abc import Callable, Iterator

from roomtone import engines
from roomtone.engines import AUTO, EngineChoice, Kind, ModelWanted, Surroundings
from roomtone.errors import EngineError, ModelError
from roomtone_server.engines.llm.ollama import ENGINE as OLLAMA
from roomtone_server.engines.llm.ollama import OllamaSettings
from roomtone_server.models import ollama
from roomtone_server.models.fetching import Progress
from roomtone_server.models.manifest import Manifest, Model, read
from roomtone_server.models.pulling import pull
from roomtone_server.settings import ServerSettings


async def provide(
    settings: ServerSettings, around: Surroundings, progress: Progress, may_fetch: Callable[[list[Model]], bool]
) -> None:
    """Fetches what the named engines lack, if it may. Raises ModelError, EngineError, SettingsError."""
    wanted = [*_on_disk(settings, around), *await at_ollama(settings)]
    if not wanted:
        return
    models = lacking(wanted, read(settings.models.manifest))
    if models and may_fetch(models):
        await pull(models, around.cache, settings, progress)


def lacking(wanted: list[ModelWanted], manifest: Manifest) -> list[Model]:
    """Those that are known. Of others, the engine itself says that it lacks them."""
    return list({model.title: model for each in wanted if (model := _known(each, manifest))}.values())


def _known(wanted: ModelWanted, manifest: Manifest) -> Model | None:
    if not wanted.name:
        return next(
            (model for model in manifest.models if model.kind == wanted.kind and model.has(wanted.language)), None
        )
    try:
        return manifest.find(f"{wanted.kind}/{wanted.name}")
    except ModelError:
        return None


def _on_disk(settings: ServerSettings, around: Surroundings) -> Iterator[ModelWanted]:
    for kind, choice in _named(settings):
        spec = engines.load(kind, choice.engine)
        if spec.missing() is None:
            yield from spec.lacks(spec.settings.model_validate(choice.options), around)


def _named(settings: ServerSettings) -> Iterator[tuple[Kind, EngineChoice]]:
    kinds: dict[Kind, tuple[EngineChoice, ...]] = {"stt": settings.stt, "tts": settings.tts, "llm": settings.llm}
    for kind, choices in kinds.items():
        yield from ((kind, choice) for choice in choices if choice.engine != AUTO)


async def at_ollama(settings: ServerSettings) -> list[ModelWanted]:
    """What an Ollama server lacks; nothing where none answers: it may start later."""
    choices = [choice for choice in settings.llm if choice.engine == OLLAMA.name]
    if not choices or OLLAMA.missing():
        return []
    wanted = OllamaSettings.model_validate(choices[0].options).model
    try:
        async with ollama.connected(settings) as engine:
            has = await engine.models()
    except EngineError:
        return []
    return [] if wanted in has or f"{wanted}:latest" in has else [ModelWanted("ollama", wanted)]
