"""What the satellite's owner gets to notice beside the reply: a command line of their own for each event."""

import asyncio
import logging
import os
import shlex
from asyncio.subprocess import DEVNULL, PIPE
from typing import Final, Literal, get_args

from pydantic import Field, field_validator

from roomtone.settings import Settings
from roomtone_satellite import programs

_LOGGER = logging.getLogger(__name__)

EventName = Literal["wake", "streaming", "transcript", "reply", "timer", "error", "connected", "disconnected"]

MAX_AT_ONCE: Final = 2  # programs that run at the same time: more would slow the wake word down on a small machine
MAX_WAITING: Final = 16  # events; a program slower than that misses the newest ones


class EventCommandSettings(Settings):
    """A command line per event; none is run by a shell. The event's name, text and satellite are in its environment."""

    wake: str | None = None
    streaming: str | None = None
    transcript: str | None = None
    reply: str | None = None
    timer: str | None = None
    error: str | None = None
    connected: str | None = None
    disconnected: str | None = None
    timeout_s: float = Field(default=10.0, gt=0, le=600)

    @field_validator(*get_args(EventName))
    @classmethod
    def _must_split(cls, value: str | None) -> str | None:
        if value is not None and not shlex.split(value):  # raises ValueError for quotes that do not close
            raise ValueError("the command line is empty")
        return value


class EventCommands:
    """Runs the owner's programs, a few at a time, each within its timeout."""

    def __init__(self, settings: EventCommandSettings, satellite: str) -> None:
        self._settings = settings
        self._satellite = satellite
        self._waiting: asyncio.Queue[tuple[EventName, str]] = asyncio.Queue(MAX_WAITING)

    def say(self, event: EventName, text: str = "") -> None:
        """Lines the event's program up, if it has one, and returns at once."""
        if getattr(self._settings, event) is None:
            return
        try:
            self._waiting.put_nowait((event, text))
        except asyncio.QueueFull:
            _LOGGER.warning("the event commands are too slow: %r was left out", event)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(MAX_AT_ONCE):
                tasks.create_task(self._work(), name=f"event commands {number}")

    async def _work(self) -> None:
        while True:
            event, text = await self._waiting.get()
            await self._execute(event, text)

    async def _execute(self, event: EventName, text: str) -> None:
        argv = shlex.split(getattr(self._settings, event))
        text = text.replace("\0", "")  # the one character that no environment can carry
        environment = {
            **os.environ,
            "ROOMTONE_EVENT": event,
            "ROOMTONE_TEXT": text,
            "ROOMTONE_SATELLITE": self._satellite,
        }
        try:
            process = await programs.start(argv, stdin=PIPE, stdout=DEVNULL, environment=environment)
        except OSError as problem:
            _LOGGER.warning("the %s event's program %r cannot be started: %s", event, argv[0], problem.strerror)
            return
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await process.communicate(text.encode())
        except TimeoutError:
            _LOGGER.warning(
                "the %s event's program %r took over %g s and was ended", event, argv[0], self._settings.timeout_s
            )
        else:
            if process.returncode:
                _LOGGER.warning("the %s event's program %r ended with status %d", event, argv[0], process.returncode)
        finally:
            await programs.end(process)
