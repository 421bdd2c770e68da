"""The turn machine under any order of events: sensible or not, twice, late, lost, and on a new connection."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from support.turn_events import events_of
from support.turn_world import Work, World
from support.turns import LOUD_DB, QUIET_DB, at

from roomtone_server.turn import events as e
from roomtone_server.turn.course import TurnSettings
from roomtone_server.turn.endpoint import EndpointSettings

STEP_MS = 100  # of audio
WORDS = st.sampled_from(["on", "on and", "stop", "mm hm", ""])
COMPLETENESS = st.sampled_from(list(e.Completeness))
HEARING, SPEAKING = (e.PreviewReady, e.FinalReady), (e.ReplyStarted, e.ReplyFinished)
OF_NO_TURN = (e.AnnouncementDue, e.ListeningAsked, e.SatelliteLost, e.DeadlinePassed)


class AnyOrder(RuleBasedStateMachine):
    @initialize(follow_up=st.sampled_from(["when-asked", "always"]))
    def connect(self, follow_up):
        endpoint = EndpointSettings(at_once=frozenset({"stop"}))
        self.settings = TurnSettings(endpoint, follow_up=follow_up, backchannels=frozenset({"mm hm"}))
        self.world = World(self.settings)
        self.former = World(self.settings)  # the connection before
        self.last_turn = -1
        self.last_event: e.Event = e.SatelliteLost()

    def happens(self, event: e.Event) -> None:
        self.last_event = event
        self.world.tell(event)

    @property
    def sample(self) -> int:
        return at(self.world.scene.now_ms)

    @rule(events=st.integers(1, 8), key=WORDS, asks=st.booleans(), hesitates=st.booleans())
    def life_goes_on(self, events, key, asks, hesitates):
        """As one would expect; without it the rest would rarely meet a turn that has come far."""
        for _ in range(events):
            self.go_on(key, asks=asks, hesitates=hesitates)

    def go_on(self, key: str, *, asks: bool, hesitates: bool) -> None:
        world = self.world
        if world.work:
            self.report(world.work[0], key, expects_answer=asks)
        elif world.heard is not None:
            if isinstance(self.last_event, e.WakeHeard | e.InterruptionHeard):
                self.say(key, e.Completeness.COMPLETE, 700, pauses=True)
            elif hesitates and isinstance(self.last_event, e.PreviewReady):
                self.say(None, e.Completeness.COMPLETE, 0, pauses=True)
            else:
                self.audio_comes(300, is_loud=False)
        elif world.invited is not None:
            self.take_the_invitation_up()
        elif world.replies:
            self.speak_into_a_reply(paused=asks) if hesitates else self.speaker_reports(ends=True)
        else:
            self.wake(word=True, held=1)

    def report(self, work: Work, text: str, **how: bool) -> None:
        self.last_event = result_of(work, text, **how)
        self.world.report(work, self.last_event)

    # --- a person, and the satellite

    @rule(word=st.booleans(), held=st.integers(0, 4))
    def wake(self, word, held):
        self.last_turn += 2
        self.happens(e.WakeHeard(self.last_turn, self.sample, word=word, held=held == 0))

    @precondition(lambda self: self.world.invited is not None)
    @rule()
    def take_the_invitation_up(self):
        self.happens(e.WakeHeard(self.world.invited, self.sample, word=False))

    @precondition(lambda self: self.world.replies)
    @rule(paused=st.booleans())
    def speak_into_a_reply(self, paused):
        [turn] = self.world.replies
        self.last_turn += 2
        self.happens(e.InterruptionHeard(self.last_turn, turn, self.sample, paused))

    @rule(turn=st.integers(0, 40))
    def speak_into_a_reply_that_is_over(self, turn):
        if turn not in self.world.replies:
            self.world.tell_in_vain(e.InterruptionHeard(self.last_turn + 2, turn, self.sample, paused=True))

    @precondition(lambda self: self.world.heard is not None)
    @rule(key=WORDS | st.none(), what=COMPLETENESS, ms=st.sampled_from([0, 100, 700]), pauses=st.booleans())
    def say(self, key, what, ms, pauses):
        turn = self.world.heard
        self.happens(e.SpeechStarted(turn, self.sample))
        self.audio_comes(ms, is_loud=True)
        if key is not None:
            self.happens(e.PartialReady(turn, key, what))
        if pauses:
            self.happens(e.SpeechEnded(turn, self.sample))
            self.audio_comes(STEP_MS, is_loud=False)

    @precondition(lambda self: self.world.heard is not None)
    @rule(key=WORDS, what=COMPLETENESS)
    def understand_something_else(self, key, what):
        self.happens(e.PartialReady(self.world.heard, key, what))

    @precondition(lambda self: self.world.heard is not None)
    @rule(ms=st.sampled_from([100, 300, 2000]), is_loud=st.booleans())
    def audio_comes(self, ms, is_loud):
        turn, until_ms = self.world.heard, self.world.scene.now_ms + ms
        while self.world.heard == turn and self.world.scene.now_ms < until_ms:
            self.world.scene.now_ms += STEP_MS
            self.happens(e.AudioReached(turn, self.sample, LOUD_DB if is_loud else QUIET_DB))

    @precondition(lambda self: self.world.heard is not None)
    @rule(rarely=st.integers(0, 3))
    def somebody_speaks_for_ever(self, rarely):
        turn = self.world.heard
        if not rarely:
            self.happens(e.SpeechStarted(turn, self.sample))
            self.audio_comes(self.settings.endpoint.ceiling_ms, is_loud=True)
            assert self.world.heard != turn

    @precondition(lambda self: self.world.going_on)
    @rule(kind=st.sampled_from([e.UtteranceEnded, e.CancelRequested, e.Outbid, e.WorkFailed]), data=st.data())
    def end_it(self, kind, data):
        turn = data.draw(st.sampled_from(sorted(self.world.going_on)))
        self.happens(e.WorkFailed(turn, "hearing", "the worker died") if kind is e.WorkFailed else kind(turn))

    @precondition(lambda self: self.world.replies)
    @rule(ends=st.booleans())
    def speaker_reports(self, ends):
        [turn] = self.world.replies
        self.happens(e.PlaybackEnded(turn) if ends else e.PlaybackReached(turn, 100))

    @rule(expects_answer=st.booleans())
    def timer_rings(self, expects_answer):
        self.happens(e.AnnouncementDue("ring", "timer", expects_answer))

    @rule()
    def somebody_elsewhere_wants_it_to_listen(self):
        self.happens(e.ListeningAsked())

    # --- the work that was asked for

    @precondition(lambda self: self.world.asked_for(*HEARING))
    @rule(text=WORDS, spoken=st.booleans(), data=st.data())
    def recogniser_reports(self, text, spoken, data):
        work = data.draw(st.sampled_from(self.world.asked_for(*HEARING)))
        self.report(work, text, understood=spoken or bool(text))

    @precondition(lambda self: self.world.asked_for(*SPEAKING))
    @rule(understood=st.booleans(), expects_answer=st.booleans(), data=st.data())
    def voice_reports(self, understood, expects_answer, data):
        work = data.draw(st.sampled_from(self.world.asked_for(*SPEAKING)))
        self.report(work, "", understood=understood, expects_answer=expects_answer)

    # --- what goes wrong on the way

    @rule()
    def the_same_comes_again(self):
        self.world.tell(self.last_event)

    @precondition(lambda self: self.world.overtaken or self.former.overtaken)
    @rule(data=st.data())
    def a_result_comes_late(self, data):
        world = self.world if self.world.overtaken else self.former
        world.tell_in_vain(result_of(data.draw(st.sampled_from(world.overtaken[-3:]))))

    @precondition(lambda self: self.world.ended)
    @rule(data=st.data())
    def everything_comes_of_a_turn_that_has_ended(self, data):
        turn = data.draw(st.sampled_from(self.world.ended[-3:]))
        revision = data.draw(st.sampled_from([self.world.scene.revision, 1]))
        for event in events_of(turn, revision, self.sample):
            if not isinstance(event, OF_NO_TURN):
                self.world.tell_in_vain(event)

    @precondition(lambda self: self.world.going_on)
    @rule()
    def results_come_that_were_never_asked_for(self):
        for turn in self.world.going_on:
            for event in events_of(turn, 0, self.sample):
                if isinstance(event, HEARING + SPEAKING):
                    self.world.tell_in_vain(event)

    @rule(seconds=st.sampled_from([0.02, 0.02, 1.0, 6.0, 40.0]))
    def time_passes(self, seconds):
        self.world.wait(seconds)

    @rule(rarely=st.integers(0, 3))
    def the_connection_breaks_and_another_comes(self, rarely):
        if not rarely:
            unspoken = self.world.lose()
            self.former, self.world = self.world, World(self.settings)
            self.last_turn = -1
            for due in unspoken:
                self.happens(due)
            assert self.world.machine.unspoken == unspoken

    def teardown(self):
        """Nothing happens any more: each turn has an end all the same."""
        self.world.outlive()


def result_of(work: Work, text: str = "on", *, understood: bool = True, expects_answer: bool = False) -> e.Event:
    what = e.Completeness.COMPLETE if text else e.Completeness.UNKNOWN
    if work.kind is e.PreviewReady:
        return e.PreviewReady(work.turn, work.revision, text, text, what, spoken=understood)
    if work.kind is e.FinalReady:
        return e.FinalReady(work.turn, work.revision, text, spoken=understood)
    if work.kind is e.ReplyStarted:
        return e.ReplyStarted(work.turn, work.revision)
    return e.ReplyFinished(work.turn, work.revision, 1.0, understood, expects_answer)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=300, stateful_step_count=50, deadline=None, derandomize=True)
