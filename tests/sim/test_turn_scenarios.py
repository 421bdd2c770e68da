"""What a turn does, on a virtual clock: each test reads like the life of a turn."""

import pytest
from support.turns import COMPLETE, EXTENDABLE, OPEN, UNKNOWN, Scenario, at

from roomtone_server.turn.course import MAX_WAITING_ANNOUNCEMENTS, State, TurnSettings
from roomtone_server.turn.endpoint import EndpointSettings
from roomtone_server.turn.events import (
    Abandon,
    Announce,
    AnnouncementDue,
    Answer,
    CancelRequested,
    Discard,
    EndTurn,
    FinalReady,
    FinishHearing,
    Invite,
    Outbid,
    PartialReady,
    PlaybackEnded,
    PlaybackReached,
    Prepare,
    ReplyFinished,
    ReplyStarted,
    SatelliteLost,
    SpeechEnded,
    SpeechStarted,
    StartHearing,
    UtteranceEnded,
    WakeHeard,
    WorkFailed,
)

UNDERSTOOD = {"understood": True, "expects_answer": False}


def until_answering(turn: int = 1, settings: TurnSettings | None = None) -> Scenario:
    scene = Scenario(settings)
    scene.wake(turn)
    scene.say("turn on the light", 1500, turn=turn)
    scene.prepare("turn on the light", turn=turn)
    [_, answer] = scene.hear(5000, turn=turn)
    assert isinstance(answer, Answer)
    return scene


def until_speaking(turn: int = 1, settings: TurnSettings | None = None) -> tuple[Scenario, int]:
    scene = until_answering(turn, settings)
    revision = finish_revision(scene)
    scene.tell(ReplyStarted(turn, revision))
    return scene, revision


def finish_revision(scene: Scenario) -> int:
    return scene.machine._course.revision


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


@pytest.mark.parametrize(("what", "silence_ms"), [(COMPLETE, 160), (EXTENDABLE, 260), (UNKNOWN, 500), (OPEN, 1200)])
def test_the_silence_depends_on_what_was_said(what, silence_ms):
    """To the next frame of 20 ms."""
    scene = Scenario()
    scene.wake()
    scene.say("set the light to", 1000, what=what)
    assert scene.prepare("set the light to", what) == []
    finish, answer = scene.hear(9000)
    assert (finish.silence_ms, scene.now_ms) == (silence_ms, 1000 + silence_ms)
    assert answer == Answer(1, 1, "set the light to")


def test_who_is_relaxed_waits_longer_for_all_that_may_go_on():
    for what, silence_ms in ((COMPLETE, 160), (EXTENDABLE, 400)):
        scene = Scenario(TurnSettings(EndpointSettings(scale=1.6)))
        scene.wake()
        scene.say("turn on the light", 1000, what=what)
        scene.prepare("turn on the light", what)
        assert scene.hear(9000)[0].silence_ms == silence_ms


def test_a_transcript_on_its_way_is_waited_for_and_then_nothing_is():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 1000)
    assert scene.hear(1300) == [Prepare(1, 1)]
    assert scene.hear(1300) == []
    assert scene.preview("turn on the light") == [
        FinishHearing(1, 1, at(1300), 300, known=True),
        Answer(1, 1, "turn on the light"),
    ]


def test_a_transcript_that_never_comes_is_asked_for_in_the_end():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 1000)
    scene.hear(1100)
    assert scene.hear(9000) == [Discard(1, 1), FinishHearing(1, 2, at(1700), 700, known=False)]
    assert scene.tell(FinalReady(1, 1, "an older revision")) == []
    assert scene.tell(FinalReady(1, 2, "turn on the light")) == [Answer(1, 2, "turn on the light")]


def test_more_speech_discards_what_was_prepared():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800, what=EXTENDABLE)
    scene.prepare("turn on the light", EXTENDABLE)
    scene.hear(scene.now_ms + 60)
    assert scene.say("turn on the light in the kitchen", 700) == [Discard(1, 1)]
    assert scene.prepare("turn on the light in the kitchen") == []
    finish, answer = scene.hear(9000)
    assert (finish.revision, finish.silence_ms) == (2, 160)
    assert answer.text == "turn on the light in the kitchen"


def test_newer_words_discard_what_rests_on_others():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800)
    scene.prepare("turn on the light")
    assert scene.tell(PartialReady(1, "turn on the light", COMPLETE)) == []
    assert scene.tell(PartialReady(1, "turn off the light", COMPLETE)) == [Discard(1, 1)]
    assert scene.hear(9000) == [Prepare(1, 2)]
    scene.preview("turn off the light")
    assert scene.hear(9000)[-1] == Answer(1, 2, "turn off the light")


def test_at_most_three_revisions_are_prepared():
    scene = Scenario()
    scene.wake()
    commands = []
    for word in ["one", "two", "three", "four", "five"]:
        commands += scene.say(word, 300, what=OPEN)
        commands += scene.hear(scene.now_ms + 200)
    prepared = [command.revision for command in commands if isinstance(command, Prepare)]
    assert prepared == [1, 2, 3]
    assert [command.revision for command in commands if isinstance(command, Discard)] == prepared
    assert scene.hear(9000) == [FinishHearing(1, 4, at(scene.now_ms), 1200, known=False)]


def test_a_sentence_that_the_recogniser_takes_back_is_none():
    """A partial looks like a command, the transcript was turned down: it may be more than a command."""
    scene = Scenario()
    scene.wake()
    scene.say("pause", 800)
    assert scene.hear(9000) == [Prepare(1, 1)]
    assert scene.preview("") == []
    assert scene.tell(PartialReady(1, "pause", COMPLETE)) == []
    finish, answer = scene.hear(9000)
    assert finish.silence_ms == 500
    assert answer == Answer(1, 1, "")


def test_a_cough_is_no_utterance_and_gets_no_word():
    scene = Scenario()
    scene.wake()
    scene.say("", 900, what=UNKNOWN)
    scene.hear(9000)
    assert scene.preview("", spoken=False) == []
    finish, *end = scene.hear(9000)
    assert finish.silence_ms == 500
    assert end == [Abandon(1), EndTurn(1, "nothing-said")]


def test_never_mind_ends_at_once():
    scene = Scenario(TurnSettings(EndpointSettings(at_once=frozenset({"never mind"}))))
    scene.wake()
    scene.say("never mind", 800, what=EXTENDABLE)
    scene.prepare("never mind", EXTENDABLE)
    assert scene.hear(9000)[0].silence_ms == 100


def test_a_room_that_echoes_holds_nothing_up():
    """The voice detector takes the echo for a voice; the level tells that nobody speaks."""
    scene = Scenario()
    scene.wake()
    scene.hear(200)
    scene.say("turn on the light", 1000, echo_ms=400)
    assert scene.prepare("turn on the light") == []
    finish, _ = scene.hear(9000)
    assert (finish.silence_ms, scene.now_ms) == (160, 1360)


def test_an_echo_does_not_cut_off_what_must_go_on():
    scene = Scenario()
    scene.wake()
    scene.hear(200)
    scene.say("set the light to", 1000, what=OPEN, echo_ms=400)
    scene.prepare("set the light to", OPEN)
    assert scene.hear(2700) == []
    assert scene.hear(9000)[0].silence_ms == 1200


def test_a_television_does_not_hold_the_turn_open():
    """Its voice goes on; the words do not."""
    scene = Scenario()
    scene.wake()
    scene.tell(SpeechStarted(1, 0))
    scene.be_loud()
    scene.hear(1000)
    scene.tell(PartialReady(1, "turn on the light", EXTENDABLE))
    finish = scene.hear(9000)
    assert finish == [FinishHearing(1, 1, at(2500), 0, known=False)]


def test_words_that_stay_the_same_are_prepared_whatever_sounds_on():
    scene = Scenario()
    scene.wake()
    scene.tell(SpeechStarted(1, 0))
    scene.be_loud()
    scene.hear(1000)
    scene.tell(PartialReady(1, "turn on the light", COMPLETE))
    assert scene.hear(9000) == [Prepare(1, 1)]
    assert scene.now_ms == 1300
    scene.preview("turn on the light")
    assert scene.hear(9000)[-1] == Answer(1, 1, "turn on the light")
    assert scene.now_ms == 2500


def test_a_voice_without_words_ends_softly():
    scene = Scenario()
    scene.wake()
    scene.tell(SpeechStarted(1, 0))
    scene.be_loud()
    assert scene.hear(9000) == [FinishHearing(1, 1, at(4020), 0, known=False)]


def test_the_rest_of_the_wake_word_is_no_utterance():
    scene = Scenario()
    scene.wake()
    assert scene.tell(SpeechEnded(1, at(300))) == []
    assert scene.hear(2000) == []
    scene.say("turn on the light", 1000)
    scene.prepare("turn on the light")
    assert scene.hear(9000)[0] == FinishHearing(1, 1, at(3160), 160, known=True)


def test_a_short_word_in_one_breath_with_the_wake_word_is_an_utterance_after_more_silence():
    scene = Scenario()
    scene.wake()
    scene.hear(400)
    scene.tell(PartialReady(1, "stop", COMPLETE))
    scene.tell(SpeechEnded(1, at(400)))
    scene.prepare("stop")
    assert scene.hear(9000)[0] == FinishHearing(1, 1, at(1900), 1500, known=True)


def test_a_short_word_after_the_wake_word_needs_no_more_silence_than_any():
    scene = Scenario()
    scene.wake()
    scene.hear(40)
    scene.tell(SpeechEnded(1, at(40)))
    scene.say("stop", 350)
    scene.prepare("stop")
    assert scene.hear(9000)[0] == FinishHearing(1, 1, at(560), 160, known=True)


def test_a_wake_word_misheard_as_a_word_does_not_end_the_turn_before_the_command():
    scene = Scenario()
    scene.wake()
    scene.hear(300)
    scene.tell(PartialReady(1, "yes", COMPLETE))
    scene.tell(SpeechEnded(1, at(300)))
    scene.prepare("yes")
    assert scene.hear(scene.now_ms + 1000) == []
    assert scene.say("turn on the light", 250) == [Discard(1, 1)]
    scene.prepare("turn on the light")
    assert scene.hear(9000)[-1] == Answer(1, 2, "turn on the light")


def test_nothing_said_ends_softly_after_four_seconds():
    scene = Scenario()
    scene.wake()
    assert scene.hear(9000) == [Abandon(1), EndTurn(1, "nothing-said")]
    assert scene.now_ms == 4000


def test_an_utterance_has_a_ceiling():
    scene = Scenario()
    scene.wake()
    for word in range(30):
        commands = scene.say(f"and {word}", 500, what=OPEN)
        if commands:
            break
    assert commands == [FinishHearing(1, 1, at(15_000), 0, known=False)]


def test_who_pauses_long_is_waited_for_longer():
    scene = Scenario()
    usual = scene.machine._course.pauses.stretch
    scene.wake()
    scene.say("turn on", 800, what=OPEN)
    for _ in range(8):
        scene.hear(scene.now_ms + 500)
        scene.say("um", 300, what=OPEN)
    assert scene.machine._course.pauses.stretch > usual
    assert scene.machine._course.pauses.stretch == scene.machine._course.pauses.LONGEST


def test_a_reply_without_sound_ends_at_once():
    scene = until_answering()
    assert scene.tell(ReplyFinished(1, finish_revision(scene), 0, **UNDERSTOOD)) == [EndTurn(1, "answered")]


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
    scene.prepare("yes", turn=2)
    assert scene.hear(scene.now_ms + 5000, turn=2)[-1] == Answer(2, scene.machine._course.revision, "yes")


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
    scene, revision = until_speaking(settings=TurnSettings(follow_up=follow_up, follow_up_s=7.0))
    scene.tell(ReplyFinished(1, revision, 1, understood=understood, expects_answer=asks))
    commands = scene.tell(PlaybackEnded(1))
    assert commands[1:] == ([Invite(2, 7.0)] if listens_on else [])


def test_who_always_listens_on_is_left_in_peace_when_nothing_was_said_or_answered():
    always = TurnSettings(follow_up="always")
    scene = until_answering(settings=always)
    silent = ReplyFinished(1, finish_revision(scene), 0.0, **UNDERSTOOD)
    assert scene.tell(silent) == [EndTurn(1, "answered")], "never mind"
    scene, revision = until_speaking(settings=always)
    scene.tell(ReplyFinished(1, revision, 1, **UNDERSTOOD))
    scene.tell(PlaybackEnded(1))
    scene.tell(WakeHeard(2, at(scene.now_ms), word=False))
    assert scene.hear(scene.now_ms + 20_000, turn=2) == [Abandon(2), EndTurn(2, "nothing-said")]
    assert scene.machine.state is State.WAITING


def test_who_always_listens_on_says_first_what_waits_to_be_said():
    scene, revision = until_speaking(settings=TurnSettings(follow_up="always"))
    scene.tell(AnnouncementDue("ring", "timer"))
    scene.tell(ReplyFinished(1, revision, 1, **UNDERSTOOD))
    assert [type(command) for command in scene.tell(PlaybackEnded(1))] == [EndTurn, Announce]


@pytest.mark.parametrize("asks", [True, False])
def test_what_people_say_to_each_other_after_a_reply_that_asked_nothing_gets_no_word(asks):
    scene, revision = until_speaking(settings=TurnSettings(follow_up="always"))
    scene.tell(ReplyFinished(1, revision, 1, understood=True, expects_answer=asks))
    scene.tell(PlaybackEnded(1))
    scene.tell(WakeHeard(2, at(scene.now_ms), word=False))
    scene.say("", 800, turn=2)
    scene.prepare("", turn=2)
    finish, *then = scene.hear(scene.now_ms + 9000, turn=2)
    unheard = [Abandon(2), EndTurn(2, "not-understood")]
    assert then == ([Answer(2, finish.revision, "")] if asks else unheard)


@pytest.mark.parametrize(("follow_up", "asks"), [("when-asked", True), ("always", True), ("always", False)])
def test_an_announcement_may_expect_an_answer(follow_up, asks):
    scene = Scenario(TurnSettings(follow_up=follow_up))
    [announce] = scene.tell(AnnouncementDue("the door is open, shall I close it?", "done", expects_answer=asks))
    assert announce.expects_answer is asks
    scene.tell(ReplyStarted(2, announce.revision))
    scene.tell(ReplyFinished(2, announce.revision, 1, understood=True, expects_answer=announce.expects_answer))
    assert scene.tell(PlaybackEnded(2)) == [EndTurn(2, "answered"), *([Invite(4, 5.0)] if asks else [])]


def test_while_a_button_is_held_no_pause_ends_the_utterance():
    scene = Scenario()
    scene.tell(WakeHeard(1, 0, word=False, held=True))
    scene.say("turn on", 600)
    scene.prepare("turn on", OPEN)
    assert scene.hear(scene.now_ms + 6000) == []
    scene.say("turn on the light", 600)
    scene.prepare("turn on the light")
    assert scene.hear(scene.now_ms + 3000) == []
    finish, answer = scene.tell(UtteranceEnded(1))
    assert (finish.known, answer.text) == (True, "turn on the light")


def test_its_release_waits_for_nothing():
    scene = Scenario()
    scene.tell(WakeHeard(1, 0, word=False, held=True))
    scene.say("turn on the light", 600)
    [prepare] = scene.hear(scene.now_ms + 60)
    discard, finish = scene.tell(UtteranceEnded(1))
    assert (discard, finish.known) == (Discard(1, prepare.revision), False)
    assert scene.tell(FinalReady(1, finish.revision, "turn on the light"))[0].text == "turn on the light"


def test_a_button_that_was_held_in_silence_said_nothing():
    scene = Scenario()
    scene.tell(WakeHeard(1, 0, word=False, held=True))
    assert scene.hear(6000) == []
    assert scene.tell(UtteranceEnded(1)) == [Abandon(1), EndTurn(1, "nothing-said")]


def test_a_button_that_is_stuck_holds_an_utterance_to_its_ceiling_only():
    scene = Scenario()
    scene.tell(WakeHeard(1, 0, word=False, held=True))
    scene.say("and", 1000, what=OPEN)
    scene.prepare("and", OPEN)
    assert isinstance(scene.hear(60_000)[0], FinishHearing)
    assert scene.now_ms == 15_000


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
        scene.hear(1600)
        [_, finish] = scene.hear(5000)
        if state is not State.FINISHING:
            [answer] = scene.tell(FinalReady(1, finish.revision, "turn on the light"))
            if state is State.SPEAKING:
                scene.tell(ReplyStarted(1, answer.revision))
    assert scene.machine.state is state
    return scene
