"""What Home Assistant runs for this satellite, as far as that can be known from here. Pure.

It says that a run has begun, and that it failed, but not that it is over. A run that is asked for while another still
goes on takes its place, but hears nothing: the end of the other, which comes later, makes Home Assistant deaf to the
satellite's audio. And what it left behind when it was muted may block the next for ever, until it is asked once more.
So whatever may still run is ended first, by asking for a run that cannot be: one of speech without a text. That fails
at once, and the failure says that the way is clear.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roomtone_satellite.home_assistant.events import Command, EndRun, StartRun, StartWakeRun, StopStreaming

CLEARED: Final = "validation-error"  # the code of that failure
CLEARED_WITHIN_S: Final = 1.0  # it takes milliseconds, or is never said
MAX_CLEARINGS: Final = 3  # then somebody else drives us, who knows no such failure
AWAITED_WITHIN_S: Final = 3.0
FIRST_PAUSE_S: Final = 1.0  # after a failure: twice as long after each further one
MOST_PAUSE_S: Final = 30.0


class Phase(Enum):
    FREE = "free"
    CLEARING = "clearing"
    ASKED = "asked"  # for wake runs
    AWAITING = "awaiting"  # a wake word
    BUSY = "busy"  # with an utterance or its reply; or nobody knows


@dataclass(slots=True)
class Runs:
    do: Callable[[Command], None]
    remote_wake: bool = False  # runs that listen for the wake word are wanted whenever there is no other
    phase: Phase = Phase.BUSY
    due: float | None = None  # when `overdue` is to be told
    streaming: bool = False
    failures: int = 0  # of wake runs, since one has heard its wake word
    _next: StartRun | StartWakeRun | None = None
    _clearings: int = 0

    def ask(self, run: StartRun | StartWakeRun | None, now: float) -> None:
        """For this run next, and the end of whatever goes on; None: for nothing but that."""
        self._next = run
        if self.phase is Phase.FREE:
            self._begin(now)
        elif self.phase is not Phase.CLEARING:
            self._clearings = 0
            self._clear(now)

    def settle(self, now: float) -> None:
        """Nothing is wanted but the wake word."""
        if self.remote_wake and (self.phase is Phase.BUSY or (self.phase is Phase.FREE and self.due is None)):
            self.ask(StartWakeRun(), now)

    def awaited(self) -> None:
        """A run waits for its wake word."""
        self.phase, self.due = Phase.AWAITING, None

    def detected(self) -> None:
        """It has heard it."""
        self.phase, self.due, self.failures = Phase.BUSY, None, 0

    def over(self) -> None:
        """The run's reply has come; so it ends, and where it was one of wake runs, the next begins by itself."""
        if self.phase is Phase.BUSY:
            self.phase = Phase.FREE

    def interrupted(self) -> None:
        """Something else has ended it, if it had not ended before."""
        if self.phase is not Phase.CLEARING:
            self.phase, self.due = Phase.BUSY, None

    def failed(self, code: str, now: float) -> bool:
        """Whether that is a failure of what was asked for, and not of what was to end."""
        if self.phase is Phase.CLEARING:
            if code == CLEARED:
                self._begin(now)
            return False
        if self.phase is Phase.FREE:
            return False
        self.phase = Phase.FREE
        if self.remote_wake:
            self.due = now + min(MOST_PAUSE_S, FIRST_PAUSE_S * 2**self.failures)
            self.failures += 1
        return True

    def overdue(self, now: float) -> None:
        """What is due has not come: asks once more."""
        if self.phase is not Phase.CLEARING:
            self.ask(StartWakeRun(), now)
        elif self._clearings < MAX_CLEARINGS:
            self._clear(now)
        else:
            self._begin(now)

    def forget(self, *, left_over: bool = True) -> None:
        """Nobody is to be asked for anything, and nothing streams. Something may be `left_over` that runs."""
        self.stop_streaming(ends_utterance=False)
        self.phase = Phase.BUSY if left_over else Phase.FREE
        self.due, self.failures, self._next = None, 0, None

    def stop_streaming(self, *, ends_utterance: bool) -> None:
        if self.streaming:
            self.streaming = False
            self.do(StopStreaming(ends_utterance))

    def _clear(self, now: float) -> None:
        self.phase, self.due = Phase.CLEARING, now + CLEARED_WITHIN_S
        self._clearings += 1
        self.do(EndRun())

    def _begin(self, now: float) -> None:
        run, self._next = self._next, None
        if run is None:
            self.phase, self.due = Phase.FREE, None
            return
        is_wake_run = isinstance(run, StartWakeRun)
        self.phase = Phase.ASKED if is_wake_run else Phase.BUSY
        self.due = now + AWAITED_WITHIN_S if is_wake_run else None
        self.streaming = True
        self.do(run)
