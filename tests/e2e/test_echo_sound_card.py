"""`roomtone satellite echo` on a sound card: real buffers, real clocks, and a loopback for the air."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from support.command_line import ROOMTONE

from roomtone.ears.echo import speex
from roomtone_satellite.echo import alignment_path

LOOPBACK = ("pactl", "load-module", "module-loopback", "source=speaker.monitor", "sink=air", "latency_msec=40")


async def output_of(*command: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, said
    return said.decode()


@pytest.mark.usefixtures("sound_card")
async def test_the_delay_of_a_sound_card_is_found_and_its_echo_cancelled(tmp_path):
    if remedy := speex.ENGINE.missing():
        pytest.skip(f"speex cannot work here: {remedy}")
    await output_of(*LOOPBACK)
    settings = tmp_path / "satellite.yaml"
    settings.write_text('{"microphone": "pyaudio", "speaker": "pyaudio"}')
    said = await output_of(ROOMTONE, "satellite", "--config", settings, "echo")
    assert said.startswith("The echo comes ")
    assert 40 < json.loads(alignment_path().read_text())["delay_samples"] / 16 < 400
