"""`roomtone bench home-assistant` against the real one: it tells how long things take, and leaves nothing behind."""

import asyncio
import json
import sys
from pathlib import Path

ENTRIES_OF = "config_entries/get"
TURNS = 2


async def test_each_command_is_put_to_all_three_and_nothing_stays_behind(home_assistant):
    running = home_assistant.running
    command = ("bench", "home-assistant", "--url", running.url, "--token-file", str(running.token_file))
    before = await pipelines(home_assistant)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("roomtone")),
        *(*command, "--turns", str(TURNS)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    told = json.loads(said.splitlines()[-1])
    assert len(told["commands"]) == TURNS
    assert told["turns"] >= 1
    for way in ("ours", "ended", "waited"):
        assert told[way]["reply_ms"]["p50"] >= told[way]["stt_end_ms"]["p50"]
    assert told["ratio"]["stt_end_ms"]
    assert await pipelines(home_assistant) == before
    assert await home_assistant.command(ENTRIES_OF, domain="wyoming") == []


async def pipelines(home_assistant):
    listed = await home_assistant.command("assist_pipeline/pipeline/list")
    return [each["name"] for each in listed["pipelines"]]
