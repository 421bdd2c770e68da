"""A world that does what a turn machine commands, and holds it to what it must never do.

Of the runtime it has all that matters here: what is being heard, what work is open and whose results are still to come,
which reply sounds. Every claim is made in `_obey`, where a command comes, or in `check`, which holds after every event.
"""

import pickle
from dataclasses import dataclass

from support.turns import Scenario

from roomtone_server.turn import events as e
from roomtone_server.turn.course import State, TurnSettings


@dataclass(frozen=True)
class Work:
    """Something that was asked for, and has not been reported."""

    kind: type[e.Event]
    turn: int
    revision: int


@dataclass
class Reply:
    started: bool = False  # audio of it is on its way
    sent: bool = False  # all of it


class World:
    """One connection of a satellite, on a clock in ms."""

    def __init__(self, settings: TurnSettings | None = None) -> None:
        self.scene = Scenario(settings)
        self.machine = self.scene.machine
        self.began: list[int] = []
        self.ended: list[int] = []
        self.heard: int | None = None  # the turn whose audio goes to the recogniser
        self.invited: int | None = None
        self.work: list[Work] = []
        self.overtaken: list[Work] = []  # asked for, and given up before it was reported
        self.prepared: int | None = None  # the revision
        self.texts: dict[int, str] = {}  # by revision: what the recogniser stands by, and nothing was said since
        self.endpoints: set[int] = set()  # turns
        self.done: list[int] = []  # turns with an effect on the home
        self.replies: dict[int, Reply] = {}  # by turn, for as long as they may sound
        self.held: int | None = None  # the turn whose reply has paused
        self.silenced: set[int] = set()

    @property
    def going_on(self) -> set[int]:
        return set(self.began) - set(self.ended)

    def asked_for(self, *kinds: type[e.Event]) -> list[Work]:
        return [work for work in self.work if work.kind in kinds]

    def tell(self, event: e.Event) -> None:
        """Whatever its time has come for comes before it."""
        self.wait(0)
        match event:
            case e.SpeechStarted(turn) if turn == self.heard:
                self.texts.clear()
            case e.PartialReady(turn, key) if turn == self.heard and self.texts.get(self.prepared) not in {"", key}:
                self.texts.clear()
        for command in self.scene.tell(event):
            self._obey(command)
        self.check()

    def wait(self, seconds: float) -> None:
        for command in self.scene.wait_s(seconds):
            self._obey(command)
        self.check()

    def report(self, work: Work, event: e.Event) -> None:
        """A result of open work."""
        self.work.remove(work)
        match event:
            case e.PreviewReady(_, revision, text) | e.FinalReady(_, revision, text):
                self.texts[revision] = text
            case e.ReplyStarted(turn):
                self.replies[turn].started = True
            case e.ReplyFinished(turn):
                self.replies[turn].sent = True
                self.work = [each for each in self.work if each.turn != turn]
        self.tell(event)

    def tell_in_vain(self, event: e.Event) -> None:
        """What comes too late changes nothing at all."""
        self.wait(0)
        before, ignored = pickle.dumps(self.machine._course), self.machine.ignored
        assert self.scene.tell(event) == []
        assert pickle.dumps(self.machine._course) == before
        assert self.machine.ignored == ignored + 1

    def lose(self) -> list[e.AnnouncementDue]:
        """The connection breaks; what is to be said on the next one."""
        self.tell(e.SatelliteLost())
        assert not self.going_on
        assert not self.work
        return self.machine.unspoken

    def outlive(self) -> None:
        """Nothing happens any more but time."""
        for _ in range(200):
            if (deadline := self.machine.next_deadline()) is not None:
                self.wait(max(0.0, deadline - self.scene.now_ms / 1000) + 0.001)
        assert not self.going_on
        assert not self.work

    def check(self) -> None:
        machine = self.machine
        assert (machine.turn is None) == (machine.state is State.WAITING) == (machine.next_deadline() is None)
        assert (machine.interrupted is None) == (machine.state is not State.INTERRUPTED)
        assert self.going_on == {machine.turn, machine.interrupted} - {None}, "one turn, or one and who interrupts it"
        assert self.heard in {None, machine.turn}
        assert len(self.replies) <= 1
        assert self.held in {None, machine.interrupted}

    def _obey(self, command: e.Command) -> None:
        turn = command.turn
        assert turn not in self.ended, "a command after the end of its turn"
        if turn in self.silenced:
            assert isinstance(command, e.EndTurn), "of a turn that was given up"
        match command:
            case e.StartHearing():
                assert self.heard is None, "two are heard at once"
                self.heard = turn
                self._begin(turn)
            case e.Prepare(revision=revision):
                assert self.heard == turn
                assert self.prepared is None, "one revision at a time"
                self.prepared = revision
                self.work.append(Work(e.PreviewReady, turn, revision))
            case e.Discard(revision=revision):
                assert (self.heard, self.prepared) == (turn, revision)
                self.prepared = None
                self.texts.pop(revision, None)
                self._give_up(Work(e.PreviewReady, turn, revision))
            case e.FinishHearing(revision=revision, known=known):
                assert self.heard == turn
                assert self.prepared == (revision if known else None), "what was prepared is committed, or discarded"
                self.heard = self.prepared = None
                self.endpoints.add(turn)
                if not known:
                    self.work.append(Work(e.FinalReady, turn, revision))
            case e.EndTurn():
                self._end(turn)
            case _:
                self._reply(command)

    def _reply(self, command: e.ReplyCommand) -> None:
        turn = command.turn
        match command:
            case e.Answer(revision=revision, text=text):
                assert turn in self.endpoints, "an effect before the endpoint"
                assert turn not in self.done, "done twice"
                assert self.texts[revision] == text, "not what was said"
                self.done.append(turn)
                self._speak(turn, revision)
            case e.Announce(revision=revision):
                self._begin(turn)
                self._speak(turn, revision)
            case e.HoldReply():
                assert self.replies[turn].started
                assert self.held is None
                self.held = turn
            case e.ResumeReply():
                assert self.held == turn
                self.held = None
            case e.Invite():
                self._begin(turn)
                self.invited = turn
            case e.Abandon():
                self._silence(turn)

    def _begin(self, turn: int) -> None:
        if self.invited != turn:
            assert turn not in self.began
            self.began.append(turn)
        self.invited = None

    def _speak(self, turn: int, revision: int) -> None:
        assert not self.replies, "two replies at once"
        self.replies[turn] = Reply()
        self.work += [Work(e.ReplyStarted, turn, revision), Work(e.ReplyFinished, turn, revision)]

    def _silence(self, turn: int) -> None:
        """All work of the turn is cancelled; nothing of it may sound again."""
        self.silenced.add(turn)
        self.replies.pop(turn, None)
        if self.heard == turn:
            self.heard = self.prepared = None
        self.held = None if self.held == turn else self.held
        for work in [work for work in self.work if work.turn == turn]:
            self._give_up(work)

    def _end(self, turn: int) -> None:
        assert turn in self.began
        assert self.heard != turn, "still heard"
        assert self.held != turn, "held for ever"
        assert not [work for work in self.work if work.turn == turn], "still at work"
        reply = self.replies.pop(turn, None)
        assert reply is None or reply.sent
        self.invited = None if self.invited == turn else self.invited
        self.ended.append(turn)

    def _give_up(self, work: Work) -> None:
        if work in self.work:
            self.work.remove(work)
            self.overtaken.append(work)
