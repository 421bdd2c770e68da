"""Every language model engine that is declared, beside a server that speaks its protocol."""

import functools

import pytest
from support.entry_points import declare, in_project
from support.llm_servers import OllamaServer, OpenAIServer, running

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.engines.chains import provider

SERVERS = {"ollama": OllamaServer, "openai": OpenAIServer}
CHAIN_PATIENCE_S = 60  # far above what any engine here takes
DECLARED = in_project("roomtone.llm")


@pytest.fixture(params=sorted(DECLARED))
def kind(request, monkeypatch):
    declare(monkeypatch, engines, "roomtone.llm", DECLARED)
    if remedy := engines.load("llm", request.param).missing():
        pytest.skip(f"{request.param} cannot work here: {remedy}")
    return request.param


@pytest.fixture
async def server(kind):
    async with SERVERS[kind]().serving() as server:
        yield server


@pytest.fixture(params=[1])
def engine_count(request):
    """How many make is to put into a chain."""
    return request.param


@pytest.fixture
def make(kind, engine_count, server, tmp_path):
    """Makes an engine for the server, or a chain of such, not yet started."""

    def make(**options):
        choices = [EngineChoice(kind, {**server.settings(), **options})] * engine_count
        chosen = provider.choose("llm", choices, CHAIN_PATIENCE_S)
        return chosen.make(Surroundings(state=tmp_path / "state", cache=tmp_path / "cache"))

    return make


@pytest.fixture
def started(server):
    return functools.partial(running, server=server)


@pytest.fixture
def key(kind, monkeypatch):
    """Puts a key into the environment; gives the options of an engine that is to take it from there."""

    def key(key):
        monkeypatch.setenv("OLLAMA_API_KEY", key)
        return {} if kind == "ollama" else {"api_key_env": "OLLAMA_API_KEY"}

    return key
