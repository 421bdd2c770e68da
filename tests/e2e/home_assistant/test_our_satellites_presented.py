"""The real Home Assistant finds a satellite of our server's, adds it, and announces on it; its timers ring there."""

import asyncio
from contextlib import asynccontextmanager

import numpy as np
import pytest
from support.server_end import free_port

from roomtone_server.bench.devices import NO_CHIMES, WavDevices
from roomtone_server.bench.ends import both_ends
from roomtone_server.ports.control import call_async

SATELLITE, AREA = "pantry", "Larder"


@asynccontextmanager
async def ends_of(folder, home_assistant):
    """A server that this Home Assistant may use, and a satellite that is paired with it."""
    port = free_port()
    ours = {"port": 0, "allow": [home_assistant.running.host], "satellite_ports": f"{port}-{port}"}
    devices = WavDevices(np.zeros(16_000, np.int16), folder)
    satellite = {"name": SATELLITE, "area": AREA, "chimes": NO_CHIMES, **devices.settings}
    async with both_ends(folder) as ends:
        await ends.start_server(None, {"name": "loft", "home_assistant": ours})
        await ends.pair(satellite)
        await ends.start_satellite(satellite)
        yield ends, devices


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


@pytest.mark.usefixtures("recordings")
async def test_it_announces_there_and_its_timers_ring_there(fresh_home_assistant, folder):
    home_assistant = fresh_home_assistant
    async with ends_of(folder, home_assistant) as (ends, devices):
        services = await added(home_assistant, "loft")
        await home_assistant.make_pipeline("ours", tts_engine=await entity_of(home_assistant, services, "tts"))
        entry = await added(home_assistant, SATELLITE)
        entity = await entity_of(home_assistant, entry, "assist_satellite")
        device, area = await area_of(home_assistant, entry)
        assert area == AREA
        await home_assistant.state_is(entity, "idle")

        watched = call_async(ends.control, "watch", patience_s=60)
        assert await anext(watched) == {"watching": True}
        await home_assistant.call("assist_satellite.announce", entity, message="The cake is ready", preannounce=False)
        assert await outcome(watched) == "answered"
        assert [seconds > 0.5 for seconds in heard(devices)] == [True]

        answer = await home_assistant.converse("set a timer for 1 second", language="en", device_id=device)
        assert answer["response"]["response_type"] == "action_done"
        assert await outcome(watched) == "answered"
        await watched.aclose()
        assert [seconds > 0.5 for seconds in heard(devices)] == [True, True]
        assert await home_assistant.state(entity) == "idle", "no turn of its own was ever asked for"


async def outcome(watched):
    async for event in watched:
        if event["what"] == "ended":
            return event["data"]["outcome"]
    return None
