"""A satellite's port for Home Assistant, on loopback: who may drive it, what is said, and bytes that are no events."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
from support.links import events_from, stranger
from support.satellite_parts import WORD, HandMicrophone, ScriptedWake, frame
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Info

from roomtone.errors import PortUnusable
from roomtone.link.codec import encode
from roomtone.link.discovery import own_addresses
from roomtone.link.stream import dial_plain
from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings
from roomtone_satellite.home_assistant import port as port_module
from roomtone_satellite.home_assistant.course import State
from roomtone_satellite.home_assistant.runs import CLEARED
from roomtone_satellite.home_assistant.satellite import HomeAssistantSatellite, NoWakeWords, Parts
from roomtone_satellite.settings import SatelliteSettings

HOST = "127.0.0.1"
CANNOT_BE = Error("a run of speech needs a text", CLEARED).event()
RUN, PAUSE = Event("run-satellite"), Event("pause-satellite")


class Watched(HomeAssistantSatellite):
    """Tells when it has come to a state."""

    awaited = None

    def __init__(self, settings, parts):
        super().__init__(settings, parts)
        self.reached = asyncio.Event()

    def happened(self, event):
        super().happened(event)
        if self.state is self.awaited:
            self.reached.set()


class Bench:
    def __init__(self, **chosen):
        driver = {"port": 0} | chosen.pop("home_assistant", {})
        settings = SatelliteSettings(name="bench", area="Kitchen", home_assistant=driver, **chosen)
        self.microphone = HandMicrophone()
        self.connected = asyncio.Event()
        wake = NoWakeWords() if settings.home_assistant.wake == "home-assistant" else ScriptedWake()
        speaker = NullSpeaker(NullSpeakerSettings(rate_hz=8_000))
        self.satellite = Watched(settings, Parts(self.microphone, speaker, wake, self.connected))

    @asynccontextmanager
    async def running(self):
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.satellite.run(), name="satellite")
            self.port = await self.satellite.port.number
            try:
                yield self
            finally:
                task.cancel()

    def dialled(self):
        return dial_plain(HOST, self.port)

    async def comes_to(self, state):
        self.satellite.awaited = state
        if self.satellite.state is not state:
            self.satellite.reached.clear()
            await self.satellite.reached.wait()


class Driver:
    """As Home Assistant is: what the satellite says, but for audio, in order."""

    def __init__(self, link):
        self.link = link
        self.audio = []

    @classmethod
    async def of(cls, link, *, asked_for=None):
        """`asked_for` is the stage of the run for which the satellite asks at once, if for any."""
        driver = cls(link)
        driver.say(RUN)
        if asked_for:
            assert (await driver.hears("run-pipeline")).data["start_stage"] == asked_for
        driver.say(Event("ping", {"text": "here"}), Event("describe"))
        assert (await driver.hears("info")).data["satellite"]["name"] == "bench"
        return driver

    def say(self, *events):
        for event in events:
            self.link.send(event)

    def speak(self, rate_hz, seconds):
        pcm = b"\x00\x08" * (rate_hz // 50)
        self.say(AudioStart(rate_hz, 2, 1).event())
        self.say(*[AudioChunk(rate_hz, 2, 1, pcm).event()] * round(seconds * 50), AudioStop().event())

    async def hears(self, kind):
        while (event := await self.link.receive()).type != kind:
            assert event.type == "audio-chunk", f"{event.type} before {kind}"
            self.audio.append(event)
        return event


@pytest.fixture
def soon_silent(monkeypatch):
    monkeypatch.setattr(port_module, "SILENT_S", 0.0)


async def test_anybody_allowed_may_ask_what_it_is():
    async with Bench().running() as bench:
        async with bench.dialled() as link:
            link.send(Event("describe"))
            info = Info.from_event(await link.receive())
        assert (info.satellite.name, info.satellite.area, info.satellite.installed) == ("bench", "Kitchen", True)
        assert [(model.name, model.phrase) for model in info.wake[0].models] == [("okay_nabu", "okay nabu")]
        assert [*info.asr, *info.tts, *info.handle, *info.intent] == []
        assert not bench.connected.is_set()


async def test_a_whole_turn():
    async with Bench().running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        bench.microphone.hear(frame(1), WORD)
        assert (await driver.hears("detection")).data["name"] == "okay_nabu"
        assert (await driver.hears("run-pipeline")).data == {
            "start_stage": "asr",
            "end_stage": "tts",
            "restart_on_end": False,
        }
        driver.say(Event("transcribe", {"language": "en"}))
        bench.microphone.hear(frame(2), frame(3))
        await bench.microphone.has_heard_all()
        driver.say(Event("voice-stopped", {"timestamp": 5}))
        await driver.hears("audio-stop")
        assert [chunk.payload for chunk in driver.audio] == [frame(2), frame(3)], "nothing of the wake word"
        assert [chunk.data["timestamp"] for chunk in driver.audio] == [40, 60]
        driver.say(Event("transcript", {"text": "lights on"}), Event("synthesize", {"text": "done"}))
        driver.speak(22_050, 0.1)
        await driver.hears("played")
        assert bench.satellite.state is State.WAITING


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000])
async def test_replies_of_any_rate(rate_hz):
    async with Bench().running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        driver.speak(rate_hz, 0.1)
        await driver.hears("played")


async def test_what_came_before_the_wake_word_goes_along_where_that_is_wanted():
    async with Bench(home_assistant={"preroll_ms": 40}).running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        bench.microphone.hear(*map(frame, range(1, 9)), WORD, frame(9))
        await driver.hears("detection")
        await driver.hears("run-pipeline")
        while len(driver.audio) < 3:
            driver.audio.append(await link.receive())
    assert [chunk.payload for chunk in driver.audio] == [frame(8), WORD, frame(9)]


async def test_remote_wake_words_stream_all_the_while():
    async with Bench(home_assistant={"wake": "home-assistant"}).running() as bench, bench.dialled() as link:
        link.send(Event("describe"))
        assert Info.from_event(await link.receive()).wake == []
        await Driver.of(link, asked_for="wake")
        bench.microphone.hear(frame(1))
        assert (await link.receive()).payload == frame(1)


async def test_a_second_driver_learns_why_it_is_refused():
    async with Bench().running() as bench, bench.dialled() as first, bench.dialled() as second:
        driver = await Driver.of(first)
        second.send(RUN)
        refusal = Error.from_event(await second.receive())
        assert refusal.code == "busy"
        assert first.peer.partition(":")[0] in refusal.text
        driver.speak(8_000, 0.02)
        await driver.hears("played")


async def test_a_driver_that_is_muted_or_gone_gives_way():
    async with Bench().running() as bench:
        async with bench.dialled() as first, bench.dialled() as second:
            (await Driver.of(first)).say(PAUSE)
            await bench.comes_to(State.PAUSED)
            await Driver.of(second, asked_for="tts")
        await bench.comes_to(State.OFFLINE)
        async with bench.dialled() as third:
            await Driver.of(third)


@pytest.mark.usefixtures("soon_silent")
async def test_a_driver_that_has_fallen_silent_gives_way():
    async with Bench().running() as bench, bench.dialled() as first, bench.dialled() as second:
        await Driver.of(first)
        await Driver.of(second)


async def test_who_was_unmuted_at_once_says_nothing_but_goes_on_pinging():
    async with Bench().running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        driver.say(PAUSE, Event("ping"), Event("ping"))
        assert (await driver.hears("run-pipeline")).data["start_stage"] == "tts"
        driver.say(CANNOT_BE)
        bench.microphone.hear(WORD)
        await driver.hears("detection")


async def test_one_ping_more_is_no_sign_of_life():
    async with Bench().running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        driver.say(PAUSE, Event("ping"))
        driver.speak(8_000, 0.02)
        await driver.hears("played")
        assert bench.satellite.state is State.PAUSED


async def test_who_is_not_allowed_is_told_so(caplog):
    caplog.set_level(logging.WARNING)
    ours = own_addresses()[0]
    if ours.startswith("127."):
        pytest.skip("this machine has loopback alone: nobody else can come")
    async with (
        Bench(home_assistant={"allow": ["203.0.113.1"]}).running() as bench,
        dial_plain(ours, bench.port) as link,
    ):
        link.send(RUN)
        refusal = Error.from_event(await link.receive())
        assert refusal.code == "not-allowed"
        assert f"add {ours} to `home_assistant.allow`" in refusal.text
        assert bench.satellite.state is State.OFFLINE


MALFORMED = [
    b"GET / HTTP/1.1\r\n\r\n",
    b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
    encode(Event("audio-chunk", {"rate": 1, "width": 2, "channels": 1}, bytes(2))),
    encode(Event("audio-chunk", {"rate": 16_000, "width": 2, "channels": 1}, bytes(3))),
    encode(Event("audio-chunk", {"rate": "16000", "width": 2, "channels": 1}, bytes(4))),
    encode(Event("transcript", {"text": 7})),
    encode(Event("synthesize")),
    encode(Event("error", {"text": ["no"]})),
    encode(Event("detection", {"name": {}})),
    encode(Event("timer-started", {"id": "eggs"})),
    encode(Event("timer-started", {"id": "eggs", "total_seconds": 5, "is_active": "yes"})),
    encode(Event("timer-finished", {"id": None})),
]


@pytest.mark.parametrize("said", MALFORMED)
async def test_malformed_words_end_the_connection_not_the_satellite(said):
    async with Bench().running() as bench:
        async with stranger(bench.port, tls=False) as (reader, writer):
            writer.write(encode(RUN) + said)
            assert {event.type async for event in events_from(reader)} <= {"run-pipeline"}
        async with bench.dialled() as link:
            await Driver.of(link)


async def test_what_it_does_not_know_is_let_pass():
    async with Bench().running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        driver.say(Event("run-pipeline"), Event("from-the-future", {"x": 1}), Event("audio-stop"), Event("pong"))
        driver.speak(8_000, 0.02)
        await driver.hears("played")


async def test_timers_of_any_number_and_name():
    async with Bench().running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        for number in range(100):
            timer = {"id": f"{number}" * 200, "name": "\x1b[2J" * 100, "total_seconds": 5}
            driver.say(Event("timer-started", timer), Event("timer-finished", {"id": timer["id"]}))
        driver.speak(8_000, 0.02)
        await driver.hears("played")
        assert bench.satellite.state is State.RINGING
        bench.satellite.press_button()
        assert bench.satellite.state is State.WAITING


async def test_mute_here_closes_the_ear():
    async with Bench().running() as bench, bench.dialled() as link:
        driver = await Driver.of(link)
        bench.microphone.hear(WORD)
        await driver.hears("detection")
        await driver.hears("run-pipeline")
        bench.satellite.toggle_mute()
        assert (await driver.hears("run-pipeline")).data["start_stage"] == "tts"
        driver.say(CANNOT_BE)
        bench.microphone.hear(WORD, frame(1))
        await bench.microphone.has_heard_all()
        bench.satellite.toggle_mute()
        bench.microphone.hear(WORD)
        await driver.hears("run-pipeline")


async def test_a_connection_that_breaks_off_in_the_middle_of_a_reply():
    async with Bench().running() as bench:
        async with bench.dialled() as link:
            driver = await Driver.of(link)
            driver.say(AudioStart(8_000, 2, 1).event())
            await bench.comes_to(State.PLAYING)
        await bench.comes_to(State.OFFLINE)
        async with bench.dialled() as link:
            await Driver.of(link)


async def test_a_port_that_is_taken_is_said_at_the_start():
    async with Bench().running() as bench:
        with pytest.RaisesGroup(PortUnusable):
            await Bench(home_assistant={"port": bench.port}).satellite.run()
