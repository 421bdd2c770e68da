"""What a second look at the words does for the endpoint, and when there is one at all."""

from support.turns import COMPLETE, OPEN, UNFINISHED, Scenario, at

from roomtone_server.turn.events import Discard, PartialReady, Prepare, SpeechStarted


def test_a_command_that_sounds_unfinished_is_waited_for_longer_until_it_is_confirmed():
    scene = Scenario()
    scene.wake()
    scene.say("turn on the light", 800, what=UNFINISHED)
    scene.prepare("turn on the", OPEN)
    assert scene.tell(PartialReady(1, "turn on the light", UNFINISHED)) == [Discard(1, 1), Prepare(1, 2)]
    assert scene.hear(1300) == []
    finish, answer = scene.preview("turn on the light", UNFINISHED)
    assert (finish.silence_ms, answer.revision) == (500, 2)


def test_a_room_whose_noise_makes_words_is_not_speculated_on():
    scene = Scenario()
    scene.wake()
    scene.hear(400)
    scene.tell(PartialReady(1, "play", COMPLETE))
    assert scene.hear(1400) == []
    scene.be_loud()
    scene.tell(SpeechStarted(1, at(1400)))
    assert scene.hear(2400) == [Prepare(1, 1)]
