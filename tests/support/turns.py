"""A turn machine with a readable hand on it: scenarios speak in ms, commands are compared as they come."""

from roomtone_server.turn.events import (
    AudioReached,
    Command,
    EndTurn,
    Event,
    PartialReady,
    SpeechEnded,
    SpeechStarted,
    WakeHeard,
)
from roomtone_server.turn.machine import TurnMachine
from roomtone_server.turn.steps import TurnSettings

FRAME_MS = 20


def at(ms: int) -> int:
    """The sample at a time on the microphone's clock."""
    return ms * 16


class Scenario:
    """Time on the microphone's clock and the monotonic clock are one: both begin at zero."""

    def __init__(self, settings: TurnSettings | None = None) -> None:
        self.machine = TurnMachine(settings)
        self.now_ms = 0
        self.ended: list[EndTurn] = []

    def tell(self, event: Event) -> list[Command]:
        self.machine.receive(event, self.now_ms / 1000)
        return self._commands()

    def wake(self, turn: int = 1) -> list[Command]:
        return self.tell(WakeHeard(turn, at(self.now_ms), word=True))

    def hear(self, until_ms: int, *, turn: int = 1) -> list[Command]:
        """Audio goes on, frame by frame, until a time or until a command comes of it."""
        while self.now_ms < until_ms:
            self.now_ms += FRAME_MS
            if commands := self.tell(AudioReached(turn, at(self.now_ms))):
                return commands
        return []

    def say(self, text: str, for_ms: int, *, turn: int = 1) -> list[Command]:
        """Somebody speaks; the words are heard at the end."""
        commands = self.tell(SpeechStarted(turn, at(self.now_ms)))
        commands += self.hear(self.now_ms + for_ms, turn=turn)
        commands += self.tell(PartialReady(turn, text))
        return commands + self.tell(SpeechEnded(turn, at(self.now_ms)))

    def wait_s(self, seconds: float) -> list[Command]:
        """Nothing happens but time."""
        until = self.now_ms + int(seconds * 1000)
        commands: list[Command] = []
        while (deadline := self.machine.next_deadline()) is not None and deadline * 1000 <= until:
            self.now_ms = int(deadline * 1000 + 0.5)
            self.machine.advance(deadline)
            commands += self._commands()
        self.now_ms = until
        return commands

    def _commands(self) -> list[Command]:
        commands = self.machine.commands()
        self.ended += [command for command in commands if isinstance(command, EndTurn)]
        return commands
