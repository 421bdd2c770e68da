"""Wyoming satellites of other makes over real sockets, in each of their modes; engines do as a test says."""

import asyncio
import logging
from array import array
from contextlib import asynccontextmanager

import pytest
from support.satellite_parts import WORD, ScriptedWake
from support.scripted import SILENCE, SPEECH, LoudnessVad, ScriptedAgent, ScriptedStt, ScriptedTts, parts
from support.stock_satellite import StockSatellite, listening
from wyoming.event import Event
from wyoming.info import Info

from roomtone.errors import SatelliteUnable
from roomtone.link.background import alongside
from roomtone_server.agent.base import Finished
from roomtone_server.ports.stock import silence
from roomtone_server.ports.stock.dialling import Dialled, keep_connected
from roomtone_server.runtime.house import House

UTTERANCE = SPEECH * 50 + SILENCE * 50


@asynccontextmanager
async def dialled(satellite: StockSatellite, name=None, area=None, **scripted):
    house = House(parts(**{"tts": ScriptedTts(seconds=0.3), **scripted}))
    async with listening(satellite) as uri, connecting(uri, house, name, area):
        await satellite.until("run-satellite")
        yield house


def connecting(uri, house, name=None, area=None):
    return alongside(keep_connected([Dialled(uri, name, area)], house, ScriptedWake))


async def test_one_that_streams_always_is_woken_here():
    satellite, stt = StockSatellite(answers_pings=False, tells_played=False), ScriptedStt()
    async with dialled(satellite, stt=stt):
        satellite.run_always()
        satellite.stream(SPEECH * 30)
        satellite.stream(SILENCE * 20 + WORD + UTTERANCE)
        await satellite.until("audio-stop")
        assert satellite.kinds[:6] == [
            "describe",
            "run-satellite",
            "detection",
            "transcribe",
            "voice-started",
            "voice-stopped",
        ]
        assert satellite.kinds[6:] == ["transcript", "synthesize", "audio-start", "audio-stop"]
        assert satellite.of("detection")[0].data["name"] == "okay_nabu"
        assert satellite.of("transcript")[0].data["text"] == "turn on the light"
        assert satellite.of("audio-start")[0].data["rate"] == 22_050
        assert satellite.played_samples == 22_050 * 3 // 10
        assert stt.requests[0].wake_phrase == "okay nabu"
        satellite.stream(WORD + UTTERANCE)
        await satellite.until("audio-stop", 2)
        assert len(satellite.of("detection")) == 2


async def test_one_that_waits_for_a_voice():
    satellite = StockSatellite()
    async with dialled(satellite):
        for turn in (1, 2):
            satellite.hear_voice(SILENCE * 40, WORD, SPEECH * 9)
            satellite.stream(UTTERANCE)
            await satellite.until("transcript", turn)  # and it streams no more
            await satellite.until("audio-stop", turn)
        assert len(satellite.of("detection")) == 2


@pytest.mark.parametrize(("word", "phrase"), [("hey_jarvis_v0.1", "hey jarvis"), (None, "")])
async def test_one_that_finds_its_wake_word_itself(word, phrase):
    satellite, stt = StockSatellite(), ScriptedStt()
    async with dialled(satellite, stt=stt):
        for turn in (1, 2):
            satellite.hear_word(word)
            satellite.stream(UTTERANCE)
            await satellite.until("audio-stop", turn)
        assert satellite.of("detection") == []
        assert [request.wake_phrase for request in stt.requests] == [phrase] * 2


class TolerantVad(LoudnessVad):
    """What was resampled is never quite silent."""

    def process(self, frame):
        return 1.0 if max(array("h", frame)) > 100 else 0.0


async def test_a_wake_word_of_its_own_is_enough_and_audio_in_another_format_too():
    satellite, stt = StockSatellite(), ScriptedStt()
    async with dialled(satellite, stt=stt, make_vad=TolerantVad):
        satellite.send(Event("detection", {"name": "alexa", "timestamp": None, "speaker": None}))
        speech, silence = SPEECH[:2] * 2 * 48_000, SILENCE[:2] * 2 * 48_000
        satellite.stream(speech, 48_000, 2)
        satellite.stream(silence, 48_000, 2)
        await satellite.until("audio-stop")
        assert stt.requests[0].wake_phrase == "alexa"
        assert abs(stt.heard_bytes / 2 / 16_000 - 1.3) < 0.5


async def test_where_the_settings_do_not_name_it_it_names_itself():
    agent = ScriptedAgent()
    for named, expected in (({}, ("Porch", "Garden")), ({"name": "Attic", "area": "Roof"}, ("Attic", "Roof"))):
        satellite = StockSatellite()
        async with dialled(satellite, **named, agent=agent) as house:
            satellite.hear_word()
            satellite.stream(UTTERANCE)
            await satellite.until("audio-stop")
            [known] = house.satellites
            assert (known.id, known.name, known.area) == (f"tcp://127.0.0.1:{satellite.port}", *expected)
        assert agent.asked[-1].area == expected[1]


async def test_a_wake_word_during_the_reply_silences_it():
    satellite = StockSatellite(tells_played=False)
    async with dialled(satellite, tts=ScriptedTts(seconds=60)):
        satellite.run_always()
        satellite.stream(WORD + UTTERANCE)
        await satellite.until("audio-start")
        satellite.stream(WORD)
        await satellite.until("audio-stop")
        assert satellite.played_samples < 22_050 * 10, "it was paced, so that little is left to sound"
        await satellite.until("detection", 2)
        satellite.stream(UTTERANCE)
        await satellite.until("audio-start", 2)


async def test_a_question_is_answered_without_a_wake_word_by_one_that_streams():
    agent = ScriptedAgent(finished=Finished(understood=True, expects_answer=True))
    satellite = StockSatellite()
    async with dialled(satellite, agent=agent):
        satellite.run_always()
        satellite.stream(WORD + UTTERANCE)
        await satellite.until("audio-stop")
        agent.finished = Finished(understood=True)
        while len(agent.committed) < 2:
            satellite.stream(SPEECH * 25 if len(satellite.of("transcribe")) == 2 else SILENCE * 25)
            satellite.stream(SILENCE * 50)
            await asyncio.sleep(0.02)  # a microphone takes its time
        assert len(satellite.of("detection")) == 1


async def test_one_that_streams_can_be_made_to_listen_and_talks_to_another_room():
    kitchen, attic = StockSatellite(), StockSatellite()
    async with (
        dialled(kitchen, "Kitchen") as house,
        alongside(house.intercoms.keep()),
        listening(attic) as uri,
        connecting(uri, house, "Attic"),
    ):
        await attic.until("run-satellite")
        [attic_id] = [each.id for each in house.satellites if each.name == "Attic"]
        [kitchen_id] = [each.id for each in house.satellites if each.name == "Kitchen"]
        with pytest.raises(SatelliteUnable, match="Kitchen cannot be made to listen"):
            house.intercom(kitchen_id, attic_id)
        for satellite in (kitchen, attic):
            satellite.run_always()
        async for _ in house.changes():
            if all("listen" in each.remote.can for each in house.present()):
                break
        house.intercom(kitchen_id, attic_id)
        for _ in range(3):  # the loop's steps until it is invited
            await asyncio.sleep(0)
        kitchen.stream(SILENCE * 10 + SPEECH * 50 + SILENCE * 60)
        await attic.until("audio-stop")
        assert attic.of("audio-start")[0].data["rate"] == 16_000
        assert attic.played_samples > 0, "of what came at once, the newest"
        house.end_intercom(attic_id)


async def test_a_timer_rings_on_it():
    satellite = StockSatellite()
    async with dialled(satellite) as house:
        while not house.satellites:  # noqa: ASYNC110 - the house has no event for it
            await asyncio.sleep(0)
        house.announce(f"tcp://127.0.0.1:{satellite.port}", "Your timer is over", "timer")
        await satellite.until("audio-stop")
        assert satellite.of("synthesize")[0].data["text"] == "Your timer is over"
        assert satellite.of("transcript") == []


async def test_the_end_of_its_stream_is_the_end_of_the_utterance():
    satellite = StockSatellite()
    async with dialled(satellite):
        satellite.hear_word()
        satellite.stream(SPEECH * 60)
        satellite.stop_streaming()
        assert (await satellite.until("transcript")).data["text"] == "turn on the light"


async def test_one_that_stops_in_the_middle_of_a_command_and_goes_on_is_heard_to_its_end():
    satellite, stt = StockSatellite(), ScriptedStt()
    async with dialled(satellite, stt=stt):
        satellite.hear_voice(SILENCE * 20, WORD)
        satellite.stream(SPEECH * 25)
        satellite.stop_streaming()
        satellite.hear_voice(SILENCE * 90)  # which is what it has instead of a memory
        satellite.stream(SPEECH * 25)
        satellite.stream(SILENCE * 50)
        await satellite.until("audio-stop")
        assert len(satellite.of("transcript")) == 1
        assert stt.heard_bytes < 640 * (25 + 51 + 50), "the silence in between was never heard"


async def test_one_that_stops_in_the_middle_of_a_command_for_good_has_said_it():
    satellite = StockSatellite()
    async with dialled(satellite):
        satellite.hear_voice(SILENCE * 20, WORD)
        satellite.stream(SPEECH * 25)
        satellite.stop_streaming()
        assert (await satellite.until("transcript")).data["text"] == "turn on the light"


async def test_a_turn_that_comes_to_nothing_lets_it_listen_for_its_wake_word_again():
    satellite = StockSatellite()
    async with dialled(satellite, stt=ScriptedStt(text="", spoken=False)):
        satellite.hear_word()
        satellite.stream(SILENCE * 60)
        satellite.stop_streaming()
        assert (await satellite.until("transcript")).data["text"] == ""
        assert satellite.of("error") == []


async def test_a_turn_that_fails_is_an_error_on_it():
    satellite = StockSatellite()
    async with dialled(satellite, stt=ScriptedStt(fails="the recogniser is broken")):
        satellite.hear_word()
        satellite.stream(UTTERANCE)
        await satellite.until("transcript")
        assert satellite.of("error")[0].data["text"] == "the recogniser is broken"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b'{"type":"audio-chunk","payload_length":99999999999}\n',
        b'{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":1},"payload_length":1}\nx',
        b'{"type":"audio-chunk","data":{"rate":1e9,"width":2,"channels":1}}\n',
        b'{"type":"audio-chunk","data":{"rate":16000,"width":4,"channels":1}}\n',
        b'{"type":"run-pipeline","data":{"start_stage":{}}}\n',
    ],
)
async def test_one_that_sends_nonsense_is_left_and_dialled_again(nonsense):
    satellite = StockSatellite()
    async with dialled(satellite) as house:
        satellite.send_bytes(nonsense)
        await satellite.until("run-satellite", 2)
        satellite.hear_word()
        satellite.stream(UTTERANCE)
        await satellite.until("audio-stop")
        assert len(house.satellites) == 1


async def test_one_that_is_not_there_is_said_once_and_found_when_it_comes(caplog):
    satellite = StockSatellite()
    async with listening(satellite) as uri:
        pass
    house = House(parts())
    with caplog.at_level(logging.WARNING):
        async with connecting(uri, house, "porch"):
            while not house.parts.faults:  # noqa: ASYNC110 - the house has no event for it
                await asyncio.sleep(0)
            assert "cannot be reached" in house.parts.faults["satellite porch"]
            async with listening(satellite, satellite.port):
                await satellite.until("run-satellite")
    assert len(caplog.records) == 1


async def test_one_that_is_silent_after_a_turn_is_connected_anew(monkeypatch):
    monkeypatch.setattr(silence, "SILENT_S", 0.3)
    satellite = StockSatellite(answers_pings=False, tells_played=False)
    async with dialled(satellite, tts=ScriptedTts(seconds=0.1)):
        for turn in (1, 2):
            satellite.run_always()
            satellite.stream(WORD + UTTERANCE)
            await satellite.until("audio-stop", turn)
            await satellite.until("run-satellite", turn + 1)
        assert satellite.connections == 3


async def test_a_fault_of_ours_with_one_leaves_the_others_and_is_logged(caplog):
    broken, sound = StockSatellite(), StockSatellite()
    house = House(parts())
    async with listening(broken) as one, listening(sound) as other, connecting(other, house):
        async with alongside(keep_connected([Dialled(one)], house, lambda: 1 / 0)):
            await broken.until("run-satellite")
            broken.run_always()
            await broken.until("run-satellite", 2)
        await sound.until("run-satellite")
        sound.hear_word()
        sound.stream(UTTERANCE)
        await sound.until("audio-stop")
    assert "please report it" in caplog.text


async def test_one_that_serves_another_is_said_to():
    satellite = StockSatellite()
    satellite.on_event = lambda event: satellite.hang_up() if event.type == "run-satellite" else None
    async with dialled(satellite) as house:
        await satellite.until("run-satellite", 2)
        [problem] = house.parts.faults.values()
        assert "hung up at once: perhaps another server" in problem


async def test_what_is_no_satellite_is_said_to_be_none():
    service = StockSatellite(info=Info())
    house = House(parts())
    async with listening(service) as uri, connecting(uri, house):
        await service.until("describe", 2)
    why = f"what answers at 127.0.0.1:{service.port} is no satellite, but another Wyoming service"
    assert house.parts.faults == {f"satellite {uri}": why}
