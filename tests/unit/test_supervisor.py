"""What an add-on asks the Supervisor, and how it takes what is no answer."""

import pytest
from support.supervisor import HOSTNAME, TOKEN, serving

from roomtone.errors import SupervisorError
from roomtone_server.add_on import supervisor
from roomtone_server.add_on.supervisor import Outside, Supervisor


async def test_it_is_reached_at_the_hosts_addresses_and_ports():
    async with serving() as fake:
        outside = await fake.client().outside()
    assert outside == Outside(HOSTNAME, ("192.0.2.7", "2001:db8::7"), {10760: 20760})


async def test_an_add_on_without_ports_has_none():
    async with serving() as fake:
        fake.ports = None
        assert (await fake.client().outside()).ports == {}


async def test_home_assistant_is_told_of_a_service():
    async with serving() as fake:
        await fake.client().discovered("wyoming", {"uri": "tcp://here:10750"})
        assert fake.discovered.get_nowait() == {"service": "wyoming", "config": {"uri": "tcp://here:10750"}}


async def test_what_it_refuses_is_told_with_its_words():
    async with serving() as fake:
        with pytest.raises(SupervisorError, match=r"refuses /discovery .*HTTP 400.*must list services"):
            await fake.client().discovered("mqtt", {})


@pytest.mark.parametrize("answer", ["", "[]", '{"result": "ok"}', '{"result": "ok", "data": {"hostname": 3}}', "{" * 9])
async def test_what_is_no_answer_is_an_error(answer):
    async with serving() as fake:
        fake.garbage = answer
        with pytest.raises(SupervisorError, match=r"answer to /addons/self/info .*is none"):
            await fake.client().outside()


async def test_an_answer_without_end_is_not_read_to_it(monkeypatch):
    monkeypatch.setattr(supervisor, "MAX_ANSWER_BYTES", 64)
    async with serving() as fake:
        with pytest.raises(SupervisorError, match="is none"):
            await fake.client().outside()


async def test_a_token_that_it_does_not_know():
    async with serving() as fake:
        with pytest.raises(SupervisorError, match="HTTP 403"):
            await fake.client("b" * 64).outside()


async def test_nobody_there():
    with pytest.raises(SupervisorError, match="cannot be asked for /addons/self/info"):
        await Supervisor(TOKEN, "http://127.0.0.1:9").outside()


def test_elsewhere_there_is_none(monkeypatch):
    monkeypatch.delenv("SUPERVISOR_TOKEN", raising=False)
    assert Supervisor.of_this_add_on() is None
    monkeypatch.setenv("SUPERVISOR_TOKEN", TOKEN)
    assert Supervisor.of_this_add_on() is not None
