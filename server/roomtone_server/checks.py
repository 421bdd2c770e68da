"""What `roomtone doctor` checks of the server."""

import asyncio
import functools
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from roomtone import extras
from roomtone.doctor import Check, Finding
from roomtone.errors import RoomtoneError, ServerNotRunning, SettingsError
from roomtone.link.security import make_certificate
from roomtone.paths import cache_dir
from roomtone.settings import load
from roomtone_server.models.installed import installed
from roomtone_server.ports.control import call, control_path
from roomtone_server.settings import CONFIG_VARIABLE, ServerSettings

MAX_NAMES_LISTED: Final = 20


def _server() -> Iterator[Finding]:
    """The settings, told here alone where they are wrong; the running server, or whether one could be started."""
    try:
        settings: ServerSettings | None = _settings()
    except RoomtoneError as problem:
        settings = None
        yield Finding("settings", "broken", str(problem))
    try:
        status = next(iter(call(control_path(), "status", patience_s=5)))
    except ServerNotRunning:
        yield Finding("server", "note", "not running", "roomtone server")
        if settings is not None:
            yield from _prospects(settings)
    except RoomtoneError as problem:
        yield Finding("server", "broken", str(problem), "stop it and start it again; its log may say why")
    else:
        engines = ", ".join(f"{kind} {engine['name']}" for kind, engine in status["engines"].items())
        satellites = ", ".join(status["satellites"]) or "no satellite"
        yield Finding("server", "works", f"{status['status']}; {engines}; connected: {satellites}")
        yield from (Finding(what, "degraded", text) for what, text in status.get("faults", {}).items())
        yield from _resting(status["chains"])
        yield from _names(status["unheard_names"])


def _prospects(settings: ServerSettings) -> Iterator[Finding]:
    """What a server would find here."""
    yield from _ports(settings)
    yield from _hearing()
    yield from _speaking()
    yield from _thinking()


def _resting(chains: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Finding]:
    """The engines of chains that others stand in for: see `EngineStatus`."""
    for kind, engines in chains.items():
        for engine in engines:
            if engine["state"] != "works":
                when = f"for {engine['rests_s']:.0f} s more" if engine["rests_s"] else "until it is asked again"
                yield Finding(f"{kind} engine {engine['name']}", "degraded", f"rests {when}: {engine['why']}")


def _names(unheard: Sequence[str]) -> Iterator[Finding]:
    if unheard:
        some = ", ".join(unheard[:MAX_NAMES_LISTED]) + (", ..." if len(unheard) > MAX_NAMES_LISTED else "")
        remedy = "give each an alias in plain words, or pip install 'roomtone[espeak]', which knows how to say more"
        yield Finding("names", "degraded", f"{len(unheard)} cannot be heard: {some}", remedy)


def _ports(settings: ServerSettings) -> Iterator[Finding]:
    wanted = {"satellites": settings.listen.port}
    if settings.web.enabled:
        wanted |= {"web": settings.web.port, "web, by HTTPS": settings.web.https_port or 0}
    if settings.home_assistant.enabled:
        wanted["Home Assistant"] = settings.home_assistant.port
    for what, port in wanted.items():
        if not port:  # any free one, or none
            continue
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("", port))
            except OSError as problem:
                remedy = "stop the program that listens there, or choose another port in server.yaml"
                yield Finding(f"port {port}", "broken", f"for {what}: {problem.strerror}", remedy)
            else:
                yield Finding(f"port {port}", "works", f"free, for {what}")


def _by_settings(check: Check) -> Check:
    """The same, which finds nothing where the settings cannot be read."""

    @functools.wraps(check)
    def with_settings() -> Iterator[Finding]:
        try:
            _settings()
        except SettingsError:
            return
        yield from check()

    return with_settings


@_by_settings
def _certificate() -> Iterator[Finding]:
    from roomtone_server.folders import surroundings

    try:
        identity = make_certificate(surroundings(_settings()).state)
    except RoomtoneError as problem:
        yield Finding("certificate", "broken", str(problem))
    else:
        yield Finding("certificate", "works", f"its fingerprint begins with {identity.fingerprint[:8].hex()}")


@_by_settings
def _mind() -> Iterator[Finding]:
    """The home and the agent, with one command put to them, that nobody carries out."""
    try:
        understood, entities, fault = asyncio.run(_ask())
    except RoomtoneError as problem:
        yield Finding("home", "broken", str(problem))
        return
    yield Finding("home", "broken", fault) if fault else Finding("home", "works", f"{entities} entities")
    if understood:
        yield Finding("agent", "works", "understands a command")
    else:
        yield Finding("agent", "broken", "does not understand a command", "reinstall roomtone[server]")


async def _ask() -> tuple[bool, int, str | None]:
    from roomtone import engines
    from roomtone_server.agent.base import Request
    from roomtone_server.folders import surroundings
    from roomtone_server.languages.language import language_of
    from roomtone_server.mind import open_mind

    settings = _settings()
    async with open_mind(settings, engines.choose("home", settings.home), surroundings(settings)) as mind:
        commands = language_of(settings.first_language).warm_up[:1]
        prepared = [await mind.agent.prepare(Request(text, settings.first_language)) for text in commands]
        return all(each.intent is not None for each in prepared), len(mind.home.entities()), mind.home.fault()


@_by_settings
def _models() -> Iterator[Finding]:
    """Which are installed; none need be."""
    from roomtone_server.models.manifest import read

    settings, here = _settings(), installed(cache_dir())
    manifest = read(settings.models.manifest)
    for kind, subject in (("whisper", "whisper models"), ("piper", "piper voices")):
        names = [title.partition("/")[2] for title in here if title.startswith(f"{kind}/")]
        some = ", ".join(names[:MAX_NAMES_LISTED]) + (", ..." if len(names) > MAX_NAMES_LISTED else "")
        if names:
            yield Finding(subject, "note", f"installed: {some}")
        else:
            best = manifest.best(kind, settings.first_language)
            fix = f"pull:{best.title}" if best and not extras.lacking(kind) else ""
            yield Finding(subject, "note", "none installed", "`roomtone models list` shows which there are", fix)


def _hearing() -> Iterator[Finding]:
    """The recogniser, started and taught the home's names."""
    try:
        unheard, chain = asyncio.run(_taught())
    except RoomtoneError as problem:
        yield Finding("recogniser", "broken", str(problem))
    else:
        yield Finding("recogniser", "works", "started, and taught the names of the home")
        yield from _languages()
        yield from _resting({"stt": chain})
        yield from _names(unheard)


def _languages() -> Iterator[Finding]:
    from roomtone_server.equipment import choose_ears, language_fault

    settings = _settings()
    if fault := language_fault(settings, choose_ears(settings)):
        yield Finding("language", "degraded", fault)


def _speaking() -> Iterator[Finding]:
    """The voices, started; a service elsewhere is not asked to speak."""
    try:
        names, chain = asyncio.run(_voices())
    except RoomtoneError as problem:
        yield Finding("voice", "broken", str(problem))
    else:
        yield Finding("voice", "works", f"{names}: started")
        yield from _resting({"tts": chain})


async def _voices() -> tuple[str, list[dict[str, Any]]]:
    """What speaks; how the engines fare, where they are a chain."""
    from roomtone_server.engines.base import TextToSpeech
    from roomtone_server.engines.chains import provider
    from roomtone_server.equipment import choose_voices
    from roomtone_server.folders import surroundings

    settings = _settings()
    voices = choose_voices(settings)
    tts: TextToSpeech = voices.make(surroundings(settings))
    try:
        await tts.start()
        chain = provider.chain_of(tts)
        status = chain.status() if chain else []
        names = ", ".join(each.name for each in status if each.state == "works") or voices.name
        return names, [asdict(each) for each in status]
    finally:
        await tts.close()


def _thinking() -> Iterator[Finding]:
    """The language model, asked what its server has. Without one, the commands of the home are understood."""
    try:
        if not _settings().llm:
            remedy = "name one as `llm` in server.yaml, such as: llm: {engine: ollama}"
            yield Finding("language model", "note", "the settings name none: commands alone are understood", remedy)
            return
        models, lacking, chain = asyncio.run(_answering())
    except RoomtoneError as problem:
        yield Finding("language model", "degraded", f"commands alone are understood: {problem}")
        return
    some = ", ".join(models[:MAX_NAMES_LISTED]) + (", ..." if len(models) > MAX_NAMES_LISTED else "")
    yield Finding("language model", "works", f"its server answers, and has: {some or 'no model'}")
    for name in lacking:
        yield Finding(f"ollama/{name}", "degraded", "Ollama does not have it", f"roomtone models pull ollama/{name}")
    yield from _resting({"llm": chain})


async def _answering() -> tuple[list[str], list[str], list[dict[str, Any]]]:
    """The models that can be chosen; those of the settings that Ollama lacks; how the engines of a chain fare."""
    from roomtone_server.engines.chains import provider
    from roomtone_server.folders import surroundings
    from roomtone_server.mind import open_model
    from roomtone_server.models.wanted import at_ollama

    settings = _settings()
    async with open_model(settings, surroundings(settings)) as model:
        models = await model.models() if model else []
        chain = provider.chain_of(model)
        status = [asdict(each) for each in chain.status()] if chain else []
    return models, [each.name for each in await at_ollama(settings)], status


async def _taught() -> tuple[list[str], list[dict[str, Any]]]:
    """The names that cannot be heard; how the engines fare, where they are a chain."""
    from roomtone import engines
    from roomtone_server.engines.base import SpeechToText
    from roomtone_server.engines.chains import provider
    from roomtone_server.equipment import choose_ears
    from roomtone_server.folders import surroundings
    from roomtone_server.home.base import Home

    settings = _settings()
    around = surroundings(settings)
    home: Home = engines.choose("home", settings.home).make(around)
    stt: SpeechToText = choose_ears(settings).make(replace(around, language=settings.language))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(home.close)
        await home.start()
        stack.push_async_callback(stt.close)
        await stt.start()
        changes = await stack.enter_async_context(aclosing(home.changes()))
        unheard = await stt.learn(await anext(changes))
        chain = provider.chain_of(stt)
        return unheard, [asdict(status) for status in chain.status()] if chain else []


def _settings() -> ServerSettings:
    """Those that `roomtone server` would take here."""
    config = os.environ.get(CONFIG_VARIABLE)
    return load(ServerSettings, Path(config) if config else None)


CHECKS: Final[Sequence[Check]] = (_server, _certificate, _mind, _models)
