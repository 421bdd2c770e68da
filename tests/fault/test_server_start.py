"""A server that cannot start says why in one sentence, and leaves no process, no thread and no socket behind."""

import socket
import threading

import psutil
import pytest

from roomtone.engines import EngineChoice
from roomtone.errors import EngineError, HomeError, PortUnusable
from roomtone_server.ports.control import control_path
from roomtone_server.server import running
from roomtone_server.settings import HomeAssistantSettings, ListenSettings, ServerSettings, WebSettings

HOST = "127.0.0.1"
SETTINGS = ServerSettings(
    listen=ListenSettings(host=HOST, port=0),
    web=WebSettings(host=HOST, port=0, https_port=0),
    home_assistant=HomeAssistantSettings(port=0),
    discovery=False,
)
OWN_THREADS = ("espeak", "home", "store")


async def assert_does_not_start(settings, error, reason):
    with pytest.raises(error, match=reason):
        async with running(settings):
            pass
    assert not psutil.Process().children()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(OWN_THREADS)]
    assert not control_path().exists()


async def test_without_its_home(tmp_path):
    home = EngineChoice("virtual", {"file": str(tmp_path / "none.yaml")})
    await assert_does_not_start(SETTINGS.model_copy(update={"home": home}), HomeError, r"none\.yaml cannot be read")


async def test_with_a_voice_that_nobody_has():
    tts = (EngineChoice("espeak", {"voices": {"en": "nobody"}}),)
    await assert_does_not_start(SETTINGS.model_copy(update={"tts": tts}), EngineError, "nobody")


async def test_with_a_port_that_is_taken():
    with socket.create_server((HOST, 0)) as taken:
        listen = ListenSettings(host=HOST, port=taken.getsockname()[1])
        await assert_does_not_start(SETTINGS.model_copy(update={"listen": listen}), PortUnusable, str(listen.port))


async def test_with_a_web_port_that_is_taken():
    with socket.create_server((HOST, 0)) as taken:
        web = WebSettings(host=HOST, port=taken.getsockname()[1])
        await assert_does_not_start(SETTINGS.model_copy(update={"web": web}), PortUnusable, str(web.port))


async def test_with_a_port_for_services_that_is_taken():
    with socket.create_server((HOST, 0)) as taken:
        services = HomeAssistantSettings(port=taken.getsockname()[1])
        changed = SETTINGS.model_copy(update={"home_assistant": services})
        await assert_does_not_start(changed, PortUnusable, str(services.port))


async def test_what_stood_in_the_way_gone_it_starts():
    async with running(SETTINGS) as port:
        assert port > 0
    assert not psutil.Process().children()
