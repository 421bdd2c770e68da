"""Somebody near the microphone, told from what a canceller leaves of an echo by how loud that can be."""

import numpy as np
import pytest

from roomtone.ears.echo.near_end import NearEnd
from roomtone.ears.echo.none import NoCanceller
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES, RATE_HZ

DRAW = np.random.default_rng(1)
SILENT = bytes(FRAME_BYTES)


def frame(level: float) -> bytes:
    return DRAW.normal(0, level, FRAME_SAMPLES).astype(np.int16).tobytes()


def taught(left: float, played: float, frames: int = 100) -> NearEnd:
    """After some speech of this level, of which so much was left."""
    near_end = NearEnd()
    for _ in range(frames):
        near_end.frame(frame(left), frame(played))
    return near_end


def test_nobody_is_near_before_the_echo_is_known():
    near_end = NearEnd()
    assert not any(near_end.frame(frame(3000), frame(3000)) for _ in range(50))
    assert not taught(100, 3000, frames=40).frame(frame(3000), frame(3000))


@pytest.mark.parametrize("left", [30, 100, 300])
def test_what_is_louder_than_the_echo_can_be_is_near(left):
    near_end = taught(left, 3000)
    assert not near_end.frame(frame(left * 3), frame(3000))
    assert near_end.frame(frame(left * 10), frame(3000))
    assert not near_end.frame(frame(left), frame(3000))


def test_the_louder_what_is_played_the_louder_its_echo_may_be():
    near_end = taught(100, 3000)
    assert not near_end.frame(frame(1000), frame(15_000))
    assert taught(100, 3000).frame(frame(1000), frame(1500))


def test_an_echo_rings_on():
    near_end = taught(100, 3000)
    assert not near_end.frame(frame(100), SILENT)
    for _ in range(50):
        near_end.frame(frame(10), SILENT)
    assert near_end.frame(frame(100), SILENT)


def test_a_voice_teaches_little_and_another_room_is_learnt_in_the_end():
    near_end = taught(30, 3000)
    assert all(near_end.frame(frame(2000), frame(3000)) for _ in range(50)), "for a second"
    assert not all(near_end.frame(frame(2000), frame(3000)) for _ in range(1000))


def test_a_noise_that_stays_is_a_part_of_the_room():
    near_end = taught(30, 3000)
    heard = [near_end.frame(frame(300), SILENT) for _ in range(800)]
    assert heard[20]
    assert not heard[-1]


def test_where_there_is_no_echo_everybody_is_near():
    assert taught(10, 3000).frame(frame(300), frame(3000))


def heard_through(path: EchoPath, number: int, said: bytes, taken: int | None) -> bool | None:
    """Whether somebody is near in this frame, while the speaker plays one."""
    now = number * FRAME_SAMPLES / RATE_HZ
    path.play(frame(3000), 0, now, taken)
    path.hear(said, now + FRAME_SAMPLES / RATE_HZ)
    return path.near


def test_nothing_is_known_while_nothing_is_played():
    path = EchoPath(NoCanceller())
    path.open(RATE_HZ)
    path.hear(frame(3000), 0.02)
    assert path.near is None


@pytest.mark.parametrize("counts", [True, False])
def test_nobody_is_near_while_the_echo_of_a_sound_is_looked_for_unless_the_speaker_counts_samples(counts):
    path = EchoPath(NoCanceller())
    path.open(RATE_HZ)
    path.hear(frame(30), 0.02)
    for number in range(1, 101):
        heard_through(path, number, frame(30), number * FRAME_SAMPLES if counts else None)
    later = 201
    near = [
        heard_through(path, later + more, frame(3000), (later + more) * FRAME_SAMPLES if counts else None)
        for more in range(5)
    ]
    assert near == [counts] * 5
