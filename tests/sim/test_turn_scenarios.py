"""What a turn does, on a virtual clock: each test reads like the life of a turn."""

import pytest
from support.turns import Scenario, at

from roomtone_server.turn.endpoint import EndpointSettings
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
    PartialReady,
    PlaybackEnded,
    PlaybackReached,
    ReplyFinished,
    ReplyStarted,
    SatelliteLost,
    SpeechEnded,
    StartHearing,
    WakeHeard,
    WorkFailed,
)
from roomtone_server.turn.steps import MAX_WAITING_ANNOUNCEMENTS, State, TurnSettings

UNDERSTOOD = {"understood": True, "expects_answer": False}


def until_answering(turn: int = 1) -> Scenario:
    scene = Scenario()
    scene.wake(turn)
    scene.say("turn on the light", 1500, turn=turn)
    [finish] = scene.hear(5000, turn=turn)
    scene.tell(FinalReady(turn, finish.revision, "turn on the light"))
    return scene


def until_speaking(turn: int = 1) -> tuple[Scenario, int]:
    scene = until_answering(turn)
    revision = finish_revision(scene)
    scene.tell(ReplyStarted(turn, revision))
    return scene, revision


def finish_revision(scene: Scenario) -> int:
    return scene.machine._course.revision


def test_a_turn_from_wake_to_done():
    scene = Scenario()
    assert scene.wake() == [StartHearing(1)]
    assert scene.say("turn on the light", 1500) == []
    assert scene.hear(5000) == [FinishHearing(1, 1, at(2200), 700)]
    assert scene.now_ms == 2200
    assert scene.tell(FinalReady(1, 1, "turn on the light")) == [Answer(1, 2, "turn on the light")]
    assert scene.tell(ReplyStarted(1, 2)) == []
    assert scene.tell(ReplyFinished(1, 2, 0.8, **UNDERSTOOD)) == []
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "answered")]
    assert scene.machine.state is State.WAITING
    assert scene.machine.next_deadline() is None


def test_a_pause_shorter_than_the_silence_is_one_utterance():
    scene = Scenario()
    scene.wake()
    assert scene.say("turn on", 800) == []
    assert scene.hear(scene.now_ms + 600) == []
    assert scene.say("turn on the light", 700) == []
    [finish] = scene.hear(9000)
    assert finish.silence_ms == 700


def test_the_rest_of_the_wake_word_is_no_utterance():
    scene = Scenario()
    scene.wake()
    assert scene.tell(SpeechEnded(1, at(300))) == []
    assert scene.hear(2000) == []
    scene.say("turn on the light", 1000)
    assert scene.hear(9000) == [FinishHearing(1, 1, at(3700), 700)]


def test_a_short_word_in_one_breath_with_the_wake_word_is_an_utterance_after_more_silence():
    scene = Scenario()
    scene.wake()
    scene.hear(400)
    scene.tell(PartialReady(1, "stop"))
    scene.tell(SpeechEnded(1, at(400)))
    assert scene.hear(9000) == [FinishHearing(1, 1, at(1900), 1500)]


def test_a_short_word_after_the_wake_word_needs_no_more_silence_than_any():
    scene = Scenario()
    scene.wake()
    scene.tell(SpeechEnded(1, at(100)))
    scene.hear(200)
    scene.say("stop", 350)
    assert scene.hear(9000) == [FinishHearing(1, 1, at(1260), 700)]


def test_a_wake_word_misheard_as_a_word_does_not_end_the_turn_before_the_command():
    scene = Scenario()
    scene.wake()
    scene.hear(300)
    scene.tell(PartialReady(1, "yes"))
    scene.tell(SpeechEnded(1, at(300)))
    assert scene.hear(scene.now_ms + 1000) == []
    scene.say("turn on the light", 1200)
    assert scene.hear(9000) == [FinishHearing(1, 1, at(3200), 700)]


def test_nothing_said_ends_softly_after_four_seconds():
    scene = Scenario()
    scene.wake()
    assert scene.hear(9000) == [Abandon(1), EndTurn(1, "nothing-said")]
    assert scene.now_ms == 4000


def test_an_utterance_has_a_ceiling():
    scene = Scenario()
    scene.wake()
    commands = scene.say("and and and", 20_000)
    assert commands == [FinishHearing(1, 1, at(15_000), 0)]


def test_the_silence_is_a_setting():
    scene = Scenario(TurnSettings(EndpointSettings(silence_ms=300)))
    scene.wake()
    scene.say("turn on the light", 1000)
    assert scene.hear(9000) == [FinishHearing(1, 1, at(1300), 300)]


def test_a_reply_without_sound_ends_at_once():
    scene = until_answering()
    assert scene.tell(ReplyFinished(1, finish_revision(scene), 0, **UNDERSTOOD)) == [EndTurn(1, "answered")]


def test_a_cough_ends_the_turn_without_a_word():
    scene = Scenario()
    scene.wake()
    scene.say("", 900)
    [finish] = scene.hear(5000)
    assert scene.tell(FinalReady(1, finish.revision, "", spoken=False)) == [Abandon(1), EndTurn(1, "nothing-said")]
    assert scene.machine.state is State.WAITING


def test_words_that_were_not_understood_are_answered():
    scene = Scenario()
    scene.wake()
    scene.say("", 1500)
    [finish] = scene.hear(5000)
    assert scene.tell(FinalReady(1, finish.revision, "")) == [Answer(1, finish.revision + 1, "")]


def test_not_understood_is_an_outcome_of_its_own():
    scene, revision = until_speaking()
    scene.tell(ReplyFinished(1, revision, 1, understood=False, expects_answer=False))
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "not-understood")]


def test_a_question_invites_an_answer_which_is_a_turn_of_the_server():
    scene, revision = until_speaking()
    scene.tell(ReplyFinished(1, revision, 1, understood=True, expects_answer=True))
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "answered"), Invite(2, 5.0)]
    assert scene.machine.state is State.INVITED
    assert scene.tell(WakeHeard(2, at(scene.now_ms), word=False)) == [StartHearing(2)]
    scene.say("yes", 400, turn=2)
    [finish] = scene.hear(scene.now_ms + 5000, turn=2)
    assert isinstance(finish, FinishHearing)


def test_an_invitation_that_nobody_takes_up():
    scene, revision = until_speaking()
    scene.tell(ReplyFinished(1, revision, 1, understood=True, expects_answer=True))
    scene.tell(PlaybackEnded(1))
    assert scene.wait_s(6) == [Abandon(2), EndTurn(2, "nothing-said")]


def test_a_wake_word_instead_of_the_answer():
    scene, revision = until_speaking()
    scene.tell(ReplyFinished(1, revision, 1, understood=True, expects_answer=True))
    scene.tell(PlaybackEnded(1))
    assert scene.wake(3) == [EndTurn(2, "cancelled"), StartHearing(3)]


def test_an_invited_turn_waits_as_long_as_it_promised():
    scene, revision = until_speaking()
    scene.tell(ReplyFinished(1, revision, 1, understood=True, expects_answer=True))
    scene.tell(PlaybackEnded(1))
    began = scene.now_ms
    scene.tell(WakeHeard(2, at(began), word=False))
    assert scene.hear(began + 20_000, turn=2) == [Abandon(2), EndTurn(2, "nothing-said")]
    assert scene.now_ms == began + 5000


@pytest.mark.parametrize("state", [State.LISTENING, State.FINISHING, State.ANSWERING, State.SPEAKING])
def test_a_wake_word_gives_the_turn_up_for_a_new_one(state):
    scene = in_state(state)
    assert scene.wake(3) == [Abandon(1), EndTurn(1, "cancelled"), StartHearing(3)]
    assert scene.machine.state is State.LISTENING


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
    scene, revision = until_speaking()
    scene.tell(ReplyFinished(1, revision, 2.0, **UNDERSTOOD))
    assert scene.wait_s(6.9) == []
    assert scene.wait_s(0.2) == [EndTurn(1, "answered")]


def test_a_long_reply_lives_while_it_sounds():
    scene, revision = until_speaking()
    for second in range(120):
        assert scene.wait_s(1) == []
        scene.tell(PlaybackReached(1, second * 22_050))
    scene.tell(ReplyFinished(1, revision, 0.2, **UNDERSTOOD))
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "answered")]


def test_an_end_of_playback_before_all_was_sent_is_not_believed():
    scene, _ = until_speaking()
    assert scene.tell(PlaybackEnded(1)) == []
    assert scene.machine.state is State.SPEAKING


def test_late_results_of_a_turn_change_nothing_in_the_next():
    scene = until_answering()
    old = finish_revision(scene)
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
    scene.tell(ReplyFinished(2, 1, 1.0, **UNDERSTOOD))
    assert scene.tell(PlaybackEnded(2)) == [EndTurn(2, "answered")]
    assert scene.machine.unspoken == []


def test_an_announcement_waits_for_the_turn_that_is_going_on():
    scene = until_answering()
    assert scene.tell(AnnouncementDue("one", "timer")) == []
    assert scene.tell(AnnouncementDue("two", "timer")) == []
    revision = finish_revision(scene)
    end, announce = scene.tell(ReplyFinished(1, revision, 0, **UNDERSTOOD))
    assert (end, announce.text) == (EndTurn(1, "answered"), "one")
    end, announce = scene.tell(ReplyFinished(2, announce.revision, 0, **UNDERSTOOD))
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


def in_state(state: State) -> Scenario:
    scene = Scenario()
    scene.wake()
    if state is not State.LISTENING:
        scene.say("turn on the light", 1500)
        [finish] = scene.hear(5000)
        if state is not State.FINISHING:
            [answer] = scene.tell(FinalReady(1, finish.revision, "turn on the light"))
            if state is State.SPEAKING:
                scene.tell(ReplyStarted(1, answer.revision))
    assert scene.machine.state is state
    return scene
