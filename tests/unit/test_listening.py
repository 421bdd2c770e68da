"""Audio on its way to the voice detector: frames of 20 ms from chunks of any length; edges from probabilities."""

from hypothesis import given
from hypothesis import strategies as st

from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES
from roomtone.ears.vad.edges import EdgeFinder, SpeechEdge
from roomtone_server.runtime.listening import PlacedFramer


@given(st.binary(min_size=0, max_size=5000).filter(lambda pcm: len(pcm) % 2 == 0), st.data())
def test_any_split_gives_the_same_frames(pcm, data):
    start = data.draw(st.integers(0, 10_000))
    cuts = sorted(2 * data.draw(st.integers(0, len(pcm) // 2)) for _ in range(4))
    framer, frames = PlacedFramer(), []
    for begin, end in zip([0, *cuts], [*cuts, len(pcm)], strict=True):
        frames += framer.frames(pcm[begin:end], start + begin // 2)
    whole = len(pcm) // FRAME_BYTES
    assert frames == [(pcm[n * FRAME_BYTES : (n + 1) * FRAME_BYTES], start + n * FRAME_SAMPLES) for n in range(whole)]


def test_a_gap_drops_the_rest_of_a_frame_rather_than_joining_what_was_apart():
    framer = PlacedFramer()
    assert list(framer.frames(b"\1\0" * 100, 0)) == []
    [(frame, position)] = framer.frames(b"\2\0" * FRAME_SAMPLES, 5000)
    assert (frame, position) == (b"\2\0" * FRAME_SAMPLES, 5000)


def edges(probabilities: list[float]) -> list[SpeechEdge]:
    finder = EdgeFinder()
    found = [finder.frame(probability, n * FRAME_SAMPLES) for n, probability in enumerate(probabilities)]
    return [edge for edge in found if edge]


def test_speech_begins_where_it_began_not_where_it_was_believed():
    assert edges([0, 0, 0.9, 0.9, 0.9, 0.9]) == [SpeechEdge(speaking=True, sample=2 * FRAME_SAMPLES)]


def test_a_click_is_no_speech():
    assert edges([0, 0.9, 0.9, 0, 0.9, 0.9, 0]) == []


def test_speech_goes_on_at_a_lower_level_than_it_takes_to_begin():
    assert edges([0.9, 0.9, 0.9, 0.4, 0.4, 0.2, 0.4]) == [
        SpeechEdge(speaking=True, sample=0),
        SpeechEdge(speaking=False, sample=5 * FRAME_SAMPLES),
    ]
