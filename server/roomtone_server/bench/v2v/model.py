"""A language model that always says the same, at the pace of a small one on a good machine: a bound can be held to it.

It is a program of its own, as a model's server is: `roomtone bench scripted-model`.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from roomtone_server.bench.ends import LOOPBACK
from roomtone_server.bench.programs import program, until
from roomtone_server.runtime.speaking import tokens_of_first_piece

FIRST_TOKEN_MS: Final = 300.0
TOKENS_PER_S: Final = 20.0
# No question: after one the satellite would listen on, while the next command is said.
ANSWER: Final = "I have seen to that for you. All is well in the house."

_TOKENS: Final = re.findall(r"\s?\w+|[^\w\s]", ANSWER)
_STARTED_S: Final = 30.0


def first_fragment_ms(language: str) -> float:
    """From the first token to the one with which the first piece of the answer can be spoken."""
    return (tokens_of_first_piece(_TOKENS, language) - 1) / TOKENS_PER_S * 1000


@asynccontextmanager
async def scripted_model(folder: Path) -> AsyncIterator[Mapping[str, Any]]:
    """Runs the program; yields the server's settings with which it answers everything. Raises RoomtoneError."""
    told = folder / "model.url"
    arguments = ("bench", "scripted-model", str(told))
    async with program("scripted model", arguments, folder / "model.log", {}) as running:

        async def started() -> str | None:
            return told.read_text(encoding="utf-8") if told.exists() else None

        url = await until("the scripted model starts", started, _STARTED_S, [running])
        yield {"llm": {"engine": "openai", "base_url": url}, "agent": {"order": "llm-first"}}


async def serve(told: Path) -> None:
    """Serves on a free port of loopback until it is ended; its URL is in the file `told` then."""
    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", _chat)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        unfinished = told.with_suffix(".new")
        unfinished.write_text(f"http://{LOOPBACK}:{runner.addresses[0][1]}/v1", encoding="utf-8")
        unfinished.replace(told)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def _chat(request: web.Request) -> web.StreamResponse:
    clock = asyncio.get_running_loop().time
    asked = await request.json()
    first_s = clock() + FIRST_TOKEN_MS / 1000
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number, token in enumerate(_TOKENS[: asked.get("max_tokens")]):
        await asyncio.sleep(first_s + number / TOKENS_PER_S - clock())
        await response.write(_event({"content": token}))
    await response.write(_event({}, "stop") + b"data: [DONE]\n\n")
    return response


def _event(delta: Mapping[str, str], finish_reason: str | None = None) -> bytes:
    chunk = {
        "id": "scripted",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
