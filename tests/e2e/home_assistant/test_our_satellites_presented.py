"""The real Home Assistant finds a satellite of our server's, adds it, and announces on it; its timers ring there."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import numpy as np
from support.home_assistant import Refused
from support.server_end import free_port

from roomtone_server.bench.devices import NO_CHIMES, WavDevices
from roomtone_server.bench.ends import both_ends
from roomtone_server.ports.control import call_async

SATELLITE, AREA = "pantry", "Larder"


@asynccontextmanager
async def running(folder, server, satellite, *, is_new):
    """A server and its satellite, which is paired with it once."""
    async with both_ends(folder) as ends:
        await ends.start_server(None, server)
        if is_new:
            await ends.pair(satellite)
        await ends.start_satellite(satellite)
        yield ends


async def added(home_assistant, name):
    flow = await home_assistant.discovered(name)
    return (await home_assistant.confirm(flow))["result"]["entry_id"]


async def entity_of(home_assistant, entry, domain):
    async with asyncio.timeout(30):
        while True:
            for entity in await home_assistant.entities_of(entry):
                if entity.startswith(f"{domain}."):
                    return entity
            await asyncio.sleep(0.1)


async def area_of(home_assistant, entry):
    [device] = [
        each for each in await home_assistant.command("config/device_registry/list") if entry in each["config_entries"]
    ]
    names = {area["area_id"]: area["name"] for area in await home_assistant.command("config/area_registry/list")}
    return device["id"], names[device["area_id"]]


def heard(devices):
    """How long each announcement sounded, in the order of their turns."""
    answers = (answer for _, answer in sorted(devices.answers().items()))
    return [(answer.audible_ns[1] - answer.audible_ns[0]) / 1e9 for answer in answers if answer.audible_ns]


async def announced(home_assistant, entity):
    """Once it is connected to the satellite."""
    async with asyncio.timeout(30):
        while True:
            try:
                await home_assistant.call(
                    "assist_satellite.announce", entity, message="The cake is ready", preannounce=False
                )
            except Refused:
                await asyncio.sleep(0.5)
            else:
                return


async def outcome(watched):
    async for event in watched:
        if event["what"] == "ended":
            return event["data"]["outcome"]
    return None


async def test_it_announces_there_and_its_timers_ring_there(fresh_home_assistant, folder):
    home_assistant, port = fresh_home_assistant, free_port()
    ours = {"port": free_port(), "allow": [home_assistant.running.host], "satellite_ports": f"{port}-{port + 9}"}
    server = {"name": "loft", "home_assistant": ours}
    devices = WavDevices(np.zeros(16_000, np.int16), folder)
    satellite = {"name": SATELLITE, "area": AREA, "chimes": NO_CHIMES, **devices.settings}

    async with running(folder, server, satellite, is_new=True) as ends:
        services = await added(home_assistant, "loft")
        await home_assistant.make_pipeline("ours", tts_engine=await entity_of(home_assistant, services, "tts"))
        entry = await added(home_assistant, SATELLITE)
        entity = await entity_of(home_assistant, entry, "assist_satellite")
        device, area = await area_of(home_assistant, entry)
        assert area == AREA
        await home_assistant.state_is(entity, "idle")

        async with aclosing(call_async(ends.control, "watch", patience_s=60)) as watched:
            assert await anext(watched) == {"watching": True}
            await announced(home_assistant, entity)
            assert await outcome(watched) == "answered"
            assert [seconds > 0.5 for seconds in heard(devices)] == [True]

            answer = await home_assistant.converse("set a timer for 1 second", language="en", device_id=device)
            assert answer["response"]["response_type"] == "action_done"
            assert await outcome(watched) == "answered"
        assert [seconds > 0.5 for seconds in heard(devices)] == [True, True]
        assert await home_assistant.state(entity) == "idle", "no turn of its own was ever asked for"

    async with running(folder, server, satellite, is_new=False) as ends:  # found again, as what it was
        async with aclosing(call_async(ends.control, "watch", patience_s=60)) as watched:
            assert await anext(watched) == {"watching": True}
            await announced(home_assistant, entity)
            assert await outcome(watched) == "answered"
        entries = await home_assistant.command("config_entries/get", domain="wyoming")
        assert sorted(each["title"] for each in entries if each["title"] in {"loft", SATELLITE}) == ["loft", SATELLITE]
