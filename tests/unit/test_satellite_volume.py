"""How loud a satellite sounds."""

import itertools
import math
from array import array

import pytest

from roomtone_satellite.volume import Volume, gain_of

BLOCK = array("h", [10_000] * 441).tobytes()


def samples(pcm):
    return array("h", pcm).tolist()


def test_all_of_it_leaves_each_sample_as_it_was_and_none_of_it_is_silence():
    assert Volume(1.0).applied(BLOCK) == BLOCK
    assert Volume(0.0).applied(BLOCK) == bytes(len(BLOCK))


@pytest.mark.parametrize(("volume", "db"), [(0.5, -10.0), (0.25, -20.1), (0.1, -33.3)])
def test_half_of_it_sounds_half_as_loud(volume, db):
    assert 20 * math.log10(gain_of(volume)) == pytest.approx(db, abs=0.1)


def test_a_change_is_spread_over_one_block_so_that_nothing_clicks():
    volume = Volume(1.0)
    volume.applied(BLOCK)
    volume.set(0.0)
    ramp = samples(volume.applied(BLOCK))
    assert (ramp[0], ramp[-1]) == (10_000, 0)
    assert max(abs(later - earlier) for earlier, later in itertools.pairwise(ramp)) <= 24
    assert samples(volume.applied(BLOCK)) == [0] * 441
