"""The pure parts of echo cancellation: alignment of reference and microphone, the delay between them, the bypass."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.air import room
from support.sound import frames, noise, silence

from roomtone.ears.echo.clock import SampleClock
from roomtone.ears.echo.delay import Correlation
from roomtone.ears.echo.follower import LEAD, MAX_DRIFT, Alignment, Follower
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.echo.reference import HISTORY_MS, Reference
from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES, RATE_HZ

LONGEST = 400 * RATE_HZ // 1000
WINDOW = 12_800


def tone(at, hz=1_000.0):
    """A tone at positions that are counted at 16 kHz."""
    return 8_000 * np.sin(2 * np.pi * hz * np.asarray(at) / RATE_HZ)


def syllables(samples, seed):
    """Noise that rises and falls, and is darker than white, as speech is."""
    draw = np.random.default_rng(seed)
    dark = np.convolve(draw.normal(size=samples + 32), 0.8 ** np.arange(33), mode="valid")
    return 2_000 * dark * (0.1 + np.abs(np.sin(np.arange(samples) / 1_400 + seed)))


def error_db(found, expected):
    return 20 * np.log10(np.std(found - expected) / np.std(expected))


class TestReference:
    @pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 48_000])
    @pytest.mark.parametrize("position", [5_000.0, 5_000.5, 5_123.37])
    def test_it_is_read_at_any_position_whatever_the_speakers_rate(self, rate_hz, position):
        reference = Reference(rate_hz)
        assert reference.play(tone(np.arange(rate_hz) * RATE_HZ / rate_hz).astype(np.int16), 1_000.25)
        heard = reference.read(position, FRAME_SAMPLES)
        assert error_db(heard, tone(position + np.arange(FRAME_SAMPLES) - 1_000.25)) < -50

    def test_what_no_microphone_at_16_khz_hears_is_not_in_it(self):
        reference = Reference(48_000)
        reference.play(tone(np.arange(48_000) / 3, hz=10_000).astype(np.int16), 0.0)
        assert np.abs(reference.read(5_000.0, FRAME_SAMPLES)).max() < 8_000 / 100

    def test_blocks_that_are_told_a_little_early_or_late_sound_without_a_gap(self):
        reference, sound = Reference(RATE_HZ), tone(np.arange(RATE_HZ)).astype(np.int16)
        anew = [
            reference.play(sound[at : at + 320], at + off)
            for at, off in zip(range(0, 9_600, 320), itertools.cycle([0, 200, -200]), strict=False)
        ]
        assert anew == [True] + 29 * [False]
        assert reference.sounds_until == 9_600
        assert error_db(reference.read(320.5, 9_000), tone(320.5 + np.arange(9_000))) < -50

    def test_after_a_gap_it_begins_where_it_is_told(self):
        reference, sound = Reference(RATE_HZ), np.full(320, 1_000, np.int16)
        assert reference.play(sound, 100.0)
        assert reference.play(sound, 2_000.0)
        heard = reference.read(0.0, 3_000).round()
        assert not heard[:90].any()
        assert (heard[110:410] == 1_000).all()
        assert not heard[430:1_990].any()
        assert (heard[2_010:2_310] == 1_000).all()
        assert not heard[2_330:].any()

    def test_a_speaker_that_counts_its_own_silence_is_believed_to_the_sample(self):
        reference, sound = Reference(RATE_HZ), tone(np.arange(3_200)).astype(np.int16)
        assert reference.play(sound, 100.0, place=7_000)
        assert not reference.play(sound, 3_300.0 + 200, place=10_200)
        assert reference.play(sound, 20_100.0 - 300, place=27_000)
        assert reference.sounds_until == 23_300
        assert error_db(reference.read(20_150.0, 3_000), tone(50 + np.arange(3_000))) < -50
        assert not reference.read(7_000.0, 3_000).any()

    def test_one_whose_count_is_far_off_is_not_believed(self):
        reference, sound = Reference(RATE_HZ), np.full(320, 1_000, np.int16)
        reference.play(sound, 0.0, place=0)
        assert reference.play(sound, 50_000.0, place=320)
        assert reference.sounds_until == 50_320
        assert reference.play(sound, 60_000_000.0, place=60_000_000 - 49_680)
        assert reference.sounds_until == pytest.approx(60_000_320)
        assert not reference.read(59_999_000.0, 900).any()
        assert (reference.read(60_000_010.0, 300).round() == 1_000).all()

    def test_before_anything_and_long_after_there_is_silence(self):
        reference = Reference(22_050)
        assert reference.sounds_until < 0
        assert not reference.read(0.0, FRAME_SAMPLES).any()
        for second in range(10):
            reference.play(np.full(22_050, 500, np.int16), second * RATE_HZ)
        history = HISTORY_MS * RATE_HZ // 1000
        assert not reference.read(10 * RATE_HZ - history - FRAME_SAMPLES - 20, FRAME_SAMPLES).any()
        assert reference.read(10 * RATE_HZ - history + 20, FRAME_SAMPLES).all()
        reference.play(np.full(320, 500, np.int16), 3_600 * RATE_HZ)
        assert not reference.read(10 * RATE_HZ, FRAME_SAMPLES).any()

    def test_what_was_flushed_never_sounds(self):
        reference = Reference(RATE_HZ)
        reference.play(np.full(3_200, 1_000, np.int16), 0.0)
        reference.take_back(1_600)
        assert reference.sounds_until == 1_600
        assert not reference.read(1_610.0, 1_600).any()
        reference.take_back(99_999)
        assert not reference.read(0.0, 1_600).any()

    def test_a_drift_stretches_what_comes_and_leaves_the_present_where_it_is(self):
        reference, sound = Reference(RATE_HZ), tone(np.arange(2 * RATE_HZ)).astype(np.int16)
        reference.play(sound, 0.0)
        reference.drift(3e-4, 8_000.0)
        later = 16_000 + np.arange(FRAME_SAMPLES)
        assert error_db(reference.read(16_000.0, FRAME_SAMPLES), tone(8_000 + (later - 8_000) / (1 + 3e-4))) < -50
        assert reference.sounds_until == pytest.approx(8_000 + 24_000 * (1 + 3e-4))


class TestSampleClock:
    def test_before_the_first_frame_it_knows_nothing(self):
        assert SampleClock().position(5.0) is None

    @settings(max_examples=30)
    @given(st.lists(st.floats(0, 0.2), min_size=60, max_size=60), st.floats(-3e-4, 3e-4))
    def test_late_frames_do_not_put_it_off(self, late_s, drift):
        clock, now = SampleClock(), 0.0
        for frame, late in enumerate(late_s):
            punctual = 7.0 + (frame + 1) * 0.02 * (1 + drift)
            now = max(now, punctual + (0.0 if frame % 10 == 9 else late))
            clock.arrived((frame + 1) * FRAME_SAMPLES, now)
        spread = (clock.position(now) - (now - 7.0) / (1 + drift) * RATE_HZ) / RATE_HZ
        assert -0.2 <= spread <= 0.001

    def test_after_a_gap_in_the_microphone_it_begins_anew(self):
        clock = SampleClock()
        clock.arrived(320, 1.0)
        clock.arrived(640, 4.0)
        assert clock.position(4.0) == pytest.approx(640)


def heard_in(played, delay, snr_db, seed):
    """`played` in a room, `delay` samples later, and noise of another colour."""
    echo = np.pad(np.convolve(played, room(seed=seed)), (delay, 0))[: len(played)]
    hiss = np.random.default_rng(seed + 1).normal(size=len(echo))
    return (echo + hiss * np.std(echo) * 10 ** (-snr_db / 20)).astype(np.float32)


class TestDelay:
    @settings(max_examples=30)
    @given(delay=st.integers(0, LONGEST), snr_db=st.floats(-10, 30), seed=st.integers(0, 1_000))
    @example(delay=LONGEST, snr_db=-10, seed=0)
    @example(delay=0, snr_db=-10, seed=0)
    def test_the_delay_is_found_in_any_room(self, delay, snr_db, seed):
        played = syllables(WINDOW + LONGEST, seed).astype(np.float32)
        heard = heard_in(played, delay, snr_db, seed)
        found = Correlation(played, heard, -800, LONGEST + 800).peak(-800, LONGEST + 800)
        assert found.samples == pytest.approx(delay, abs=1)
        assert found.salience > 8

    @settings(max_examples=40)
    @given(st.integers(0, 100_000))
    def test_sounds_that_have_nothing_to_do_with_each_other_have_no_delay(self, seed):
        played, heard = (syllables(WINDOW, one).astype(np.float32) for one in (seed, seed + 100_001))
        assert Correlation(played, heard, -1_600, 7_200).peak(-1_600, 7_200).salience < 8

    def test_silence_has_none_either(self):
        silent = np.zeros(WINDOW, np.float32)
        assert Correlation(silent, silent, -10, 10).peak(-10, 10).salience == 0


def later(sound, samples):
    """The sound, that much later, between two samples too."""
    spectrum = np.fft.rfft(sound)
    return np.fft.irfft(spectrum * np.exp(-2j * np.pi * np.fft.rfftfreq(len(sound)) * samples), len(sound))


class Moving:
    """A speaker whose clock drifts, and a follower; once a second it measures."""

    def __init__(self, follower, off=0.0):
        self.follower = follower
        self.off = off  # where the echo is, beside where it is thought to be
        self._sound = syllables(WINDOW, 3)

    def second(self, drift, *, steady=True, loudness=1.0):
        before, noise_at = self.follower.alignment, np.random.default_rng(4).normal(size=WINDOW) * 200
        heard = loudness * later(self._sound, LEAD + self.off) + noise_at
        self.follower.follow(self._sound.astype(np.float32), heard.astype(np.float32), RATE_HZ if steady else None)
        self.off -= self.follower.alignment.delay_samples - before.delay_samples
        self.off += (drift - self.follower.alignment.drift) * RATE_HZ


class TestFollower:
    @given(drift=st.floats(-3e-4, 3e-4), delay=st.floats(-1_000, 6_000))
    @settings(max_examples=15)
    def test_a_drift_is_followed_from_its_first_seconds_on(self, drift, delay):
        moving = Moving(Follower(), off=delay)
        moving.second(drift, steady=False)
        assert moving.follower.found
        for _ in range(5):
            moving.second(drift)
        for _ in range(10):
            moving.second(drift)
            assert abs(moving.off) < 0.5
        assert moving.follower.alignment.drift == pytest.approx(drift, abs=1e-5)

    def test_what_is_known_of_the_drift_holds_from_the_start(self):
        moving = Moving(Follower(Alignment(500.0, 3e-4)))
        for _ in range(10):
            moving.second(3e-4)
            assert abs(moving.off) < 0.2

    def test_a_jump_is_no_drift(self):
        moving = Moving(Follower())
        for _ in range(5):
            moving.second(0.0)
        for jump in (20.0, -300.0, 4_000.0):
            moving.off += jump
            moving.second(0.0, steady=abs(jump) > 20)
            assert abs(moving.off) < 0.5
            assert abs(moving.follower.alignment.drift) < 1e-5

    def test_what_is_hardly_off_after_a_pause_is_left_where_the_canceller_knows_it(self):
        moving = Moving(Follower(Alignment(500.0)), off=1.5)
        moving.second(0.0, steady=False)
        assert moving.off == 1.5
        moving.second(0.0)
        assert 0.1 < moving.off < 1.0

    def test_without_an_echo_nothing_moves(self):
        moving = Moving(Follower(Alignment(500.0, 1e-4)))
        for _ in range(20):
            moving.second(0.0, loudness=0.0)
        assert moving.follower.alignment == Alignment(500.0, 1e-4)
        assert not moving.follower.found

    def test_no_drift_is_believed_that_no_two_clocks_have(self):
        moving = Moving(Follower())
        moving.second(0.0, steady=False)
        for _ in range(20):
            moving.off = 15.0
            moving.second(0.0)
        assert moving.follower.alignment.drift == MAX_DRIFT


class Muffler:
    """A canceller that leaves nothing at all, and keeps what it was given."""

    tail_samples = 3_200

    def __init__(self):
        self.given = []

    def process(self, frame, reference):
        self.given.append((frame, reference))
        return bytes(FRAME_BYTES)

    def reset(self):
        pass

    def close(self):
        pass


class Hall:
    """A path, its microphone's frames, all punctual, and a speaker at 16 kHz."""

    def __init__(self, alignment=None):
        self.muffler = Muffler()
        self.path = EchoPath(self.muffler, alignment)
        self.path.open(RATE_HZ)
        self.now = 0.0

    def hear(self, *heard):
        out = []
        for frame in heard:
            self.now += 0.02
            out.append(self.path.hear(frame, self.now))
        return out

    def play(self, seconds):
        self.path.play(noise(seconds, peak=8_000), 0, self.now)


class TestEchoPath:
    def test_frames_pass_bit_for_bit_until_something_plays_and_half_a_second_after(self):
        hall, heard = Hall(), frames(noise(4, peak=20_000))
        assert hall.hear(*heard[:50]) == heard[:50]
        assert hall.muffler.given == []
        hall.play(1.0)
        faded_in, *cancelled = hall.hear(*heard[50:125])
        assert faded_in not in (heard[50], bytes(FRAME_BYTES))
        assert cancelled == 74 * [bytes(FRAME_BYTES)]
        faded_out, *rest = hall.hear(*heard[125:])
        assert faded_out not in (heard[125], bytes(FRAME_BYTES))
        assert rest == heard[126:]
        assert len(hall.muffler.given) == 76

    def test_the_switch_makes_no_click(self):
        hall = Hall()
        loud = np.full(FRAME_SAMPLES, 10_000, np.int16).tobytes()
        before = hall.hear(*20 * [loud])
        hall.play(0.1)
        heard = np.frombuffer(b"".join(before + hall.hear(*60 * [loud])), np.int16).astype(int)
        assert heard.min() == 0
        assert heard[-1] == 10_000
        assert np.abs(np.diff(heard)).max() <= 10_000 / FRAME_SAMPLES + 1

    def test_the_reference_is_what_sounded_when_the_echo_was_heard(self):
        hall = Hall(Alignment(delay_samples=LEAD + 640.0))
        hall.hear(*frames(silence(1)))
        hall.play(0.5)
        hall.hear(*frames(silence(0.2)))
        assert [reference for _, reference in hall.muffler.given][:8] == frames(silence(0.04) + noise(0.12, peak=8_000))

    def test_a_reply_begins_where_its_cards_clock_says_though_the_loop_was_late(self):
        hall = Hall(Alignment(delay_samples=float(LEAD)))
        hall.hear(*frames(silence(1)))
        hall.path.play(noise(0.1, peak=8_000), 0, hall.now, place=16_000)
        hall.hear(*frames(silence(1)))
        hall.path.play(noise(0.1, peak=8_000), 320, hall.now + 0.008, place=16_000 * 2)
        hall.hear(*frames(silence(0.1)))
        assert [reference for _, reference in hall.muffler.given][-5:] == frames(noise(0.1, peak=8_000))

    def test_the_delay_is_found_while_it_plays_and_kept_up_with(self):
        hall = Hall()
        hall.hear(*frames(silence(1)))
        played = syllables(4 * RATE_HZ, 1).astype(np.int16)
        hall.path.play(played.tobytes(), 0, hall.now)
        assert not hall.path.found
        hall.hear(*frames(np.pad(played, (1_234, 0)).tobytes()))
        assert hall.path.found
        assert hall.path.alignment.delay_samples == pytest.approx(1_234, abs=0.5)
        assert hall.path.alignment.drift == pytest.approx(0, abs=1e-5)

    def test_what_was_flushed_is_waited_for_no_longer(self):
        hall, heard = Hall(), frames(noise(3))
        hall.hear(*heard[:1])
        hall.play(2.0)
        hall.path.take_back(2 * RATE_HZ - 3_200)
        out = hall.hear(*heard[1:])
        assert out[36:] == heard[37:]
        assert out[34] == bytes(FRAME_BYTES)

    def test_while_nobody_may_hear_nothing_is_worked_out_and_time_goes_on(self):
        hall = Hall(Alignment(delay_samples=float(LEAD)))
        hall.hear(*frames(silence(1)))
        hall.play(1.0)
        for _ in range(10):
            hall.now += 0.02
            hall.path.pass_over(hall.now)
        assert hall.muffler.given == []
        hall.hear(bytes(FRAME_BYTES))
        assert hall.muffler.given[0][1] == frames(noise(1, peak=8_000))[10]

    def test_a_speaker_that_is_not_open_or_plays_before_the_microphone_hears_is_not_heard_of(self):
        path = EchoPath(Muffler())
        path.play(noise(0.02), 0, 0.0)
        path.take_back(10)
        path.open(RATE_HZ)
        path.play(noise(0.02), 0, 0.0)
        assert path.hear(WHISPER, 0.02) == WHISPER


WHISPER = np.full(FRAME_SAMPLES, 3, np.int16).tobytes()
