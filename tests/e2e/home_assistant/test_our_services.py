"""The real Home Assistant finds our services, adds them, and runs recorded commands through a pipeline of them."""

import asyncio
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from support import recorded
from support.home_assistant import Refused
from support.server_end import free_port
from support.sound import frames, silence

from roomtone.link.background import alongside
from roomtone_server.bench.ends import both_ends

NAME = "attic"
CLIPS = 10
CERTAIN = 2  # the number of a clip that is always understood
# Twice as fast as it was said: our endpoint counts samples, and the recogniser keeps up.
PACE_S = 0.01
NOTHING_MORE_S = 8.0  # of room behind each command: Home Assistant's own silence is 0.7 s


@asynccontextmanager
async def serving(folder: Path, home_assistant, home: Path | None = None, **settings):
    """A server of ours, which this Home Assistant may use."""
    async with both_ends(folder) as ends:
        await ends.start_server(home, settings_for(home_assistant, **settings))
        yield ends


def settings_for(home_assistant, **settings):
    return {"name": NAME, "home_assistant": {"port": 0, "allow": [home_assistant.running.host], **settings}}


async def added(home_assistant):
    """What the server brought, once it was found in the network and added: entities by their domain."""
    flow = await home_assistant.discovered(NAME)
    entry = (await home_assistant.confirm(flow))["result"]["entry_id"]
    entities = {}
    async with asyncio.timeout(30):
        while len(entities) < 4:
            entities = {each.partition(".")[0]: each for each in await home_assistant.entities_of(entry)}
            await asyncio.sleep(0.1)
    return entry, entities


async def made_pipeline(home_assistant, entities):
    return await home_assistant.make_pipeline(
        "ours",
        stt_engine=entities["stt"],
        tts_engine=entities["tts"],
        wake_word_entity=entities["wake_word"],
        wake_word_id="okay_nabu",
        conversation_engine=entities["conversation"],
    )


@pytest.fixture
async def ours(fresh_home_assistant, folder, recordings):
    async with serving(folder, fresh_home_assistant, recordings / "home.yaml") as ends:
        _, entities = await added(fresh_home_assistant)
        await made_pipeline(fresh_home_assistant, entities)
        yield fresh_home_assistant, entities, ends


def commands_of(recordings):
    """English ones, of a synthetic voice in a room and of people far away."""
    return [each for each in recorded.commands(recordings) if each.language == "en" and each.text]


async def heard(home_assistant, audio):
    """A run of the pipeline; None when nothing was understood: the embedded recogniser doubts some commands."""
    try:
        return await home_assistant.hear(audio, pace_s=PACE_S)
    except Refused as refused:
        if refused.code != "stt-no-text-recognized":
            raise
        return None


async def test_it_finds_them_adds_them_and_runs_commands(ours, recordings):
    home_assistant, entities, _ = ours
    assert entities == {
        "stt": "stt.attic",
        "tts": "tts.attic",
        "wake_word": "wake_word.attic",
        "conversation": "conversation.attic",
    }
    answered = 0
    for command in commands_of(recordings)[:CLIPS]:
        audio = frames(command.samples().tobytes() + silence(NOTHING_MORE_S))
        if run := await heard(home_assistant, audio):
            answered += 1
            if run.transcript == "nevermind":  # which is not answered
                continue
            assert run.reply
            reply = await home_assistant.download(run.data("tts-end")["tts_output"]["url"])
            assert reply.startswith(b"ID3"), "it comes as MP3, as Home Assistant has it for a browser"
    assert answered >= CLIPS - 2


async def test_the_wake_word_is_ours(ours, recordings):
    home_assistant, _, _ = ours
    wake = recorded.read(recordings / "wake" / "okay_nabu_1.wav").tobytes()
    command = commands_of(recordings)[0].samples().tobytes()
    audio = frames(silence(0.5) + wake + command + silence(NOTHING_MORE_S))
    run = await home_assistant.hear(audio, start="wake_word", pace_s=PACE_S)
    assert run.data("wake_word-end")["wake_word_output"]["wake_word_id"] == "okay_nabu"
    assert run.reply


async def test_it_goes_on_when_either_of_the_two_was_restarted(fresh_home_assistant, folder, recordings):
    home_assistant, port = fresh_home_assistant, free_port()
    audio = frames(commands_of(recordings)[CERTAIN].samples().tobytes() + silence(NOTHING_MORE_S))
    async with serving(folder, home_assistant, recordings / "home.yaml", port=port) as ends:
        _, entities = await added(home_assistant)
        await made_pipeline(home_assistant, entities)
        said = await home_assistant.hear(audio, pace_s=PACE_S)
        server = ends.programs.pop()
        async with alongside(_speak_into(home_assistant, audio)):
            server.process.kill()
            await server.process.wait()
        await ends.start_server(recordings / "home.yaml", settings_for(home_assistant, port=port))
        assert (await home_assistant.hear(audio, pace_s=PACE_S)).transcript == said.transcript
        await home_assistant.restart()
        assert (await home_assistant.hear(audio, pace_s=PACE_S)).transcript == said.transcript


async def _speak_into(home_assistant, audio):
    """Until the server goes away in the midst of it."""
    with suppress(Refused):
        await home_assistant.hear(audio, pace_s=PACE_S)
