"""Services on loopback, for engines that ask one: what a test sees of each, and what may go wrong.

They run on a thread of their own: a test's event loop holds what the engine put there, and nothing else.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

KEY = "sk-a-key-that-nobody-may-see"
PATIENCE_S = 10  # of a test, for what is about to happen
# Of the event loop: connections on their way are let in before a server ends, since it ends none that it does not know.
ROUNDS = 10


class Fault(Enum):
    """What goes wrong with the next requests, until a test sets another."""

    NONE = auto()
    BAD_KEY = auto()
    NOT_FOUND = auto()
    TOO_MANY = auto()
    FAILS = auto()
    MOVED = auto()
    CUT = auto()  # the connection breaks in the middle of the answer
    STALLS = auto()  # nothing more comes, in the middle of the answer
    SILENT = auto()  # nothing comes at all
    EMPTY = auto()
    NO_SOUND = auto()  # a page in HTML, as from a router that is in the way


STATUSES = {Fault.BAD_KEY: 401, Fault.NOT_FOUND: 404, Fault.TOO_MANY: 429, Fault.FAILS: 500, Fault.MOVED: 307}


@dataclass
class Asked:
    path: str
    query: dict
    headers: dict
    fields: dict  # of the query, the JSON or the form


@dataclass
class SpeechServer:
    """What a test sees of a service, whatever it speaks."""

    port: int = 0
    fault: Fault = Fault.NONE
    piece_bytes: int = 4096  # in which the sound is sent
    asked: list = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)  # somebody did not wait for the end
    stop: object = None

    async def was_reached(self):
        return await asyncio.to_thread(self.reached.wait, PATIENCE_S)

    async def was_hung_up_on(self):
        return await asyncio.to_thread(self.hung_up.wait, PATIENCE_S)


@contextlib.contextmanager
def crowded_port():
    """A port that lets nobody in, and turns nobody away: its queue is full."""
    with socket.socket() as crowded, contextlib.ExitStack() as stack:
        crowded.bind(("127.0.0.1", 0))
        crowded.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(crowded.getsockname())
        yield crowded.getsockname()[1]


@contextlib.contextmanager
def on_a_thread(server) -> Iterator:
    loop, up = asyncio.new_event_loop(), threading.Event()
    over = asyncio.Event()

    async def started():
        up.set()
        await over.wait()
        for _ in range(ROUNDS):
            await asyncio.sleep(0)

    def stop():
        if thread.is_alive():
            loop.call_soon_threadsafe(over.set)
            thread.join()

    def run():
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(server.serve(started))
        up.set()

    thread = threading.Thread(target=run, name="speech server")
    thread.start()
    server.stop = stop
    try:
        assert up.wait(PATIENCE_S)
        yield server
    finally:
        stop()
