"""What a turn does, on a virtual clock: each test reads like the life of a turn."""

import pytest
from support.turns import UNDERSTOOD, Scenario, at, in_state, until_answering, until_speaking

from roomtone_server.turn.course import MAX_WAITING_ANNOUNCEMENTS, State, TurnSettings
from roomtone_server.turn.events import (
    Abandon,
    Announce,
    AnnouncementDue,
    Answer,
    CancelRequested,
    EndTurn,
    FinalReady,
    FinishHearing,
    Invite,
    ListeningAsked,
    Outbid,
    PlaybackEnded,
    PlaybackReached,
    Prepare,
    ReplyFinished,
    ReplyStarted,
    SatelliteLost,
    StartHearing,
    WakeHeard,
    WorkFailed,
)


def test_a_turn_from_wake_to_done():
    """What nothing can follow is prepared at 60 ms of silence, and committed at 160."""
    scene = Scenario()
    assert scene.wake() == [StartHearing(1)]
    assert scene.say("turn on the light", 1500) == []
    assert scene.hear(5000) == [Prepare(1, 1)]
    assert scene.now_ms == 1560
    assert scene.preview("turn on the light") == []
    assert scene.hear(5000) == [
        FinishHearing(1, 1, at(1660), 160, known=True),
        Answer(1, 1, "turn on the light"),
    ]
    assert scene.now_ms == 1660
    assert scene.tell(ReplyStarted(1, 1)) == []
    assert scene.tell(ReplyFinished(1, 1, 0.8, **UNDERSTOOD)) == []
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "answered")]
    assert scene.machine.state is State.WAITING
    assert scene.machine.next_deadline() is None


def test_a_reply_without_sound_ends_at_once():
    scene = until_answering()
    assert scene.finish_reply(remaining_s=0) == [EndTurn(1, "answered")]


def test_not_understood_is_an_outcome_of_its_own():
    scene = until_speaking()
    scene.finish_reply(understood=False)
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "not-understood")]


def test_a_question_invites_an_answer_which_is_a_turn_of_the_server():
    scene = until_speaking()
    scene.finish_reply(expects_answer=True)
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "answered"), Invite(2, 5.0)]
    assert scene.machine.state is State.INVITED
    assert scene.tell(WakeHeard(2, at(scene.now_ms), word=False)) == [StartHearing(2)]
    scene.say("yes", 400, turn=2)
    scene.prepare("yes", turn=2)
    assert scene.hear(scene.now_ms + 5000, turn=2)[-1] == Answer(2, scene.revision, "yes")


def test_an_invitation_that_nobody_takes_up():
    scene = until_speaking()
    scene.finish_reply(expects_answer=True)
    scene.tell(PlaybackEnded(1))
    assert scene.wait_s(6) == [Abandon(2), EndTurn(2, "nothing-said")]


def test_a_wake_word_instead_of_the_answer():
    scene = until_speaking()
    scene.finish_reply(expects_answer=True)
    scene.tell(PlaybackEnded(1))
    assert scene.wake(3) == [EndTurn(2, "cancelled"), StartHearing(3)]


def test_an_invited_turn_waits_as_long_as_it_promised():
    scene = until_speaking()
    scene.finish_reply(expects_answer=True)
    scene.tell(PlaybackEnded(1))
    began = scene.now_ms
    scene.tell(WakeHeard(2, at(began), word=False))
    assert scene.hear(began + 20_000, turn=2) == [Abandon(2), EndTurn(2, "nothing-said")]
    assert scene.now_ms == began + 5000


FOLLOW_UPS = [
    # setting, understood, asks: whether the satellite listens on
    ("when-asked", True, True, True),
    ("when-asked", False, True, True),
    ("when-asked", True, False, False),
    ("always", True, False, True),
    ("always", False, True, True),
    ("always", False, False, False),  # a television would talk on for ever
    ("never", True, True, False),
]


@pytest.mark.parametrize(("follow_up", "understood", "asks", "listens_on"), FOLLOW_UPS)
def test_after_which_replies_the_satellite_listens_on(follow_up, understood, asks, listens_on):
    scene = until_speaking(settings=TurnSettings(follow_up=follow_up, follow_up_s=7.0))
    scene.finish_reply(understood=understood, expects_answer=asks)
    commands = scene.tell(PlaybackEnded(1))
    assert commands[1:] == ([Invite(2, 7.0)] if listens_on else [])


def test_who_always_listens_on_is_left_in_peace_when_nothing_was_said_or_answered():
    always = TurnSettings(follow_up="always")
    scene = until_answering(settings=always)
    assert scene.finish_reply(remaining_s=0) == [EndTurn(1, "answered")], "never mind"
    scene = until_speaking(settings=always)
    scene.finish_reply()
    scene.tell(PlaybackEnded(1))
    scene.tell(WakeHeard(2, at(scene.now_ms), word=False))
    assert scene.hear(scene.now_ms + 20_000, turn=2) == [Abandon(2), EndTurn(2, "nothing-said")]
    assert scene.machine.state is State.WAITING


def test_who_always_listens_on_says_first_what_waits_to_be_said():
    scene = until_speaking(settings=TurnSettings(follow_up="always"))
    scene.tell(AnnouncementDue("ring", "timer"))
    scene.finish_reply()
    assert [type(command) for command in scene.tell(PlaybackEnded(1))] == [EndTurn, Announce]


@pytest.mark.parametrize("asks", [True, False])
def test_what_people_say_to_each_other_after_a_reply_that_asked_nothing_gets_no_word(asks):
    scene = until_speaking(settings=TurnSettings(follow_up="always"))
    scene.finish_reply(expects_answer=asks)
    scene.tell(PlaybackEnded(1))
    scene.tell(WakeHeard(2, at(scene.now_ms), word=False))
    scene.say("", 800, turn=2)
    scene.prepare("", turn=2)
    finish, *then = scene.hear(scene.now_ms + 9000, turn=2)
    unheard = [Abandon(2), EndTurn(2, "not-understood")]
    assert then == ([Answer(2, finish.revision, "")] if asks else unheard)


@pytest.mark.parametrize("unasked", [True, False])
def test_a_voice_that_nobody_asked_to_speak_gets_no_word_unless_it_is_understood(unasked):
    scene = Scenario()
    scene.tell(WakeHeard(1, at(scene.now_ms), word=False, unasked=unasked))
    scene.say("", 800)
    scene.prepare("")
    finish, *then = scene.hear(scene.now_ms + 9000)
    unheard = [Abandon(1), EndTurn(1, "not-understood")]
    assert then == (unheard if unasked else [Answer(1, finish.revision, "")])


@pytest.mark.parametrize(("follow_up", "asks"), [("when-asked", True), ("always", True), ("always", False)])
def test_an_announcement_may_expect_an_answer(follow_up, asks):
    scene = Scenario(TurnSettings(follow_up=follow_up))
    [announce] = scene.tell(AnnouncementDue("the door is open, shall I close it?", "done", expects_answer=asks))
    assert announce.expects_answer is asks
    scene.tell(ReplyStarted(2, announce.revision))
    scene.finish_reply(expects_answer=announce.expects_answer)
    assert scene.tell(PlaybackEnded(2)) == [EndTurn(2, "answered"), *([Invite(4, 5.0)] if asks else [])]


@pytest.mark.parametrize("follow_up", ["never", "when-asked", "always"])
def test_who_is_asked_from_afar_to_listen_is_invited_whatever_follows_replies(follow_up):
    scene = Scenario(TurnSettings(follow_up=follow_up))
    assert scene.tell(ListeningAsked()) == [Invite(2, 5.0)]
    assert scene.tell(WakeHeard(2, at(scene.now_ms), word=False)) == [StartHearing(2)]
    assert scene.tell(ListeningAsked()) == [], "a turn is going on"


@pytest.mark.parametrize("state", [State.LISTENING, State.FINISHING, State.ANSWERING, State.SPEAKING])
def test_a_wake_word_gives_the_turn_up_for_a_new_one(state):
    scene = in_state(state)
    assert scene.wake(3) == [Abandon(1), EndTurn(1, "cancelled"), StartHearing(3)]
    assert scene.machine.state is State.LISTENING


def test_another_satellite_takes_the_turn_until_the_endpoint():
    scene = in_state(State.LISTENING)
    assert scene.tell(Outbid(1)) == [Abandon(1), EndTurn(1, "elsewhere")]
    assert scene.machine.state is State.WAITING
    for state in (State.FINISHING, State.ANSWERING, State.SPEAKING):
        scene = in_state(state)
        assert scene.tell(Outbid(1)) == []
        assert scene.machine.state is state


@pytest.mark.parametrize("state", [State.LISTENING, State.FINISHING, State.ANSWERING, State.SPEAKING])
def test_cancelled_by_the_satellite(state):
    scene = in_state(state)
    assert scene.tell(CancelRequested(1)) == [Abandon(1), EndTurn(1, "cancelled")]
    assert scene.machine.state is State.WAITING


@pytest.mark.parametrize("state", [State.LISTENING, State.FINISHING, State.ANSWERING, State.SPEAKING])
def test_a_failure_ends_the_turn_and_says_why(state):
    scene = in_state(state)
    assert scene.tell(WorkFailed(1, "hearing", "the worker died")) == [
        Abandon(1),
        EndTurn(1, "failed", "the worker died"),
    ]


@pytest.mark.parametrize("state", [State.LISTENING, State.FINISHING, State.ANSWERING, State.SPEAKING])
def test_whatever_is_waited_for_has_a_deadline(state):
    scene = in_state(state)
    [abandon, end] = scene.wait_s(600)
    assert abandon == Abandon(1)
    assert (end.turn, end.outcome) == (1, "failed")
    assert end.text


def test_a_satellite_that_never_reports_the_end_of_playback():
    scene = until_speaking()
    scene.finish_reply(remaining_s=2.0)
    assert scene.wait_s(6.9) == []
    assert scene.wait_s(0.2) == [EndTurn(1, "answered")]


def test_what_such_a_satellite_does_report_is_no_reason_to_wait_longer():
    scene = until_speaking()
    scene.finish_reply(remaining_s=2.0)
    scene.wait_s(6.9)
    assert scene.tell(PlaybackReached(1, 22_050)) == []
    assert scene.wait_s(0.2) == [EndTurn(1, "answered")]


def test_nothing_happens_before_its_time():
    scene = Scenario()
    scene.machine.advance(1000.0)
    assert scene.machine.ignored == 0, "nobody waits for anything"
    scene.tell(AnnouncementDue("one", "timer"))
    scene.machine.advance(scene.machine.next_deadline() - 0.001)
    assert scene.machine.commands() == []
    assert scene.machine.state is State.ANSWERING


def test_a_long_reply_lives_while_it_sounds():
    scene = until_speaking()
    for second in range(120):
        assert scene.wait_s(1) == []
        scene.tell(PlaybackReached(1, second * 22_050))
    scene.finish_reply()
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "answered")]


def test_an_end_of_playback_before_all_was_sent_is_not_believed():
    scene = until_speaking()
    assert scene.tell(PlaybackEnded(1)) == []
    assert scene.machine.state is State.SPEAKING


def test_late_results_of_a_turn_change_nothing_in_the_next():
    scene = until_answering()
    old = scene.revision
    scene.wake(3)
    before = scene.machine.ignored
    for late in (FinalReady(1, old, "old"), ReplyStarted(1, old), ReplyFinished(1, old, 0, **UNDERSTOOD)):
        assert scene.tell(late) == []
    assert scene.tell(FinalReady(3, old, "an old revision under the new number")) == []
    assert scene.machine.ignored == before + 4
    assert scene.machine.state is State.LISTENING


def test_turn_numbers_do_not_go_back():
    scene = until_answering(turn=5)
    assert scene.wake(5) == []
    assert scene.wake(3) == []
    assert scene.wake(8) == [], "even numbers are the server's"
    assert scene.machine.turn == 5


def test_an_announcement_is_a_turn_of_the_server():
    scene = Scenario()
    assert scene.tell(AnnouncementDue("The timer is over", "timer")) == [Announce(2, 1, "The timer is over", "timer")]
    scene.tell(ReplyStarted(2, 1))
    scene.finish_reply()
    assert scene.tell(PlaybackEnded(2)) == [EndTurn(2, "answered")]
    assert scene.machine.unspoken == []


def test_an_announcement_waits_for_the_turn_that_is_going_on():
    scene = until_answering()
    assert scene.tell(AnnouncementDue("one", "timer")) == []
    assert scene.tell(AnnouncementDue("two", "timer")) == []
    end, announce = scene.finish_reply(remaining_s=0)
    assert (end, announce.text) == (EndTurn(1, "answered"), "one")
    end, announce = scene.finish_reply(remaining_s=0)
    assert (end, announce.text) == (EndTurn(2, "answered"), "two")


def test_a_lost_satellite_leaves_its_announcements_to_be_delivered_later():
    scene = Scenario()
    scene.tell(AnnouncementDue("one", "timer"))
    scene.tell(AnnouncementDue("two", "timer"))
    assert scene.tell(SatelliteLost()) == [Abandon(2), EndTurn(2, "lost")]
    assert [due.text for due in scene.machine.unspoken] == ["one", "two"]


def test_a_wake_word_silences_a_ringing_timer_for_good():
    scene = Scenario()
    scene.tell(AnnouncementDue("one", "timer"))
    scene.wake()
    assert scene.machine.unspoken == []


def test_waiting_announcements_are_bounded():
    scene = until_answering()
    for number in range(MAX_WAITING_ANNOUNCEMENTS + 3):
        scene.tell(AnnouncementDue(str(number), "timer"))
    assert [due.text for due in scene.machine.unspoken] == [str(3 + n) for n in range(MAX_WAITING_ANNOUNCEMENTS)]
