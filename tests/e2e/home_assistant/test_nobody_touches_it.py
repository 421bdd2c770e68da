"""A server and a satellite in one network with the real Home Assistant: it finds them, and they make one voice."""

import json
import shlex
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from support import recorded, talker
from support.server_end import free_port

from roomtone_server.bench import scene
from roomtone_server.bench.programs import program, until

SERVER, SATELLITE = "cellar", "landing"
ENTITY = f"assist_satellite.kitchen_{SATELLITE}"  # it stands in the kitchen
GAP_S = 1.0  # Home Assistant drops what is said before it knows of the wake word, up to half a second later
CLIPS, ANSWERED = 10, 8  # the embedded recogniser doubts some commands
STARTS_S = 150.0  # the first start learns the names of the home
TURN_S = 40.0
HEARD_WITHIN_S, TRIES = 8.0, 3  # a wake word; whoever was not heard says it again
RECOVERS_S = 15.0  # Home Assistant dials a satellite again 3 s after it was gone, and 10 s after that
PLAIN = 0  # the clip that everybody understands


class Ours:
    """Both of our ends, as processes that a test may start anew."""

    def __init__(self, folder: Path, running: AsyncExitStack, settings: dict) -> None:
        self._folder = folder
        self._running = running
        self._settings = settings
        self._stacks: dict[str, AsyncExitStack] = {}

    async def start(self, end: str) -> None:
        """Also one that runs: it is ended first."""
        if end in self._stacks:
            await self._stacks[end].aclose()
        config = self._folder / f"{end}.yaml"
        config.write_text(json.dumps(self._settings[end]))
        self._stacks[end] = await self._running.enter_async_context(AsyncExitStack())
        await self._stacks[end].enter_async_context(
            program(
                end,
                (end, "--config", str(config)),
                self._folder / f"{end}.log",
                {"ROOMTONE_STATE": str(self._folder / end)},
            )
        )

    def say(self, wake: scene.Clip, command: scene.Clip) -> None:
        whole = self._folder / "whole.raw"
        whole.write_bytes(scene.compose(wake, command, GAP_S).sound.tobytes())
        whole.rename(self._folder / "said.raw")


@asynccontextmanager
async def both(folder, home_assistant, home):
    """Their settings say where Home Assistant is, and nothing else of it."""
    allow = [home_assistant.running.host]
    microphone = shlex.join([sys.executable, talker.__file__, str(folder)])
    settings = {
        "server": {
            "name": SERVER,
            "listen": {"host": "127.0.0.1", "port": 0},
            "web": {"host": "127.0.0.1", "port": 0, "https_port": None},
            "home": {"engine": "virtual", "file": str(home)},
            "home_assistant": {"port": free_port(), "allow": allow},
        },
        "satellite": {
            "name": SATELLITE,
            "area": "Kitchen",
            "mode": "home-assistant",
            "home_assistant": {"port": free_port(), "allow": allow, "wake": "home-assistant"},
            "microphone": {"device": "command", "command": microphone},
            "speaker": "null",
        },
    }
    async with AsyncExitStack() as running:
        ours = Ours(folder, running, settings)
        await ours.start("server")
        await ours.start("satellite")
        yield ours


async def adds_both(home_assistant):
    """As Home Assistant offers them; then a pipeline of all that the server has."""
    entry = (await home_assistant.confirm(await home_assistant.discovered(SERVER, STARTS_S)))["result"]["entry_id"]
    engines = {entity.partition(".")[0]: entity for entity in await home_assistant.entities_of(entry)}
    pipeline = await home_assistant.make_pipeline(
        "ours",
        stt_engine=engines["stt"],
        tts_engine=engines["tts"],
        conversation_engine=engines["conversation"],
        wake_word_entity=engines["wake_word"],
        wake_word_id="hey_mycroft",
    )
    await home_assistant.confirm(await home_assistant.discovered(SATELLITE, STARTS_S))
    return pipeline


class Talk:
    """Turns with the satellite, as Home Assistant sees them."""

    def __init__(self, home_assistant, ours, pipeline, clips) -> None:
        self.home_assistant = home_assistant
        self._ours = ours
        self._pipeline = pipeline
        self._clips = clips

    @asynccontextmanager
    async def begun(self, clip=0):
        """Somebody says something, again if need be, until it listens; within, each state that it takes is told."""
        async with self.home_assistant.subscribed("subscribe_entities", entity_ids=[ENTITY]) as states:
            await becomes(states, "idle", TURN_S)
            await self._until_it_listens(states, clip)
            yield states

    async def _until_it_listens(self, states, clip):
        for _ in range(TRIES):
            self._ours.say(*self._clips[clip])
            with suppress(TimeoutError):
                await becomes(states, "listening", HEARD_WITHIN_S)
                return
        raise AssertionError(f"the wake word was not heard {TRIES} times")

    async def turn(self, clip=0):
        """What became of it: its transcript, and the reply if there was one, which has been played then."""
        async with self.begun(clip) as states:
            await becomes(states, "idle", TURN_S)
        told = await self._last_that_heard()
        if told.get("error", {}).get("code") == "stt-no-text-recognized":
            return "", ""
        assert told["tts-end"]["tts_output"]["url"]
        transcript = told["stt-end"]["stt_output"]["text"]
        return transcript, told["intent-end"]["intent_output"]["response"]["speech"]["plain"]["speech"]

    async def hears_again(self, runs_before):
        """Returns when a run that has begun since listens for the wake word. Raises RoomtoneError when that is late."""

        async def listens():
            if not (runs := await self.runs()) or runs[-1] in runs_before:
                return None
            told = await self._told(runs[-1])
            return ("wake_word-start" in told and not told.keys() & {"wake_word-end", "error"}) or None

        await until("Home Assistant hears the satellite again", listens, RECOVERS_S, [])

    async def _last_that_heard(self):
        for run in reversed(await self.runs()):
            if "stt-start" in (told := await self._told(run)):
                return told
        raise AssertionError("no pipeline has heard anything")

    async def runs(self):
        """Of the pipeline, the last at the end."""
        listed = await self.home_assistant.command("assist_pipeline/pipeline_debug/list", pipeline_id=self._pipeline)
        return [run["pipeline_run_id"] for run in listed["pipeline_runs"]]

    async def _told(self, run):
        """The events of a run, by their kind."""
        which = {"pipeline_id": self._pipeline, "pipeline_run_id": run}
        answer = await self.home_assistant.command("assist_pipeline/pipeline_debug/get", **which)
        return {event["type"]: event["data"] for event in answer["events"]}


async def becomes(states, wanted, deadline_s):
    """Returns when the satellite is in that state."""

    def is_it(event):
        added, changed = event.get("a", {}).get(ENTITY, {}), event.get("c", {}).get(ENTITY, {}).get("+", {})
        return wanted in (added.get("s"), changed.get("s"))

    await states.until(is_it, deadline_s)


@pytest.fixture
async def talk(fresh_home_assistant, folder, recordings):
    wake = scene.recorded(recordings / "wake" / "hey_mycroft_1.wav")
    english = [each for each in recorded.commands(recordings) if (each.language, each.kind) == ("en", "generated")]
    clips = [(wake, scene.recorded(each.path)) for each in english[:CLIPS]]
    async with both(folder, fresh_home_assistant, recordings / "home.yaml") as ours:
        pipeline = await adds_both(fresh_home_assistant)
        yield Talk(fresh_home_assistant, ours, pipeline, clips), ours


async def test_ten_clips_through_a_pipeline_of_all_that_is_ours(talk):
    talk, _ = talk
    heard = [await talk.turn(clip) for clip in range(CLIPS)]
    assert sum(bool(transcript and reply) for transcript, reply in heard) >= ANSWERED, heard


async def test_each_of_the_three_is_started_anew_in_the_middle_of_a_turn(talk):
    talk, ours = talk
    for restart in (
        lambda: ours.start("server"),
        lambda: ours.start("satellite"),
        talk.home_assistant.restart,
    ):
        async with talk.begun(PLAIN):
            runs_before = await talk.runs()
            await restart()
        await talk.hears_again(runs_before)
        assert await talk.turn(PLAIN) == ("close the windows in the office", "Closing the windows")
