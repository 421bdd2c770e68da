"""Chimes, the owner's event commands, what the server says, and how long to wait."""

import asyncio
import os
import random
import sys
from array import array
from typing import get_args

import pytest
from wyoming.event import Event

from roomtone.backoff import FIRST_S, MOST_S, Backoff
from roomtone.errors import FrameError, LinkError, TokenRefused
from roomtone.link.events import Heard, Hello, Refused, Reply, event_of
from roomtone.satellite.events import EndpointFound, ReplyStarted, Sound
from roomtone_satellite import chimes
from roomtone_satellite.feedback import MAX_WAITING, EventCommands, EventCommandSettings
from roomtone_satellite.incoming import Incoming, ReplyAudio, ReplyAudioEnded, Told


@pytest.mark.parametrize("sound", get_args(Sound))
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 48_000])
def test_a_chime_is_short_soft_at_its_edges_and_as_loud_as_asked(sound, rate_hz):
    samples = array("h", chimes.render(sound, rate_hz, 0.5))
    assert 0.15 <= len(samples) / rate_hz <= (0.5 if sound != "timer" else 3.0)
    assert max(map(abs, samples)) <= 0.5 * 32_768
    assert max(map(abs, samples)) >= 0.2 * 32_768
    edge = rate_hz // 1000
    assert max(map(abs, samples[:edge])) < 0.1 * 32_768
    assert max(map(abs, samples[-edge:])) < 0.01 * 32_768


def test_no_two_chimes_are_the_same_and_silence_is_silent():
    assert len({chimes.render(sound, 16_000, 0.5) for sound in get_args(Sound)}) == len(get_args(Sound))
    assert not any(chimes.render("awake", 16_000, 0.0))


async def appears(fifo) -> str:
    return await asyncio.to_thread(fifo.read_text)


async def logged(caplog, text: str, times: int = 1) -> None:
    """Gives the loop to others until the log says it."""
    while caplog.text.count(text) < times:
        await asyncio.to_thread(os.sched_yield)


async def ran(settings: EventCommandSettings, *events: tuple[str, str], until) -> object:
    commands = EventCommands(settings, "den")
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(commands.run())
        for event, text in events:
            commands.say(event, text)
        result = await until
        task.cancel()
    return result


async def test_an_event_s_text_reaches_its_program_and_no_shell(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = (
        "import os, sys; said = [os.environ['ROOMTONE_' + key] for key in ('EVENT', 'SATELLITE', 'TEXT')];"
        "open(sys.argv[1], 'w').write('|'.join([*said, sys.stdin.read()]))"
    )
    settings = EventCommandSettings(transcript=f'{sys.executable} -c "{script}" {fifo}')
    text = 'it\'s $(reboot); "quoted" | ünï\0code'
    clean = text.replace("\0", "")
    got = await ran(settings, ("transcript", text), ("wake", "no program for this"), until=appears(fifo))
    assert got == f"transcript|den|{clean}|{clean}"


async def test_a_program_that_hangs_is_ended_with_what_it_started_and_the_next_one_runs(caplog):
    hangs = EventCommandSettings(wake="/bin/sh -c 'cat /dev/zero > /dev/null & wait'", timeout_s=0.01)
    await ran(hangs, *[("wake", "")] * 3, until=logged(caplog, "was ended", 3))


async def test_a_program_that_is_missing_or_fails_is_named(caplog):
    settings = EventCommandSettings(wake="/no/such/program", error="/bin/sh -c 'exit 3'")
    await ran(
        settings,
        ("wake", ""),
        ("error", ""),
        until=logged(caplog, "error event's program '/bin/sh' ended with status 3"),
    )
    assert "wake event's program '/no/such/program' cannot be started: No such file" in caplog.text


async def test_programs_that_are_too_slow_miss_events_and_hold_up_nothing(caplog):
    commands = EventCommands(EventCommandSettings(wake="true"), "den")
    for _ in range(MAX_WAITING + 1):
        commands.say("wake")
    assert "too slow" in caplog.text


def test_a_reply_s_audio_belongs_to_the_reply_announced_last():
    incoming = Incoming()
    chunk = Event("audio-chunk", {"rate": 22_050, "width": 2, "channels": 1}, b"\1\2")
    assert incoming.take(chunk) is None, "audio without a reply"
    assert incoming.take(event_of(Reply(5, "yes"))) == Told("reply", "yes")
    assert incoming.take(Event("audio-start", {"rate": 22_050})) == ReplyStarted(5)
    assert incoming.take(chunk) == ReplyAudio(5, b"\1\2", 22_050, 1)
    assert incoming.take(Event("audio-stop")) == ReplyAudioEnded(5)
    assert incoming.take(Event("transcript", {"text": "turn it on"})) == Told("transcript", "turn it on")
    assert incoming.take(event_of(Heard(5))) == EndpointFound(5)
    assert incoming.take(Event("from-the-future")) is None


@pytest.mark.parametrize(
    "event",
    [
        Event("audio-chunk", {"rate": 10**9, "width": 2, "channels": 1}, b"\0\0"),
        Event("audio-chunk", {"rate": "16000", "width": 2, "channels": 1}, b"\0\0"),
        Event("audio-chunk", {"rate": 16_000, "width": 4, "channels": 1}, b"\0\0\0\0"),
        Event("audio-chunk", {"rate": 16_000, "width": 2, "channels": 0}, b"\0\0"),
        Event("audio-chunk", {"rate": 16_000, "width": 2, "channels": 2}, b"\0\0"),
        Event("audio-chunk", {}, None),
        Event("transcript", {"text": 5}),
        Event("roomtone-heard", {"turn": -1}),
        event_of(Hello(1, "x", "y", "z", "w")),
    ],
)
def test_what_is_malformed_ends_the_connection(event):
    incoming = Incoming()
    incoming.take(event_of(Reply(2, "yes")))
    with pytest.raises(FrameError):
        incoming.take(event)


def test_a_server_that_sends_us_away_says_why():
    with pytest.raises(TokenRefused, match="revoked"):
        Incoming().take(event_of(Refused("token", "revoked")))
    with pytest.raises(LinkError, match="full"):
        Incoming().take(event_of(Refused("busy", "full")))


def test_waits_grow_to_their_limit_and_start_again_after_success():
    backoff = Backoff(random.Random(1))
    waits = [backoff.next_s() for _ in range(20)]
    assert waits[0] == FIRST_S
    assert all(FIRST_S <= wait <= MOST_S for wait in waits)
    assert min(waits[8:]) >= MOST_S / 2
    assert len(set(waits[8:])) > 1, "no jitter"
    backoff.reset()
    assert backoff.next_s() == FIRST_S
