"""A browser's microphone in the house's own format, and how much a browser may send."""

import pytest

from roomtone.errors import FrameError
from roomtone_server.ports.web.allowance import Allowance
from roomtone_server.ports.web.voice.microphone import BrowserMicrophone

FRAME = b"\x01\x02" * 320


def started(rate_hz=16_000):
    microphone = BrowserMicrophone()
    microphone.start(rate_hz)
    return microphone


def test_pieces_of_any_size_are_frames_with_positions():
    microphone = started()
    found = [one for size in (2, 638, 640, 1_000, 280) for one in microphone.take(FRAME[:2] * (size // 2))]
    assert [position for position, _ in found] == [0, 320, 640, 960]
    assert {len(frame) for _, frame in found} == {640}


def test_each_frame_is_the_newest_that_is_remembered_as_it_comes():
    microphone = started()
    for position, frame in microphone.take(FRAME * 5):
        assert microphone.position == position + 320
        assert microphone.ring.since(position) == [(position, frame)]


def test_positions_count_on_over_gaps_and_over_a_second_start():
    microphone = started()
    list(microphone.take(FRAME * 2))
    assert microphone.place(640, None) is False
    assert microphone.place(16_000, None) is True
    assert [position for position, _ in microphone.take(FRAME)] == [16_000]
    microphone.stop()
    assert list(microphone.take(FRAME)) == []
    assert microphone.place(0, 1.0) is False
    microphone.start(48_000)
    assert microphone.place(4_800, None) is True
    list(microphone.take(b"\0\0" * 4_800))
    assert microphone.position > 16_320 + 1_600


def test_the_browser_s_clock_places_every_sample():
    microphone = started(48_000)
    assert microphone.heard_at(0) is None
    microphone.place(0, 100.0)
    microphone.place(48_000, 101.0)
    assert microphone.heard_at(8_000) == pytest.approx(100.5)
    microphone.place(480_000, 110.2)
    assert microphone.heard_at(160_000) == pytest.approx(110.2), "after a gap it is told anew"


def test_what_has_come_does_not_come_again():
    microphone = started()
    list(microphone.take(FRAME))
    with pytest.raises(FrameError, match="before"):
        microphone.place(319, None)
    with pytest.raises(FrameError, match="half a sample"):
        list(microphone.take(b"\0"))


def test_as_much_as_time_brings_and_some_at_once():
    allowance = Allowance(every_s=0.1, at_once=20)
    assert allowance.spend(20, now=5.0)
    assert not allowance.spend(1, now=5.0)
    assert allowance.spend(10, now=6.0)
    assert not allowance.spend(21, now=1e9), "never more at once"
    assert allowance.spend(20, now=1e9)
