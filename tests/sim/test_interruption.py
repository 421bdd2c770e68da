"""Somebody speaks into a reply, on a virtual clock: whether it ends, and what is said next."""

import pytest
from support.turns import COMPLETE, OPEN, UNKNOWN, Scenario, at, until_speaking

from roomtone_server.turn.course import State, TurnSettings
from roomtone_server.turn.endpoint import EndpointSettings
from roomtone_server.turn.events import (
    Abandon,
    AnnouncementDue,
    Answer,
    CancelRequested,
    Discard,
    EndTurn,
    FinalReady,
    HoldReply,
    InterruptionHeard,
    Invite,
    PartialReady,
    PlaybackEnded,
    Prepare,
    PreviewReady,
    ReplyFinished,
    ReplyStarted,
    ResumeReply,
    SatelliteLost,
    SpeechStarted,
    StartHearing,
    WorkFailed,
)

SETTINGS = TurnSettings(
    EndpointSettings(at_once=frozenset({"stop", "never mind"})), backchannels=frozenset({"mm hm"}), undecided_ms=1500
)
RESUMED = [Abandon(3), EndTurn(3, "nothing-said"), ResumeReply(1)]
TAKEN = [Abandon(1), EndTurn(1, "interrupted")]


def interrupt(scene: Scenario, *, paused: bool = True, turn: int = 3) -> list:
    return scene.tell(InterruptionHeard(turn, 1, at(scene.now_ms), paused))


def interrupted(*, paused: bool = True) -> Scenario:
    scene = until_speaking(settings=SETTINGS)
    commands = interrupt(scene, paused=paused)
    assert commands == [*([HoldReply(1)] if paused else []), StartHearing(3)]
    assert scene.machine.state is State.INTERRUPTED
    assert (scene.machine.turn, scene.machine.interrupted) == (3, 1)
    return scene


def test_words_that_the_recogniser_stands_by_take_the_floor_and_none_is_lost():
    """What was heard until then is the beginning of the new turn: it is not heard anew."""
    scene = interrupted()
    scene.say("turn on the light", 800, turn=3)
    assert scene.prepare("turn on the light", turn=3) == TAKEN
    assert scene.machine.state is State.LISTENING
    finish, answer = scene.hear(9000, turn=3)
    assert (finish.silence_ms, finish.known) == (180, True)
    assert answer == Answer(3, finish.revision, "turn on the light")


def test_a_cough_lets_the_reply_go_on():
    scene = interrupted()
    scene.say("", 250, what=UNKNOWN, turn=3)
    began_ms = scene.now_ms
    scene.hear(9000, turn=3)
    assert scene.preview("", turn=3, spoken=False) == []
    assert scene.hear(9000, turn=3) == RESUMED
    assert scene.now_ms - began_ms == 300
    assert scene.machine.state is State.SPEAKING
    assert scene.finish_reply() == []
    assert scene.tell(PlaybackEnded(1)) == [EndTurn(1, "answered")]


@pytest.mark.parametrize("text", ["", "mm hm"])
def test_an_mm_hm_lets_it_go_on_whether_or_not_the_recogniser_knows_it(text):
    scene = interrupted()
    scene.say("dim", 400, what=OPEN, turn=3)
    assert scene.prepare(text, UNKNOWN, turn=3) == []
    assert scene.hear(9000, turn=3) == RESUMED


def test_a_stop_within_a_word_is_no_silence():
    scene = interrupted()
    scene.say("set", 300, what=OPEN, turn=3)
    assert scene.prepare("", turn=3) == []
    assert scene.say("set the light to blue", 700, turn=3) == [Discard(3, scene._asked)]
    assert scene.prepare("set the light to blue", turn=3) == TAKEN


def test_whoever_speaks_on_is_listened_to_when_it_makes_sense():
    scene = interrupted()
    began_ms = scene.now_ms
    scene.be_loud()
    scene.tell(SpeechStarted(3, at(scene.now_ms)))
    scene.hear(began_ms + 1000, turn=3)
    scene.tell(PartialReady(3, "set the light in the kitchen", OPEN))
    assert scene.hear(9000, turn=3) == TAKEN
    assert scene.now_ms - began_ms == 1500


@pytest.mark.parametrize(("loud", "after_ms"), [(False, 1500), (True, 3000)])
def test_without_words_there_is_an_end_to_it(loud, after_ms):
    scene = interrupted()
    began_ms = scene.now_ms
    if loud:
        scene.be_loud()
        scene.tell(SpeechStarted(3, at(scene.now_ms)))
    assert scene.hear(9000, turn=3) == RESUMED
    assert scene.now_ms - began_ms == after_ms


def test_a_transcript_on_its_way_is_waited_for():
    scene = interrupted()
    scene.say("turn on the light", 1300, what=UNKNOWN, turn=3)
    [asked] = scene.hear(9000, turn=3)
    assert scene.hear(scene.now_ms + 400, turn=3) == []
    assert scene.preview("turn on the light", turn=3) == TAKEN
    assert asked.turn == 3


def test_gaps_between_words_do_not_use_up_what_may_be_asked():
    scene = interrupted()
    for _ in range(6):
        scene.say("and", 200, what=UNKNOWN, turn=3)
        assert scene.hear(scene.now_ms + 100, turn=3) == []
    assert isinstance(scene.hear(9000, turn=3)[0], Prepare)


@pytest.mark.parametrize(("text", "commands"), [("stop", TAKEN), ("turn on the light", []), ("", [])])
def test_a_reply_that_was_not_paused_is_ended_only_by_what_ends_at_once(text, commands):
    scene = interrupted(paused=False)
    scene.say(text, 500, turn=3)
    assert scene.prepare(text, COMPLETE, turn=3) == commands
    if not commands:
        assert scene.hear(9000, turn=3) == RESUMED[:2], "it was never held"


def test_stop_silences_a_timer_for_good():
    scene = Scenario(SETTINGS)
    [announce] = scene.tell(AnnouncementDue("the timer", "timer"))
    scene.tell(ReplyStarted(2, announce.revision))
    scene.tell(InterruptionHeard(1, 2, at(0), paused=False))
    assert [due.text for due in scene.machine.unspoken] == ["the timer"], "not before that is certain"
    scene.say("stop", 400)
    assert scene.prepare("stop") == [Abandon(2), EndTurn(2, "interrupted")]
    assert scene.machine.unspoken == []


def test_a_wake_word_while_interrupted_begins_a_turn_of_its_own():
    scene = interrupted()
    assert scene.wake(5) == [
        *(Abandon(3), EndTurn(3, "cancelled"), ResumeReply(1)),
        *(Abandon(1), EndTurn(1, "cancelled"), StartHearing(5)),
    ]


def test_a_satellite_lost_while_interrupted_ends_both_turns_and_keeps_what_it_announced():
    scene = interrupted()
    scene.tell(AnnouncementDue("later", "timer"))
    scene.tell(SatelliteLost())
    assert scene.ended[-2:] == [EndTurn(3, "lost"), EndTurn(1, "lost")]
    assert [due.text for due in scene.machine.unspoken] == ["later"]


def test_the_satellite_takes_an_interruption_back():
    """It has waited long enough, and plays on."""
    scene = interrupted()
    assert scene.tell(CancelRequested(3)) == [Abandon(3), EndTurn(3, "cancelled"), ResumeReply(1)]
    assert scene.machine.state is State.SPEAKING


def test_a_button_gives_both_up():
    scene = interrupted()
    scene.tell(CancelRequested(1))
    assert [end.turn for end in scene.ended] == [3, 1]
    assert scene.machine.state is State.WAITING


def test_an_interruption_that_follows_one_whose_end_is_not_known():
    scene = interrupted()
    commands = interrupt(scene, turn=5)
    assert commands == [Abandon(3), EndTurn(3, "lost"), ResumeReply(1), HoldReply(1), StartHearing(5)]


def test_a_recogniser_that_fails_does_not_take_the_reply_with_it():
    scene = interrupted()
    commands = scene.tell(WorkFailed(3, "hearing", "the worker died"))
    assert commands == [Abandon(3), EndTurn(3, "failed", "the worker died"), ResumeReply(1)]


def test_a_voice_that_fails_ends_both():
    scene = interrupted()
    scene.tell(WorkFailed(1, "answering", "the voice is gone"))
    assert scene.ended[-2:] == [EndTurn(3, "cancelled"), EndTurn(1, "failed", "the voice is gone")]


def test_audio_that_never_comes_does_not_hold_the_reply():
    scene = interrupted()
    assert scene.wait_s(3.9) == []
    assert [type(command) for command in scene.wait_s(0.2)] == [Abandon, EndTurn, ResumeReply]
    assert scene.machine.state is State.SPEAKING


def test_a_reply_that_sounds_on_may_end_and_may_ask_something():
    scene = interrupted(paused=False)
    scene.finish_reply(expects_answer=True)
    assert scene.machine.state is State.INTERRUPTED
    assert scene.tell(PlaybackEnded(1)) == [*RESUMED[:2], EndTurn(1, "answered"), Invite(2, 5.0)]


def test_what_was_finished_meanwhile_is_known_when_it_goes_on():
    scene = interrupted()
    scene.finish_reply()
    scene.tell(CancelRequested(3))
    assert scene.wait_s(5.1) == []
    assert scene.wait_s(0.2) == [EndTurn(1, "answered")]


def test_nothing_is_interrupted_where_nothing_sounds():
    scene = Scenario(SETTINGS)
    scene.wake()
    assert interrupt(scene) == []
    scene = until_speaking(settings=SETTINGS)
    assert scene.tell(InterruptionHeard(3, 7, 0, paused=True)) == [], "of a reply that is over"
    assert interrupt(scene, turn=1) == [], "a turn that has been"
    assert scene.machine.state is State.SPEAKING


def test_late_results_of_either_turn_change_nothing_in_the_other():
    scene = interrupted()
    ignored = scene.machine.ignored
    revision = scene.revision
    scene.tell(FinalReady(1, revision, "late"))
    scene.tell(PreviewReady(3, revision + 7, "late", "late", COMPLETE, spoken=True))
    scene.tell(ReplyFinished(3, revision, 0, understood=True, expects_answer=False))
    scene.tell(PlaybackEnded(3))
    assert scene.machine.ignored == ignored + 4
