"""Somebody near a browser is told from what its echo cancellation leaves, though it is but roughly known what plays."""

import random
from array import array

import pytest

from roomtone.ears.formats import FRAME_SAMPLES
from roomtone_server.ports.web.voice.messages import Played
from roomtone_server.ports.web.voice.nearness import Nearness
from roomtone_server.ports.web.voice.speaker import BrowserSpeaker

RATE_HZ = 22_050
BLOCK = RATE_HZ // 50
SYLLABLES = [8_000, 12_000, 4_000, 0, 0, 9_000, 3_000, 300, 0, 6_000]  # each 100 ms of a reply, again and again


def noise(peak, samples, draw):
    return array("h", [draw.randint(-peak, peak) for _ in range(samples)]).tobytes()


class Room:
    """A reply of ten seconds that sounds, late, in a browser, which leaves so much of its echo."""

    def __init__(self, left=0.01, lag_ms=0):
        self.nearness = Nearness()
        self.nearness.begin(RATE_HZ)
        self._draw = random.Random(1)
        self._left = left
        self._lag = lag_ms // 20
        self.frames = 0  # of the reply, that have sounded

    def listen(self, count, voice=0, *, tells=True):
        """Frames of the microphone, with a voice as loud as that: what is found in each."""
        found = []
        for _ in range(count):
            self.nearness.sent(noise(self._peak(self.frames + 10), BLOCK, self._draw))
            if tells and self.frames % 10 == 0:
                self.nearness.sounded(self.frames * BLOCK - 10 * BLOCK, 100 + self.frames * 0.02)
            heard = max(voice, round(self._left * self._peak(self.frames - 10 - self._lag)), 3)
            found.append(self.nearness.frame(noise(heard, FRAME_SAMPLES, self._draw), 100 + self.frames * 0.02))
            self.frames += 1
        return found

    @staticmethod
    def _peak(frame):
        return max(1, SYLLABLES[frame // 5 % len(SYLLABLES)]) if frame >= 10 else 1


@pytest.mark.parametrize("lag_ms", [0, 40, 200])
@pytest.mark.parametrize("left", [0.001, 0.01, 0.03])
def test_an_echo_is_nobody_and_a_voice_is_somebody(left, lag_ms):
    room = Room(left, lag_ms)
    assert set(room.listen(400)) == {False}
    assert room.listen(3, voice=3_000) == [True] * 3
    room.listen(10)
    assert set(room.listen(100)) == {False}, "and somebody was but there"


@pytest.mark.parametrize("voice", [0, 4_000])
def test_before_anything_is_learnt_only_what_is_loud_is_somebody(voice):
    room = Room(0.03)
    assert set(room.listen(20)) == {False}
    assert set(room.listen(3, voice=voice)) == {bool(voice)}


def test_what_goes_on_is_soon_a_part_of_the_room():
    room = Room()
    room.listen(200)
    found = room.listen(300, voice=3_000)
    assert found[0]
    assert not any(found[-50:])


def test_without_times_nothing_is_known():
    room = Room()
    assert set(room.listen(100, tells=False)) == {None}
    room.listen(100)
    assert room.nearness.frame(bytes(640), None) is None
    room.nearness.lose_track()
    assert room.nearness.frame(bytes(640), 101.0) is None


@pytest.mark.parametrize("at_s", [0.0, 1e9])
def test_a_clock_that_lies_breaks_nothing(at_s):
    room = Room()
    room.listen(100)
    assert room.nearness.frame(bytes(640), at_s) is False
    room.nearness.sounded(2**53, at_s)
    assert room.nearness.frame(bytes(640), 0.0) is False


def test_who_speaks_once_the_reply_is_over_may_interrupt_the_next_one():
    """However loud: it is no echo of what sounds no more."""
    speaker, draw = BrowserSpeaker(tell=lambda _event: None, send=lambda _pcm: None), random.Random(1)

    def listen(begun_s, frames, voice):
        return [speaker.near(noise(voice, FRAME_SAMPLES, draw), begun_s + frame * 0.02) for frame in frames]

    for turn, begun_s in ((1, 100.0), (3, 200.0)):
        speaker.begin(turn, RATE_HZ)
        speaker.play(turn, noise(12_000, RATE_HZ, draw))
        speaker.told(Played(turn, 0, at=1000 * begun_s))
        assert set(listen(begun_s, range(45), voice=3)) == {False}
        assert listen(begun_s, range(45, 48), voice=6_000) == [True] * 3
        speaker.end(turn)
        speaker.told(Played(turn, RATE_HZ, done=True, at=1000 * (begun_s + 1)))
        assert set(listen(begun_s, range(50, 100), voice=6_000)) == {None}
