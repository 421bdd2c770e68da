"""The last moments of a stream, and rates made into others."""

import itertools
import math
import subprocess
import sys
from array import array

import pytest

from roomtone.ears.formats import FRAME_SAMPLES
from roomtone.ears.resample import Framer, Resampler, resampled_samples, to_mono
from roomtone.ears.ring import FrameRing


def frame(value: int) -> bytes:
    return array("h", [value] * FRAME_SAMPLES).tobytes()


def test_a_ring_keeps_the_newest_frames_and_knows_where_they_are():
    ring = FrameRing(3 * FRAME_SAMPLES)
    for value in range(5):
        ring.append(frame(value))
    assert (ring.oldest, ring.position) == (2 * FRAME_SAMPLES, 5 * FRAME_SAMPLES)
    assert ring.since(3 * FRAME_SAMPLES) == [(960, frame(3)), (1280, frame(4))]
    assert ring.since(0) == [(640, frame(2)), (960, frame(3)), (1280, frame(4))]
    assert ring.since(3 * FRAME_SAMPLES + 1)[0] == (960, frame(3)), "the frame that holds the sample"
    assert ring.since(ring.position) == []


def test_a_ring_forgets_the_audio_not_the_position():
    ring = FrameRing(1)
    ring.append(frame(1))
    ring.clear()
    assert ring.since(0) == []
    ring.append(frame(2))
    assert ring.since(0) == [(FRAME_SAMPLES, frame(2))]


def test_equal_rates_pass_and_need_no_library():
    program = (
        "import sys; from roomtone.ears.resample import Resampler; r = Resampler(16000, 16000);"
        "assert r.process(b'ab') + r.finish() == b'ab'; assert not {'numpy', 'soxr'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(44_100, 16_000), (22_050, 48_000), (48_000, 16_000), (8_000, 16_000)])
def test_a_tone_keeps_its_pitch_loudness_and_length(from_hz, to_hz):
    tone = array("h", (round(10_000 * math.sin(math.tau * 440 * n / from_hz)) for n in range(from_hz))).tobytes()
    resampler = Resampler(from_hz, to_hz)
    size = from_hz // 50 * 2
    made = array("h", b"".join(resampler.process(tone[at : at + size]) for at in range(0, len(tone), size)))
    made.frombytes(resampler.finish())
    assert abs(len(made) - to_hz) <= 1
    assert len(made) == pytest.approx(resampled_samples(from_hz, from_hz, to_hz), abs=1)
    middle = made[to_hz // 4 : 3 * to_hz // 4]
    crossings = sum(a < 0 <= b for a, b in itertools.pairwise(middle))
    assert crossings == pytest.approx(220, abs=1)
    assert max(middle) == pytest.approx(10_000, rel=0.02)


def test_two_channels_become_their_mean():
    assert to_mono(array("h", [100, 300, -5, -5]).tobytes(), 2) == array("h", [200, -5]).tobytes()


@pytest.mark.parametrize("size", [1, 639, 640, 641, 5000])
def test_frames_are_cut_whatever_the_pieces(size):
    audio = bytes(n % 251 for n in range(3 * 640 + 17))
    framer = Framer()
    frames = [one for at in range(0, len(audio), size) for one in framer.process(audio[at : at + size])]
    assert frames == [audio[at : at + 640] for at in (0, 640, 1280)]
