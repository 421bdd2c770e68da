"""What is known of each client, so that what it will want next can be made ready: its voice, and its conversations."""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MAX_CLIENTS: Final = 16  # those allowed are few
MAX_CONVERSATIONS: Final = 64  # of one client; the one that was quiet for longest is forgotten first
WOKEN_S: Final = 1.0  # an utterance begins so soon behind its wake word
LIVES_S: Final = 300.0  # Home Assistant goes on with a conversation for so long

_NUMBERS: Final = itertools.count(1)


@dataclass(slots=True)
class Client:
    """One address. Its conversations go on under names of our own: an utterance is heard before its client tells to
    which it belongs, and the answer is prepared under the name that it will then be given."""

    clock: Callable[[], float]
    voice: str = ""  # that was asked for last
    area: str | None = None  # where it was spoken last
    _woken: tuple[str, float] = ("", 0.0)  # the last wake word's phrase, and when it was heard
    _ours: OrderedDict[str, tuple[str, float]] = field(default_factory=OrderedDict)  # by the client's name for it
    _next: str = ""  # for the next that begins

    def wake(self, phrase: str) -> None:
        """A wake word was heard for this client."""
        self._woken = phrase, self.clock()

    def wake_phrase(self) -> str:
        """That whose rest may stand at the beginning of an utterance that begins now; empty when there is none. It is
        told once."""
        (phrase, at), self._woken = self._woken, ("", 0.0)
        return phrase if self.clock() - at <= WOKEN_S else ""

    def expected(self) -> str:
        """Where the next utterance most likely belongs: to the last conversation, while it lives; else to a new one."""
        if self._ours:
            ours, at = next(reversed(self._ours.values()))
            if self.clock() - at <= LIVES_S:
                return ours
        self._next = self._next or _new()
        return self._next

    def conversation(self, theirs: str) -> str:
        """Our name for a conversation of the client's."""
        known = self._ours.pop(theirs, None)
        if known is None:
            ours, self._next = self._next or _new(), ""
        else:
            ours = known[0]
        self._ours[theirs] = ours, self.clock()
        while len(self._ours) > MAX_CONVERSATIONS:
            self._ours.popitem(last=False)
        return ours


class Clients:
    """By address; of more than MAX_CLIENTS the one that came first is forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, Client] = OrderedDict()

    def of(self, host: str) -> Client:
        if host not in self._known:
            self._known[host] = Client(self._clock)
            if len(self._known) > MAX_CLIENTS:
                self._known.popitem(last=False)
        return self._known[host]


def _new() -> str:
    return f"wyoming {next(_NUMBERS)}"
