"""What the other tests of this folder build on: the real Home Assistant does what its client says."""

import pytest
from support.home_assistant import Refused, signed_in


async def test_a_service_changes_a_state(home_assistant):
    assert (await home_assistant.states())["light.kitchen_lights"]["state"] == "on"
    await home_assistant.call("light.turn_off", "light.kitchen_lights")
    await home_assistant.state_is("light.kitchen_lights", "off")
    assert await home_assistant.state("light.kitchen_lights") == "off"


async def test_what_it_refuses_has_a_code(home_assistant):
    with pytest.raises(Refused) as refused:
        await home_assistant.call("light.juggle", "light.kitchen_lights")
    assert refused.value.code == "not_found"


async def test_its_own_agent_answers(home_assistant):
    answer = await home_assistant.converse("turn on the kitchen lights", language="en")
    assert answer["response"]["response_type"] == "action_done"
    await home_assistant.state_is("light.kitchen_lights", "on")


async def test_a_pipeline_runs_from_text_to_reply(home_assistant):
    pipeline = await home_assistant.make_pipeline("written")
    async with home_assistant.pipeline(
        "intent", "intent", pipeline=pipeline, input={"text": "turn off the kitchen lights"}
    ) as run:
        await run.until("run-end")
    assert "light" in run.reply
    await home_assistant.state_is("light.kitchen_lights", "off")


async def test_a_restart_keeps_its_home(home_assistant):
    await home_assistant.command("config/area_registry/create", name="Observatory")
    await home_assistant.restart()
    assert "Observatory" in [area["name"] for area in await home_assistant.command("config/area_registry/list")]


async def test_the_next_client_finds_the_same_home(running):
    async with signed_in(running) as client:
        assert "Observatory" in [area["name"] for area in await client.command("config/area_registry/list")]


async def test_a_fresh_one_knows_nothing_of_it(fresh_home_assistant):
    areas = await fresh_home_assistant.command("config/area_registry/list")
    assert "Observatory" not in [area["name"] for area in areas]
