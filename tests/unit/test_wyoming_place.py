"""Which of the services that announce themselves is taken; what is announced is scripted, who answers is real."""

import asyncio

import pytest
from support.stt_servers import wyoming_recogniser
from support.threaded_servers import crowded_port

from roomtone.errors import EngineError, LinkError
from roomtone.link.discovery import FoundService
from roomtone_server.engines import wyoming_place
from roomtone_server.engines.wyoming_place import WyomingPlaceSettings, WyomingService

HERE = ("127.0.0.1",)
NOWHERE = FoundService("nobody", HERE, 1)


@pytest.fixture
def server():
    with wyoming_recogniser() as server:
        yield server


@pytest.fixture
def announced(monkeypatch):
    """Makes these the services that are heard; gives how often it was listened."""
    listened = []

    def announced(*services):
        async def find(service, timeout_s, **_):
            listened.append((service, timeout_s))
            return list(services)

        monkeypatch.setattr(wyoming_place, "find_services", find)
        return listened

    return announced


def sought(find="", kind="asr", connect_s=3.0):
    return WyomingService("wyoming", WyomingPlaceSettings(find=find), connect_s, kind)


async def test_any_that_offers_what_is_sought_and_answers_is_taken_and_kept(announced, server):
    listened = announced(NOWHERE, FoundService("ears", ("127.0.0.9", *HERE), server.port))
    service = sought()
    assert service.where == "wyoming"
    for _ in range(2):
        async with service.connected() as connection:
            assert connection
    assert service.where.endswith(f":{server.port}")
    assert listened == [("_wyoming._tcp.local.", wyoming_place.FIND_ANY_S)]


async def test_one_that_does_something_else_is_not_taken(announced, server):
    announced(FoundService("ears", HERE, server.port))
    with pytest.raises(EngineError, match="finds no service for tts by zeroconf; it heard of: ears"):
        async with sought(kind="tts").connected():
            pytest.fail("it connected")


async def test_one_of_another_name_is_not_taken(announced, server):
    announced(FoundService("Ears", HERE, server.port), NOWHERE)
    async with sought("eArS").connected():
        pass
    with pytest.raises(EngineError, match="no service called 'nose' for asr by zeroconf; it heard of: Ears, nobody"):
        async with sought("nose").connected():
            pytest.fail("it connected")


async def test_one_that_has_moved_is_found_again(announced, server):
    service = sought()
    announced(FoundService("ears", HERE, server.port))
    async with service.connected():
        pass
    server.stop()
    with pytest.raises(EngineError, match="does it run"):
        async with service.connected():
            pytest.fail("it connected")
    with wyoming_recogniser() as moved:
        announced(FoundService("ears", HERE, moved.port))
        async with service.connected():
            assert service.where == f"wyoming at 127.0.0.1:{moved.port}"


async def test_many_addresses_at_which_nobody_answers_take_no_longer_than_one_may_wait(announced, monkeypatch):
    monkeypatch.setattr(wyoming_place, "ASK_S", 0.1)
    with crowded_port() as port:
        announced(*(FoundService(f"trap {number}", HERE, port) for number in range(64)))
        with pytest.raises(EngineError, match="finds no service"):
            async with asyncio.timeout(60), sought().connected():
                pytest.fail("it connected")


async def test_where_multicast_does_not_work_it_says_so(monkeypatch):
    async def refuse(*_, **__):
        raise LinkError("multicast does not work on this machine")

    monkeypatch.setattr(wyoming_place, "find_services", refuse)
    with pytest.raises(EngineError, match="finds no service: multicast does not work"):
        async with sought().connected():
            pytest.fail("it connected")
