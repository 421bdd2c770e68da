"""When a turn takes an utterance for finished, and what it gets ready meanwhile, on a virtual clock."""

import pytest
from support.turns import COMPLETE, EXTENDABLE, OPEN, UNFINISHED, UNKNOWN, Scenario, at

from roomtone_server.turn.course import TurnSettings
from roomtone_server.turn.endpoint import EndpointSettings
from roomtone_server.turn.events import (
    Abandon,
    Answer,
    Completeness,
    Discard,
    EndTurn,
    FinalReady,
    FinishHearing,
    PartialReady,
    Prepare,
    SpeechEnded,
    SpeechStarted,
    UtteranceEnded,
    WakeHeard,
)


@pytest.mark.parametrize(
    ("what", "silence_ms"), [(COMPLETE, 160), (EXTENDABLE, 280), (UNKNOWN, 500), (UNFINISHED, 440), (OPEN, 1200)]
)
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
    for what, silence_ms in ((COMPLETE, 160), (EXTENDABLE, 460)):
        scene = Scenario(TurnSettings(EndpointSettings(scale=1.6)))
        scene.wake()
        scene.say("turn on the light", 1000, what=what)
        scene.prepare("turn on the light", what)
        assert scene.hear(9000)[0].silence_ms == silence_ms


def paused_and_then_loud(what: Completeness) -> Scenario:
    """One frame before the silence is enough it is loud again, and the voice detector knows of no voice."""
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 1000, what=what)
    scene.prepare("turn on the light", what)
    assert scene.hear(1140 if what is COMPLETE else 1420) == []
    scene.be_loud()
    return scene


def test_what_may_be_a_voice_that_begins_is_waited_for_until_the_detector_knows_it():
    scene = paused_and_then_loud(UNFINISHED)
    assert scene.hear(1640) == []
    assert scene.tell(SpeechStarted(1, at(1640))) == [Discard(1, 1)]
    assert scene.hear(2600) == []


def test_a_noise_that_comes_as_the_silence_ends_is_waited_for_half_a_second_at_most():
    scene = paused_and_then_loud(UNFINISHED)
    assert scene.hear(9000)[0] == FinishHearing(1, 1, at(1920), 920, known=True)


def test_a_short_noise_holds_the_endpoint_up_no_longer_than_it_sounds():
    scene = paused_and_then_loud(UNFINISHED)
    assert scene.hear(1460) == []
    scene.be_quiet()
    assert scene.hear(9000)[0] == FinishHearing(1, 1, at(1480), 480, known=True)


def test_where_nothing_can_follow_no_noise_is_waited_for():
    scene = paused_and_then_loud(COMPLETE)
    assert scene.hear(9000)[0] == FinishHearing(1, 1, at(1160), 160, known=True)


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


def test_newer_words_discard_what_rests_on_others_and_are_prepared_for_at_once():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800)
    scene.prepare("turn on the light")
    assert scene.tell(PartialReady(1, "turn on the light", COMPLETE)) == []
    assert scene.tell(PartialReady(1, "turn off the light", COMPLETE)) == [Discard(1, 1), Prepare(1, 2)]
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


def test_a_command_that_sounds_unfinished_is_waited_for_until_it_does_no_more():
    """Somebody says "close the windows": "close it" was heard when the word had hardly ended."""
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800, what=UNFINISHED)
    scene.prepare("turn on the light", UNFINISHED)
    assert scene.hear(1200) == []
    finish, answer = scene.tell(PartialReady(1, "turn on the light", COMPLETE))
    assert (finish.silence_ms, finish.known) == (400, True)
    assert answer == Answer(1, 1, "turn on the light")


def test_what_was_turned_down_before_it_sounded_finished_is_asked_for_once_more():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800, what=UNFINISHED)
    assert scene.hear(9000) == [Prepare(1, 1)]
    assert scene.preview("") == []
    assert scene.tell(PartialReady(1, "turn on the light", COMPLETE)) == [Discard(1, 1), Prepare(1, 2)]
    assert scene.preview("turn on the light") == []
    finish, answer = scene.hear(9000)
    assert finish.silence_ms == 160
    assert answer == Answer(1, 2, "turn on the light")


def test_a_transcript_that_comes_late_does_not_unsay_that_it_sounds_finished_since():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800, what=UNFINISHED)
    scene.hear(900)
    scene.hear(1100)
    assert scene.tell(PartialReady(1, "turn on the light", COMPLETE)) == []
    finish, answer = scene.preview("turn on the light", UNFINISHED)
    assert (finish.silence_ms, finish.known) == (300, True)
    assert answer == Answer(1, 1, "turn on the light")


def test_a_transcript_that_is_turned_down_late_is_asked_for_once_more():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800, what=UNFINISHED)
    scene.hear(900)
    scene.hear(1100)
    scene.tell(PartialReady(1, "turn on the light", COMPLETE))
    assert scene.preview("") == [Discard(1, 1), Prepare(1, 2)]
    finish, answer = scene.preview("turn on the light")
    assert (finish.silence_ms, answer.revision) == (300, 2)


def test_what_is_turned_down_when_it_was_asked_for_often_enough_is_heard_to_its_end():
    """Somebody hesitates twice; the third preview is of words that had not sounded finished yet, and is the last."""
    scene = Scenario()
    scene.wake()
    for revision in (1, 2, 3):
        assert scene.say("turn on the light", 400, what=UNFINISHED) == (
            [Discard(1, revision - 1)] if revision > 1 else []
        )
        assert scene.hear(9000) == [Prepare(1, revision)]
    assert scene.hear(scene.now_ms + 200) == []
    assert scene.tell(PartialReady(1, "turn on the light", COMPLETE)) == []
    discard, finish = scene.preview("")
    assert discard == Discard(1, 3)
    assert (finish.silence_ms, finish.known) == (260, False)
    [answer] = scene.tell(FinalReady(1, finish.revision, "turn on the light"))
    assert answer.text == "turn on the light"


def test_a_command_that_goes_on_sounding_unfinished_is_turned_down_after_the_longer_wait():
    scene = Scenario()
    scene.wake()
    scene.say("close it", 800, what=UNFINISHED)
    assert scene.hear(9000) == [Prepare(1, 1)]
    assert scene.preview("") == []
    assert scene.hear(9000)[0].silence_ms == 600


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


def before_a_television(text, what):
    """Somebody has said that; a voice sounds on."""
    scene = Scenario()
    scene.wake()
    scene.tell(SpeechStarted(1, 0))
    scene.be_loud()
    scene.hear(1000)
    scene.tell(PartialReady(1, text, what))
    return scene


def test_a_television_does_not_hold_the_turn_open():
    """Its voice goes on; the words do not."""
    scene = before_a_television("turn on the light", EXTENDABLE)
    finish = scene.hear(9000)
    assert finish == [FinishHearing(1, 1, at(2500), 0, known=False)]


def test_nor_does_it_when_the_transcript_never_comes():
    scene = before_a_television("turn on the light", COMPLETE)
    assert scene.hear(9000) == [Prepare(1, 1)]
    assert scene.hear(9000) == [Discard(1, 1), FinishHearing(1, 2, at(2500), 0, known=False)]


def test_words_that_stay_the_same_are_prepared_whatever_sounds_on():
    scene = before_a_television("turn on the light", COMPLETE)
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
