from hypothesis import given
from hypothesis import strategies as st

from roomtone.link.outbox import Outbox

frames = st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=60)


def test_frames_leave_in_the_order_in_which_they_came():
    outbox = Outbox()
    outbox.put_audio(b"a1")
    assert outbox.put_control(b"c1")
    outbox.put_audio(b"a2")
    assert outbox.take(100) == b"a1c1a2"
    assert outbox.take(100) == b""


def test_a_piece_is_about_as_long_as_asked():
    outbox = Outbox()
    for frame in (b"12", b"34", b"56"):
        outbox.put_audio(frame)
    assert [outbox.take(3), outbox.take(3), outbox.take(3)] == [b"1234", b"56", b""]


def test_the_oldest_audio_is_dropped_and_events_never():
    outbox = Outbox(max_audio_bytes=4)
    outbox.put_audio(b"a1")
    outbox.put_control(b"start")
    for frame in (b"a2", b"a3", b"a4"):
        outbox.put_audio(frame)
    assert outbox.dropped == 2
    assert outbox.take(100) == b"starta3a4"


def test_too_many_events_are_refused():
    outbox = Outbox(max_control_bytes=4)
    assert outbox.put_control(b"1234")
    assert not outbox.put_control(b"5")
    assert outbox.take(100) == b"1234"
    assert outbox.put_control(b"5")


@given(frames)
def test_what_waits_is_bounded_and_nothing_is_reordered(puts):
    outbox = Outbox(max_audio_bytes=100, max_control_bytes=150)
    kept = []
    for number, (is_audio, length) in enumerate(puts):
        frame = bytes([number]) * length
        if is_audio:
            outbox.put_audio(frame)
            kept.append(number)
        elif outbox.put_control(frame):
            kept.append(number)
    waiting = outbox.take(10_000)
    assert len(waiting) <= 250
    order = list(dict.fromkeys(waiting))
    assert order == sorted(order)
    assert set(order) <= set(kept)
    assert {number for number in kept if not puts[number][0]} <= set(order)
    assert len(set(kept) - set(order)) == outbox.dropped
