"""A worker process: `python -m roomtone_server.engines.stt.sphinx.worker recognise`, or `... verify`, for what
listener.py and verifier.py do. It ends when its stdin does.

What it need not know is not imported: somebody waits for it to start.
"""

import os
import select
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, Final, Protocol

from roomtone.errors import RoomtoneError
from roomtone_server.engines.stt.sphinx.messages import Message, Messages

READ_BYTES: Final = 65536

_WORKERS: Final = {"recognise": ("listener", "Listener"), "verify": ("verifier", "Verifier")}


class Worker(Protocol):
    """What a process does with its messages."""

    def do(self, message: Message) -> None:
        """What a message asks."""

    def work(self) -> bool:
        """A piece of what may be done ahead, while no message is left unread; whether there was any."""


def serve(requests: int, answers: BinaryIO, make: Callable[[Callable[[Message], None]], Worker]) -> None:
    """Until the requests end. Raises RoomtoneError for what the engine must know."""

    def send(message: Message) -> None:
        answers.write(message.encode())
        answers.flush()

    worker = make(send)
    messages = Messages()
    while True:
        if not select.select([requests], [], [], 0)[0] and worker.work():
            continue
        data = os.read(requests, READ_BYTES)
        if not data:
            return
        for message in messages.receive(data):
            worker.do(message)


def main() -> None:
    # Ctrl-C, or the end of a service, reaches the whole group of processes; this one ends when its engine does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # What a library prints must not stand between messages.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        try:
            module, name = _WORKERS[sys.argv[1]]
            serve(0, answers, getattr(import_module(f"{__package__}.{module}"), name))
        except BrokenPipeError:
            os._exit(0)  # the engine is gone, and nobody is left to flush to
        except (RoomtoneError, RuntimeError, OSError) as problem:
            answers.write(Message({"is": "failed", "text": str(problem)}).encode())
            sys.exit(1)


if __name__ == "__main__":
    main()
