"""The real Home Assistant drives a satellite: each of its events, and its faults."""

import asyncio

import pytest
from support.driven_house import State, driven_house, running_satellite, satellite_settings
from wyoming.event import Event

from roomtone.link.stream import dial_plain
from roomtone_satellite.home_assistant import satellite as satellite_module

OWN_AGENT = "conversation.home_assistant"


async def test_it_is_found_by_zeroconf_and_stands_in_its_area(home_assistant):
    async with running_satellite(satellite_settings(home_assistant, "found by itself")) as (satellite, _):
        flow = await home_assistant.discovered("found by itself")
        entry = (await home_assistant.confirm(flow))["result"]["entry_id"]
        await satellite.until("Driven")
        devices = await home_assistant.command("config/device_registry/list")
        device = next(each for each in devices if entry in each["config_entries"])
        areas = {area["area_id"]: area["name"] for area in await home_assistant.command("config/area_registry/list")}
        assert (device["name"], areas[device["area_id"]]) == ("found by itself", "Kitchen")
        await home_assistant.remove(entry)
        await satellite.until("Paused", "Abandoned")


async def test_a_turn_by_the_satellite_s_own_wake_word(home_assistant):
    async with driven_house(home_assistant, "local", agent=OWN_AGENT) as house:
        await home_assistant.call("light.turn_off", "light.kitchen_lights")
        house.command()
        (detection,) = await house.satellite.until("detection")
        assert detection["name"] == "okay_nabu"
        await house.satellite.until("transcribe", "ListeningBegan")
        (transcript, synthesize, start) = await house.satellite.until("transcript", "synthesize", "audio-start")
        assert transcript["text"] == "turn on the kitchen lights"
        assert "light" in synthesize["text"]
        assert start["rate"] == 22_050
        await house.satellite.until("audio-stop", "ReplyPlayed", "played")
        await house.is_idle()
        await home_assistant.state_is("light.kitchen_lights", "on")
        how, _ = house.services.heard.get_nowait()
        assert how == "whole"


async def test_a_turn_by_a_wake_word_that_home_assistant_hears(home_assistant):
    async with driven_house(home_assistant, "remote", wake="home-assistant") as house:
        for _ in range(2):
            await house.satellite.until("detect")
            house.room.say(2.0)
            (detection,) = await house.satellite.until("detection")
            assert detection["name"] == "okay_nabu"
            await house.satellite.until("transcribe", "transcript", "synthesize", "audio-start", "audio-stop", "played")
            house.room.fall_silent()
            await house.room.lets_pass(2.0)  # a second wake word within 2 s is taken for another satellite's


async def test_an_announcement_is_over_when_it_has_been_played(home_assistant):
    async with driven_house(home_assistant, "announced") as house:
        house.services.reply_s = 2.0
        async with asyncio.TaskGroup() as tasks:
            announcing = tasks.create_task(house.announce("dinner is ready"))
            await house.satellite.until("audio-start", "audio-stop", "ReplyPlayed", "played")
            await announcing
        assert await house.services.spoken.get() == "dinner is ready"
        await house.answers()


@pytest.mark.parametrize("wake", ["satellite", "home-assistant"])
async def test_an_announcement_into_an_utterance(home_assistant, wake):
    async with driven_house(home_assistant, f"interrupted {wake}", wake=wake) as house:
        house.services.utterance_s = 60
        if wake == "home-assistant":
            await house.satellite.until("detect")
        house.command(60)
        await house.satellite.until("transcribe")
        await house.services.listening.wait()
        await house.announce("dinner is ready")
        await house.satellite.until("audio-start", "played")
        house.room.fall_silent()
        house.services.utterance_s = 0.5
        if wake == "satellite":
            await house.answers()
        else:
            await _heard_again(house)


async def test_mute_in_the_middle_of_an_utterance(home_assistant):
    async with driven_house(home_assistant, "muted") as house:
        house.services.utterance_s = 60
        house.command(60)
        await house.satellite.until("transcribe")
        await house.services.listening.wait()
        await house.mute(muted=True)
        await house.satellite.until("Paused")
        assert house.satellite.state is State.PAUSED
        await house.satellite.until("transcript", "synthesize", "audio-start", "played")
        assert house.satellite.state is State.PAUSED, "the reply to half a sentence is not played"
        house.room.fall_silent()
        await house.announce("you are muted")
        await house.satellite.until("audio-start", "ReplyPlayed", "played")
        await house.mute(muted=False)
        await house.satellite.until("Driven", "RunFailed")
        house.services.utterance_s = 0.5
        await house.answers()


@pytest.mark.parametrize("muted_s", [0.0, 4.0])
@pytest.mark.parametrize("wake", ["satellite", "home-assistant"])
async def test_muted_and_unmuted_it_hears_again(home_assistant, wake, muted_s):
    async with driven_house(home_assistant, f"muted {wake} {muted_s}", wake=wake) as house:
        if wake == "home-assistant":
            await house.satellite.until("detect")
        await house.mute(muted=True)
        await house.room.lets_pass(muted_s)
        await house.mute(muted=False)
        await house.satellite.until("Paused")
        while house.satellite.state is not State.WAITING:
            await house.satellite.told.get()
        if wake == "satellite":
            await house.answers()
        else:
            await _heard_again(house)


async def _heard_again(house):
    """The wake word is heard, in what is streamed, sooner or later."""

    async def repeat():
        while True:
            house.room.say(1.0)
            await house.room.lets_pass(3.0)

    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(repeat())
        await house.satellite.until("detection", "transcript", "played")
        speaking.cancel()


async def test_a_wake_word_into_a_reply_and_into_the_silence_before_it(home_assistant):
    async with driven_house(home_assistant, "barge-in") as house:
        house.services.reply_s = 60
        house.command()
        await house.satellite.until("audio-start")
        await house.room.lets_pass(2.0)
        house.services.reply_s = 0.5
        house.services.may_answer.clear()
        house.command()
        await house.satellite.until("played", "detection", "run-pipeline", "transcribe", "transcript")
        await house.room.lets_pass(2.6)
        house.command()  # while Home Assistant thinks
        await house.satellite.until("run-pipeline", "RunFailed", "detection", "run-pipeline", "transcript")
        house.services.may_answer.set()
        await house.satellite.until("synthesize", "audio-start", "played")
        await house.is_idle()


async def test_the_button_gives_an_utterance_up(home_assistant):
    async with driven_house(home_assistant, "button") as house:
        house.services.utterance_s = 60
        house.satellite.press_button()
        house.room.say(60)
        await house.satellite.until("transcribe")
        house.satellite.press_button()
        await house.satellite.until("RunFailed")
        house.room.fall_silent()
        await house.is_idle()
        house.services.utterance_s = 0.5
        await house.answers()


async def test_timers_are_told_and_ring(home_assistant):
    async with driven_house(home_assistant, "timers", agent=OWN_AGENT) as house:
        for text, kind in (
            ("set a five minute timer named pizza", "timer-started"),
            ("add one minute to my pizza timer", "timer-updated"),
            ("cancel my pizza timer", "timer-cancelled"),
        ):
            house.services.text = text
            house.command()
            (timer,) = await house.satellite.until(kind)
            assert timer["id"]
            await house.satellite.until("played")
            await house.room.lets_pass(2.1)
        house.services.text = "set a one second timer"
        house.command()
        await house.satellite.until("timer-started", "played", "timer-finished", "TimerFinished")
        assert house.satellite.state is State.RINGING
        house.satellite.forget()
        house.room.wake_word()
        await house.satellite.until("WakeHeard")
        assert house.satellite.state is State.WAITING


async def test_nothing_that_is_asked(home_assistant):
    """An utterance of nothing is an error of its own, and no alarm."""
    async with driven_house(home_assistant, "silent") as house:
        house.services.text = ""
        house.command()
        _, error = await house.satellite.until("detection", "error")
        assert error["code"] == "stt-no-text-recognized"
        house.services.text = "turn on the kitchen lights"
        await house.answers()


async def test_a_reply_that_comes_faster_than_it_sounds(home_assistant, monkeypatch):
    monkeypatch.setattr(satellite_module, "MAX_AHEAD_MS", 300)
    async with driven_house(home_assistant, "long reply") as house:
        house.services.reply_s = 9
        house.command()
        await house.satellite.until("roomtone-playing", "audio-stop", "ReplyPlayed", "played")
        await house.answers()


async def test_a_second_driver_is_told_that_there_is_one(home_assistant):
    async with driven_house(home_assistant, "wanted") as house:
        async with dial_plain("127.0.0.1", await house.satellite.port.number) as link:
            link.send(Event("describe"))
            assert (await link.receive()).data["satellite"]["name"] == "wanted"
            link.send(Event("run-satellite"))
            refusal = await link.receive()
            assert (refusal.type, refusal.data["code"]) == ("error", "busy")
            assert home_assistant.running.host in refusal.data["text"]
        await house.answers()


async def test_removed_and_added_again(home_assistant):
    async with driven_house(home_assistant, "removed") as house:
        await house.answers()
        await home_assistant.remove(house.entry)
        await house.satellite.until("Paused", "Abandoned")
        assert house.satellite.state is State.OFFLINE
        port = await house.satellite.port.number
        added = await home_assistant.add("wyoming", host=home_assistant.running.here, port=port)
        house.entry = added["entry_id"]
        await house.satellite.until("Driven", "RunFailed")
        await house.answers()


async def test_home_assistant_restarts_in_the_middle_of_a_turn(home_assistant):
    async with driven_house(home_assistant, "restarted") as house:
        house.services.may_answer.clear()
        house.command()
        await house.satellite.until("transcript")
        await home_assistant.restart()
        await house.satellite.until("Abandoned", "Driven")
        house.services.may_answer.set()
        await house.answers()
