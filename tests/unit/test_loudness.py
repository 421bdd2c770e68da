"""Since when it is quiet, by the level alone."""

import pytest

from roomtone_server.turn.loudness import Loudness

FRAME = 320
ROOM_DB, VOICE_DB = -50.0, -20.0


def after(levels_db):
    loudness = Loudness()
    for number, level_db in enumerate(levels_db):
        loudness.frame(level_db, number * FRAME)
    return loudness


def quiet_since(levels_db):
    loudness = after(levels_db)
    return None if loudness.quiet_since is None else loudness.quiet_since // FRAME


ROOM, VOICE = [ROOM_DB] * 10, [VOICE_DB] * 10


def test_a_room_is_quiet_from_the_last_word_on():
    assert quiet_since(ROOM + VOICE) is None
    assert quiet_since(ROOM + VOICE + ROOM) == 20


def test_an_echo_that_is_far_below_the_words_is_quiet():
    echo = [VOICE_DB - 6 * step for step in range(1, 6)]
    assert quiet_since(ROOM + VOICE + echo) == 22, "two fifths from the room to the words: -38 dBFS"


@pytest.mark.parametrize("gap", [[-95.0] * 13, [-70.0, -95.0, -95.0, -80.0], [-95.0]])
def test_what_no_room_can_be_is_not_taken_for_it(gap):
    """A canceller takes the room out too, for as long as a chime sounds."""
    assert quiet_since(ROOM + gap + ROOM + VOICE + ROOM) == quiet_since(ROOM + ROOM + VOICE + ROOM) + len(gap)


def test_a_room_that_is_as_loud_as_the_voice_tells_nothing():
    assert quiet_since([-30.0] * 10 + VOICE + [-30.0] * 10) is None


def test_a_microphone_without_a_room_is_quiet_between_words():
    assert quiet_since([-95.0] * 10 + VOICE) is None
    assert quiet_since([-95.0] * 10 + VOICE + [-95.0] * 10) == 20


def test_a_word_that_begins_softly_stirs_the_room_before_it_is_loud():
    loudness = after([*ROOM, *VOICE, *ROOM, -46.0, -42.0, -40.0])
    assert loudness.quiet_since == 20 * FRAME
    assert loudness.stirring_since == 31 * FRAME, "a quarter from the room to the words: -42.5 dBFS"
    assert after([*ROOM, *VOICE, *ROOM]).stirring_since is None


def test_a_room_that_is_as_loud_as_the_voice_does_not_stir():
    assert after([-30.0] * 10 + VOICE).stirring_since is None
