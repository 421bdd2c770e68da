"""`roomtone satellite` for Home Assistant, as a process of its own, with a wake word that was recorded."""

import json
import signal

from support.server_end import free_port
from wyoming.event import Event
from wyoming.info import Info

from roomtone.errors import PeerGone
from roomtone.link.stream import dial_plain
from roomtone_server.bench.programs import program, until

WORD = "wake/hey_jarvis_1.wav"


def settings(tmp_path, port, **microphone):
    path = tmp_path / "satellite.yaml"
    config = {
        "name": "process",
        "home_assistant": {"port": port},
        "wake": {"engine": "microwakeword", "words": ["hey_jarvis"]},
        "microphone": {"device": "wav", "wait_for_server": True} | microphone,
        "speaker": "null",
        "echo": "none",
    }
    path.write_text(json.dumps(config))
    return path


async def said(link, kind):
    while (event := await link.receive()).type != kind:
        assert event.type == "audio-chunk", f"{event.type} before {kind}"
    return event


async def listens(port):
    async def answers():
        try:
            async with dial_plain("127.0.0.1", port) as link:
                link.send(Event("describe"))
                return await link.receive()
        except PeerGone:
            return None

    return await until("the satellite listens", answers, 30.0, [])


async def test_a_recorded_wake_word_asks_for_a_run_and_the_button_gives_it_up(tmp_path, recordings):
    port = free_port()
    config = settings(tmp_path, port, file=str(recordings / WORD))
    command = ("satellite", "--mode", "home-assistant", "--config", str(config))
    async with program("satellite", command, tmp_path / "satellite.log", {}) as satellite:
        info = Info.from_event(await listens(port))
        assert [model.name for model in info.wake[0].models] == ["hey_jarvis"]
        async with dial_plain("127.0.0.1", port) as link:
            link.send(Event("run-satellite"))
            assert (await said(link, "detection")).data["name"] == "hey_jarvis"
            assert (await said(link, "run-pipeline")).data["start_stage"] == "asr"
            await said(link, "audio-chunk")
            satellite.process.send_signal(signal.SIGUSR2)
            assert (await said(link, "run-pipeline")).data["start_stage"] == "tts"
