"""How a claim is compared with what a phone loop hears."""

from dataclasses import replace
from math import log

import pytest

from roomtone_server.engines.stt.sphinx.distance import PHONE_FRAMES, WEIGHTS, Segment, doubt, evidence, is_speech

FRAMES = 10  # of a phone
NATS = -50.0  # of a frame


def segments(text, start=0, nats=NATS):
    """Words, parted by bars, of phones, each ten frames long; "-" is ten frames of silence."""
    found = []
    for word in text.split(" | "):
        phones = tuple(phone for phone in word.split() if phone != "-")
        end = start + FRAMES * len(word.split())
        found.append(Segment(phones, start, end, (end - start) * nats))
        start = end
    return found


def heard(text, **options):
    """As a phone loop has it: each phone by itself."""
    return segments(" | ".join(text.replace("|", "").split()), **options)


SAID = "- | T ER N | AA N | DH AH | L AY T | -"
CLAIMED = segments(SAID)
CONFIRMED = heard(SAID)


class TestEvidence:
    def test_what_both_hear_alike_is_confirmed(self):
        found = evidence(CLAIMED, CONFIRMED)
        assert (found.edited, found.gap_nats, found.elsewhere, found.voiceless) == (0, 0, 0, 0)
        assert found.phones == log(10)
        assert found.pace == pytest.approx(log(FRAMES / PHONE_FRAMES))

    def test_phones_that_differ_are_edited(self):
        assert evidence(CLAIMED, heard("- | T AO N | AA N | DH AH | L AY K | -")).edited == 0.2

    def test_a_loop_that_fits_better_leaves_a_gap_per_frame_of_the_words(self):
        better = heard(SAID, nats=NATS + 1)
        assert evidence(CLAIMED, better).gap_nats == pytest.approx(12 / 10)

    def test_only_frames_that_both_heard_are_compared(self):
        late = heard("N | AA N | DH AH | L AY T | - | -", start=30, nats=NATS + 1)
        assert evidence(CLAIMED, late).gap_nats == pytest.approx(9 / 10)
        assert evidence(CLAIMED, CONFIRMED[:3]).gap_nats == 0

    def test_words_are_too_long_or_too_short_by_the_same_measure(self):
        def lasting(frames):
            return [Segment(("S", "T", "AA", "P"), 0, frames, -1.0)]

        usual = round(4 * PHONE_FRAMES)
        assert evidence(lasting(usual), CONFIRMED).pace == 0
        assert evidence(lasting(usual * 2), CONFIRMED).pace == evidence(lasting(usual // 2), CONFIRMED).pace == log(2)

    def test_phones_where_the_claim_has_silence_are_elsewhere(self):
        more = heard("HH | T ER N | AA N | DH AH | L AY T | IY")
        assert evidence(CLAIMED, more).elsewhere == pytest.approx(2 / 12)

    def test_a_loop_that_hears_no_vowel_hears_no_voice(self):
        assert evidence(CLAIMED, heard("- | T | - | K S")).voiceless == 1


class TestDoubt:
    def test_it_is_a_likelihood(self):
        assert 0 < doubt(CLAIMED, CONFIRMED) < 0.01
        assert 0.99 < doubt(CLAIMED, heard("S IH NG | M IY AE N | - | - | - | HH OW", nats=NATS + 5)) <= 1

    def test_all_evidence_speaks_against(self):
        assert min(WEIGHTS) > 0

    def test_however_bad_it_can_be_told(self):
        assert doubt(CLAIMED, heard(SAID, nats=0.0)) == pytest.approx(1)
        assert doubt(segments(SAID, nats=0.0), heard(SAID, nats=-1e6)) == pytest.approx(0)

    def test_nothing_claimed_and_nothing_heard_are_not_doubted(self):
        assert doubt([], CONFIRMED) == doubt(segments("- | -"), CONFIRMED) == doubt(CLAIMED, []) == 0


class TestIsSpeech:
    @pytest.mark.parametrize(
        ("sounds", "spoken"),
        [("S T AA P", True), ("- Y EH S -", True), ("- - -", False), ("- T - K P", False), ("T - AH", False)],
    )
    def test_several_phones_with_a_vowel_are(self, sounds, spoken):
        assert is_speech(heard(sounds)) is spoken

    def test_a_tone_that_is_held_is_not(self):
        hum = replace(heard("M")[0], phones=("OW",), end=300)
        assert not is_speech([hum, *heard("M N", start=300)])
