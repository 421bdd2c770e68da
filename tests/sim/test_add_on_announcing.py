"""How an add-on is made known, on virtual time: while the Supervisor starts, and as its owner changes addresses."""

import asyncio
import contextlib
import logging
from dataclasses import replace

from support import virtual_time

from roomtone.errors import SupervisorError
from roomtone.link.background import alongside
from roomtone_server.add_on.announcing import LOOK_AGAIN_S, announce, offer
from roomtone_server.add_on.supervisor import Outside

HERE = Outside("abc-roomtone", ("192.0.2.7",), {10760: 20760})


class ScriptedSupervisor:
    def __init__(self, outside=HERE, refusals=0):
        self.now = outside
        self.refusals = refusals
        self.discoveries = []

    async def outside(self):
        if self.refusals:
            self.refusals -= 1
            raise SupervisorError("not ready")
        return self.now

    async def discovered(self, service, config):
        self.discoveries.append((service, config))


class Air:
    """What is announced at any moment."""

    def __init__(self):
        self.heard = []
        self.said = 0

    @contextlib.asynccontextmanager
    async def advertise(self, addresses, port):
        self.heard.append((addresses, port))
        self.said += 1
        try:
            yield
        finally:
            self.heard.remove((addresses, port))


def test_the_services_are_offered_by_the_name_that_home_assistant_resolves():
    supervisor = ScriptedSupervisor()
    virtual_time.run(offer(supervisor, 10750))
    assert supervisor.discoveries == [("wyoming", {"uri": "tcp://abc-roomtone:10750"})]


def test_a_supervisor_that_is_starting_is_waited_for_and_told_of_once(caplog):
    supervisor = ScriptedSupervisor(refusals=20)
    with caplog.at_level(logging.WARNING):
        virtual_time.run(offer(supervisor, 10750))
    assert len(supervisor.discoveries) == 1
    assert [record.message for record in caplog.records] == ["not ready; asking again until it answers"]


def test_what_is_announced_follows_the_host(caplog):
    caplog.set_level(logging.INFO)
    supervisor, air = ScriptedSupervisor(), Air()

    async def main():
        async with alongside(announce(supervisor, 10760, air.advertise)):
            await asyncio.sleep(LOOK_AGAIN_S * 3)
            assert (air.heard, air.said) == ([(("192.0.2.7",), 20760)], 1)
            supervisor.now = replace(HERE, addresses=("192.0.2.8",))
            await asyncio.sleep(LOOK_AGAIN_S * 2)
            assert air.heard == [(("192.0.2.8",), 20760)]
            supervisor.now = replace(HERE, ports={})
            await asyncio.sleep(LOOK_AGAIN_S * 2)
            assert air.heard == []
            assert "port 10760 is not open" in caplog.text
            supervisor.now = HERE
            await asyncio.sleep(LOOK_AGAIN_S * 2)
            assert air.heard == [(("192.0.2.7",), 20760)]
        assert air.heard == []

    virtual_time.run(main())
