"""A small client of the real Home Assistant: REST and websocket, in the test's own task.

Whoever waits for a message reads the socket for all: there is no task in the background. Every wait has a deadline.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from support.home_assistant_kit import Running

from roomtone.link.background import alongside
from roomtone_server.bench.programs import until

DEADLINE_S = 30.0
ANSWERS_S = 120.0  # after a restart, on a machine with much else to do

Json = Any  # what json.loads gives


class Refused(Exception):
    """Home Assistant did not do what it was asked; the code is its own."""

    def __init__(self, asked: str, code: str, message: str) -> None:
        super().__init__(f"{asked}: {code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Subscription:
    """Events of one kind, each seen once."""

    socket: "_Socket"
    number: int

    async def next(self, deadline_s: float = DEADLINE_S) -> Json:
        async with asyncio.timeout(deadline_s):
            return (await self.socket.answer(self.number))["event"]

    async def until(self, condition: Callable[[Json], bool], deadline_s: float = DEADLINE_S) -> Json:
        """The first event that meets the condition; those before it are dropped."""
        async with asyncio.timeout(deadline_s):
            while not condition(event := await self.next(deadline_s)):
                pass
        return event


@dataclass
class PipelineRun:
    """One run of an Assist pipeline, and what it has told so far."""

    socket: "_Socket"
    number: int
    events: list[Json] = field(default_factory=list)
    _handler: int = 0

    async def next(self, deadline_s: float = DEADLINE_S) -> Json:
        async with asyncio.timeout(deadline_s):
            event = (await self.socket.answer(self.number))["event"]
        self.events.append(event)
        if event["type"] == "run-start":
            self._handler = event["data"]["runner_data"]["stt_binary_handler_id"] or 0
        return event

    async def until(self, kind: str, deadline_s: float = DEADLINE_S) -> Json:
        """The data of the next event of a kind, `run-end`, say. Raises Refused when the pipeline fails before."""
        async with asyncio.timeout(deadline_s):
            while (event := await self.next(deadline_s))["type"] != kind:
                if event["type"] == "error":
                    raise Refused("the pipeline", event["data"]["code"], event["data"]["message"])
        return event["data"]

    async def hear(self, pcm: bytes) -> None:
        """A piece of the utterance (int16, mono); after `run-start`."""
        assert self._handler, "it has not started yet, or does not listen"
        await self.socket.send_bytes(bytes([self._handler]) + pcm)

    async def hear_no_more(self) -> None:
        await self.hear(b"")

    def data(self, kind: str) -> Json:
        """Of the last event of that kind."""
        return next(event["data"] for event in reversed(self.events) if event["type"] == kind)

    @property
    def transcript(self) -> str:
        return str(self.data("stt-end")["stt_output"]["text"])

    @property
    def reply(self) -> str:
        return str(self.data("intent-end")["intent_output"]["response"]["speech"]["plain"]["speech"])


class _Socket:
    """One websocket, with an answer for each who waits."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = 0
        self._reading = asyncio.Lock()
        self._answers: defaultdict[int, deque[Json]] = defaultdict(deque)

    @classmethod
    async def signed_in(cls, socket: aiohttp.ClientWebSocketResponse, token: str) -> Self:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token})
        assert (await socket.receive_json())["type"] == "auth_ok"
        return cls(socket)

    async def ask(self, kind: str, **data: Json) -> int:
        """Sends a command; its number is that of its answers."""
        self._numbers += 1
        number = self._numbers  # another may ask while this is sent
        await self._socket.send_json({"id": number, "type": kind} | data)
        return number

    async def answer(self, number: int) -> Json:
        answers = self._answers[number]
        while not answers:
            async with self._reading:
                if not answers:
                    message = await self._socket.receive_json()
                    self._answers[message["id"]].append(message)
        return answers.popleft()

    async def result(self, number: int) -> Json:
        """Whether it was done; some events come before it, and are answers still."""
        before = []
        while "success" not in (answer := await self.answer(number)):
            before.append(answer)
        self._answers[number].extendleft(reversed(before))
        return answer

    async def send_bytes(self, data: bytes) -> None:
        await self._socket.send_bytes(data)

    async def close(self) -> None:
        await self._socket.close()


class HomeAssistant:
    """Signed in as its owner. `running` is the process behind it."""

    def __init__(self, running: Running, session: aiohttp.ClientSession) -> None:
        self.running = running
        self._session = session
        self._socket: _Socket | None = None

    async def connect(self) -> None:
        """Anew, once it answers and has finished its start."""

        async def answers() -> bool | None:
            with suppress(aiohttp.ClientError):
                async with AsyncExitStack() as unless_it_runs:
                    web_socket = await self._session.ws_connect("/api/websocket", max_msg_size=0)
                    unless_it_runs.push_async_callback(web_socket.close)
                    self._socket = await _Socket.signed_in(web_socket, self.running.token)
                    if (await self.command("get_config"))["state"] == "RUNNING":
                        unless_it_runs.pop_all()
                        return True
            return None

        await until("Home Assistant answers", answers, ANSWERS_S, [])

    async def disconnect(self) -> None:
        await self._connected.close()

    async def restart(self) -> None:
        """Ended, and started with the home that it has; the connection is a new one."""
        await self.disconnect()  # or it waits for us before it ends
        await asyncio.to_thread(self.running.restart)
        await self.connect()

    async def command(self, kind: str, **data: Json) -> Json:
        """The result of a websocket command. Raises Refused."""
        socket = self._connected
        async with asyncio.timeout(DEADLINE_S):
            return _result(kind, await socket.answer(await socket.ask(kind, **data)))

    @asynccontextmanager
    async def subscribed(self, kind: str, **data: Json) -> AsyncIterator[Subscription]:
        """To the events of a command: `subscribe_events`, `subscribe_entities`, `config_entries/flow/subscribe` ..."""
        socket = self._connected
        async with asyncio.timeout(DEADLINE_S):
            number = await socket.ask(kind, **data)
            _result(kind, await socket.result(number))
        yield Subscription(socket, number)
        await self._unsubscribe(socket, number)

    async def rest(self, method: str, path: str, body: Json = None) -> Json:
        """What a path below /api answers, decoded. Raises aiohttp.ClientResponseError."""
        async with (
            asyncio.timeout(DEADLINE_S),
            self._session.request(method, f"/api/{path}", json=body, raise_for_status=True) as response,
        ):
            return await response.json()

    async def download(self, path: str) -> bytes:
        """What its own server has at a path, such as the reply of a pipeline."""
        async with asyncio.timeout(DEADLINE_S), self._session.get(path, raise_for_status=True) as response:
            return await response.read()

    # The home

    async def call(self, service: str, entity: str | None = None, **data: Json) -> Json:
        """Calls `light.turn_on`, say. Raises Refused."""
        domain, name = service.split(".")
        target = {} if entity is None else {"target": {"entity_id": entity}}
        return await self.command("call_service", domain=domain, service=name, service_data=data, **target)

    async def states(self) -> dict[str, Json]:
        """Every entity's state, by its id."""
        return {state["entity_id"]: state for state in await self.command("get_states")}

    async def state(self, entity: str) -> str:
        return str((await self.rest("GET", f"states/{entity}"))["state"])

    async def state_is(self, entity: str, wanted: str, deadline_s: float = DEADLINE_S) -> None:
        """Returns when the entity has that state."""
        async with self.subscribed("subscribe_entities", entity_ids=[entity]) as changes:

            def has(event: Json) -> bool:
                added, changed = event.get("a", {}).get(entity, {}), event.get("c", {}).get(entity, {}).get("+", {})
                return wanted in (added.get("s"), changed.get("s"))

            await changes.until(has, deadline_s)

    # Its integrations

    async def discovered(self, name: str, deadline_s: float = DEADLINE_S) -> str:
        """The flow of what was found under that name in the network, and is offered to its owner."""
        async with self.subscribed("config_entries/flow/subscribe") as changes:

            def found(flows: Json) -> str | None:
                named = (flow for flow in flows if flow.get("flow", {}).get("handler") == "wyoming")
                placeholders = ((flow["flow_id"], flow["flow"]["context"].get("title_placeholders")) for flow in named)
                return next((flow for flow, texts in placeholders if texts and texts["name"] == name), None)

            return found(await changes.until(lambda flows: found(flows) is not None, deadline_s)) or ""

    async def confirm(self, flow: str, **answers: Json) -> Json:
        """Answers a form of a flow; its next form, or the entry that it made (`result`)."""
        return await self.rest("POST", f"config/config_entries/flow/{flow}", answers)

    async def add(self, handler: str, **answers: Json) -> Json:
        """An integration by hand: its entry."""
        flow = await self.rest("POST", "config/config_entries/flow", {"handler": handler})
        made = await self.confirm(flow["flow_id"], **answers)
        assert made["type"] == "create_entry", made
        return made["result"]

    async def configure(self, entry: str, **answers: Json) -> Json:
        """The options of an integration's entry."""
        flow = await self.rest("POST", "config/config_entries/options/flow", {"handler": entry})
        return await self.rest("POST", f"config/config_entries/options/flow/{flow['flow_id']}", answers)

    async def remove(self, entry: str) -> None:
        await self.rest("DELETE", f"config/config_entries/entry/{entry}")

    async def entities_of(self, entry: str) -> dict[str, Json]:
        """What an integration's entry brought: the registry's record of each, by its id."""
        listed = await self.command("config/entity_registry/list")
        return {each["entity_id"]: each for each in listed if each["config_entry_id"] == entry}

    # Assist

    async def make_pipeline(self, name: str, **engines: Json) -> str:
        """A pipeline in English of these engines (`stt_engine`, `tts_engine`, `conversation_engine`, `tts_voice`,
        `wake_word_entity`, `wake_word_id`, each None by default; Home Assistant's own conversation), and the preferred
        one from now on: its id."""
        nothing = dict.fromkeys(
            (
                "stt_engine",
                "stt_language",
                "tts_engine",
                "tts_language",
                "tts_voice",
                "wake_word_entity",
                "wake_word_id",
            )
        )
        languages = {f"{part}_language": "en" for part in ("stt", "tts") if engines.get(f"{part}_engine") is not None}
        talk = {"language": "en", "conversation_engine": "conversation.home_assistant", "conversation_language": "en"}
        settings = nothing | talk | languages | engines
        pipeline = await self.command("assist_pipeline/pipeline/create", name=name, **settings)
        await self.command("assist_pipeline/pipeline/set_preferred", pipeline_id=pipeline["id"])
        return str(pipeline["id"])

    @asynccontextmanager
    async def pipeline(self, start: str, end: str, **options: Json) -> AsyncIterator[PipelineRun]:
        """A run from one stage (`wake_word`, `stt`, `intent`, `tts`) to another; its audio or text is the caller's."""
        socket = self._connected
        options = {"input": {"sample_rate": 16_000}} | options
        number = await socket.ask("assist_pipeline/run", start_stage=start, end_stage=end, **options)
        _result("assist_pipeline/run", await socket.answer(number))
        yield PipelineRun(socket, number)
        await self._unsubscribe(socket, number)

    async def hear(
        self, frames: Iterable[bytes], *, start: str = "stt", end: str = "tts", pace_s: float = 0.0, **options: Json
    ) -> PipelineRun:
        """Runs the pipeline on an utterance (int16, mono, 16 kHz) to its end: faster than it was spoken, or so many
        seconds from frame to frame. Raises Refused when it fails."""
        async with self.pipeline(start, end, **options) as run:
            await run.until("run-start")
            async with alongside(_speak(run, frames, pace_s)):
                await run.until("run-end")
        return run

    async def converse(self, text: str, **options: Json) -> Json:
        """The response of a conversation agent (`agent_id`, `conversation_id`, `language`, `device_id`)."""
        return await self.command("conversation/process", text=text, **options)

    async def _unsubscribe(self, socket: _Socket, number: int) -> None:
        if self._socket is socket:  # a restart has ended all that was subscribed to before
            await self.command("unsubscribe_events", subscription=number)

    @property
    def _connected(self) -> _Socket:
        assert self._socket, "connect first"
        return self._socket


@asynccontextmanager
async def signed_in(running: Running) -> AsyncIterator[HomeAssistant]:
    headers = {"Authorization": f"Bearer {running.token}"}
    async with aiohttp.ClientSession(running.url, headers=headers) as session:
        client = HomeAssistant(running, session)
        await client.connect()
        yield client
        await client.disconnect()


async def _speak(run: PipelineRun, frames: Iterable[bytes], pace_s: float) -> None:
    clock = asyncio.get_running_loop()
    due = clock.time()
    for frame in frames:
        await run.hear(frame)
        due += pace_s
        await asyncio.sleep(max(0, due - clock.time()))
    await run.hear_no_more()


def _result(asked: str, answer: Json) -> Json:
    if not answer["success"]:
        raise Refused(asked, answer["error"]["code"], answer["error"]["message"])
    return answer["result"]
