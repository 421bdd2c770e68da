"""The quiet room in which everything is recognised."""

import numpy as np

from roomtone.ears.formats import RATE_HZ
from roomtone_server.engines.stt.sphinx.speech import ROOM_LEVEL, ROOM_SECONDS, in_a_room

LONGER_THAN_THE_ROOM = (2 * ROOM_SECONDS + 1) * RATE_HZ


def test_digital_silence_becomes_a_room_that_is_always_the_same():
    silence = bytes(2 * LONGER_THAN_THE_ROOM)
    room = np.frombuffer(in_a_room(silence), np.int16)
    assert room.size == LONGER_THAN_THE_ROOM
    assert abs(np.std(room) - ROOM_LEVEL) < 0.1
    assert in_a_room(silence) == in_a_room(silence)


def test_the_loudest_sound_stays_within_its_range():
    for extreme in (-32_768, 32_767):
        heard = np.frombuffer(in_a_room(np.full(RATE_HZ, extreme, np.int16).tobytes()), np.int16)
        assert np.abs(heard.astype(int) - extreme).max() < 10 * ROOM_LEVEL
