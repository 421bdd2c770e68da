"""A turn machine with a readable hand on it: scenarios speak in ms, commands are compared as they come."""

from roomtone_server.turn.course import State, TurnSettings
from roomtone_server.turn.events import (
    Answer,
    AudioReached,
    Command,
    Completeness,
    EndTurn,
    Event,
    FinalReady,
    PartialReady,
    Prepare,
    PreviewReady,
    ReplyFinished,
    ReplyStarted,
    SpeechEnded,
    SpeechStarted,
    WakeHeard,
)
from roomtone_server.turn.machine import TurnMachine

FRAME_MS = 20
LOUD_DB, QUIET_DB = -20.0, -60.0

COMPLETE, EXTENDABLE, UNFINISHED, OPEN, UNKNOWN = Completeness
UNDERSTOOD = {"understood": True, "expects_answer": False}  # a reply


def at(ms: int) -> int:
    """The sample at a time on the microphone's clock."""
    return ms * 16


class Scenario:
    """Time on the microphone's clock and the monotonic clock are one: both begin at zero."""

    def __init__(self, settings: TurnSettings | None = None) -> None:
        self.machine = TurnMachine(settings)
        self.now_ms = 0
        self._is_loud = False
        self._echo_until_ms = 0
        self._asked = 0  # the revision that was to be prepared
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
            if self.now_ms == self._echo_until_ms:
                self.tell(SpeechEnded(turn, at(self.now_ms)))
            level_db = LOUD_DB if self._is_loud else QUIET_DB
            if commands := self.tell(AudioReached(turn, at(self.now_ms), level_db)):
                return commands
        return []

    def say(
        self, text: str, for_ms: int, *, turn: int = 1, what: Completeness = COMPLETE, echo_ms: int = 0
    ) -> list[Command]:
        """Somebody speaks; the words are heard at the end, which the room's echo hides from the voice detector."""
        self.be_loud()
        commands = self.tell(SpeechStarted(turn, at(self.now_ms)))
        commands += self.hear(self.now_ms + for_ms, turn=turn)
        if text:
            commands += self.tell(PartialReady(turn, text, what))
        self._is_loud = False
        if echo_ms:
            self._echo_until_ms = self.now_ms + echo_ms
            return commands
        return commands + self.tell(SpeechEnded(turn, at(self.now_ms)))

    def be_loud(self) -> None:
        self._is_loud = True

    def be_quiet(self) -> None:
        self._is_loud = False

    def prepare(self, text: str, what: Completeness = COMPLETE, *, turn: int = 1) -> list[Command]:
        """A pause, until a preview is asked for; and what follows from its answer."""
        [asked] = self.hear(self.now_ms + 1000, turn=turn)
        assert isinstance(asked, Prepare)
        return self.preview(text, what, turn=turn)

    def preview(self, text: str, what: Completeness = COMPLETE, *, turn: int = 1, spoken: bool = True) -> list[Command]:
        """The transcript that was asked for last."""
        return self.tell(PreviewReady(turn, self._asked, text, text, what if text else UNKNOWN, spoken))

    @property
    def revision(self) -> int:
        """Of the work that goes on: results of any other are late."""
        return self.machine._course.revision

    def finish_reply(self, *, remaining_s: float = 0.2, **how: bool) -> list[Command]:
        """All of the reply that sounds, or is held, is on its way."""
        turn, revision = self.machine._course.speaking
        return self.tell(ReplyFinished(turn, revision, remaining_s, **(UNDERSTOOD | how)))

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
        self._asked = next((each.revision for each in reversed(commands) if isinstance(each, Prepare)), self._asked)
        return commands


def until_answering(turn: int = 1, settings: TurnSettings | None = None) -> Scenario:
    """Somebody has said a command; the agent is at work."""
    scene = Scenario(settings)
    scene.wake(turn)
    scene.say("turn on the light", 1500, turn=turn)
    scene.prepare("turn on the light", turn=turn)
    [_, answer] = scene.hear(5000, turn=turn)
    assert isinstance(answer, Answer)
    return scene


def until_speaking(turn: int = 1, settings: TurnSettings | None = None) -> Scenario:
    """Its reply sounds."""
    scene = until_answering(turn, settings)
    scene.tell(ReplyStarted(turn, scene.revision))
    return scene


def in_state(state: State) -> Scenario:
    """Of a turn in which nothing was prepared: turn 1 listens, finishes, answers or speaks."""
    scene = Scenario()
    scene.wake()
    if state is not State.LISTENING:
        scene.say("turn on the light", 1500)
        scene.hear(1600)
        [_, finish] = scene.hear(5000)
        if state is not State.FINISHING:
            [answer] = scene.tell(FinalReady(1, finish.revision, "turn on the light"))
            if state is State.SPEAKING:
                scene.tell(ReplyStarted(1, answer.revision))
    assert scene.machine.state is state
    return scene
