"""Which satellite answers: pure decisions on scripted loudness."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone_server.turn import arbiter as arbiter_module
from roomtone_server.turn.arbiter import (
    CHIME_WAITS_S,
    COMPARING_S,
    FRAME_SAMPLES,
    MAX_COMPARISONS,
    RATE_HZ,
    Arbiter,
    Claim,
)

FRAME_S = FRAME_SAMPLES / RATE_HZ
PREROLL_FRAMES = 25


def voice(seed: int) -> list[float]:
    """What somebody says, as the level of each frame in dBFS: syllables of random length and loudness, and stops."""
    rng, levels = random.Random(seed), []
    while len(levels) < 300:
        levels += [rng.uniform(-35, -20)] * rng.randint(3, 8) + [-70.0] * rng.randint(1, 4)
    return levels


class Microphone:
    """A satellite in the house's air, whose clock began at some time of its own."""

    def __init__(
        self, name: str, said: list[float], *, snr_db: float, gain_db: float = 0.0, began_at: float = 0.0, score=0.9
    ):
        self.name = name
        self.snr_db = snr_db
        self._said = said
        self._gain_db = gain_db
        self._score = score
        self.began_at = began_at
        self.sent = 0
        self.turn = 1

    def claim(self, arbiter: Arbiter, now: float, *, word: str = "okay_nabu", alone: bool = False) -> float:
        heard = round((now - self.began_at) / FRAME_S)
        self.sent = max(0, heard - PREROLL_FRAMES)
        claim = Claim(self.name, self.turn, word, heard * FRAME_SAMPLES, self.snr_db, self._score)
        return arbiter.claim(claim, now, alone=alone)

    def stream(self, arbiter: Arbiter, now: float) -> list[Claim]:
        """All frames that have sounded by now; whoever yields."""
        yielding = []
        while (self.sent + 1) * FRAME_S <= now - self.began_at + 1e-9:
            said = round(self.began_at / FRAME_S) + self.sent
            level_db = max(-60.0, self._said[said] + self._gain_db)
            self.sent += 1
            claim = arbiter.heard(self.name, self.turn, self.sent * FRAME_SAMPLES, level_db, now)
            yielding += [claim] if claim is not None else []
        return yielding


def contest(*claims: tuple[float, Microphone], arbiter: Arbiter | None = None, until: float = 5.0) -> list[str]:
    """The claims at their times, and all audio; who yields, in order."""
    arbiter = arbiter or Arbiter()
    waiting, streaming, yielded = sorted(claims, key=lambda each: each[0]), [], []
    for step in range(round(until / FRAME_S)):
        now = step * FRAME_S
        while waiting and waiting[0][0] <= now:
            streaming.append(waiting.pop(0)[1])
            streaming[-1].claim(arbiter, now)
        for microphone in streaming:
            if microphone.name not in yielded:
                yielded += [claim.satellite for claim in microphone.stream(arbiter, now)]
    return yielded


def test_a_lone_claim_never_waits():
    near = Microphone("near", voice(1), snr_db=20)
    arbiter = Arbiter()
    assert near.claim(arbiter, 2.0, alone=True) == 0.0
    assert near.stream(arbiter, 4.0) == []


@pytest.mark.parametrize("near_at", [2.0, 2.1, 2.4, 2.9])
@pytest.mark.parametrize("far_at", [2.0, 2.16])
def test_the_better_claim_answers_whichever_comes_first(near_at, far_at):
    near = Microphone("near", voice(1), snr_db=20)
    far = Microphone("far", voice(1), snr_db=14, gain_db=-6, began_at=0.5)
    assert contest((near_at, near), (far_at, far)) == ["far"]


def test_the_loser_yields_as_soon_as_its_rival_s_preroll_is_there():
    arbiter, near, far = Arbiter(), Microphone("near", voice(1), snr_db=20), Microphone("far", voice(1), snr_db=14)
    far.claim(arbiter, 2.0)
    assert far.stream(arbiter, 2.1) == []
    near.claim(arbiter, 2.1)
    assert [claim.satellite for claim in near.stream(arbiter, 2.1)] == ["far"]


@pytest.mark.parametrize("seed", range(1, 21))
def test_two_who_speak_at_once_are_both_answered(seed):
    one = Microphone("one", voice(seed), snr_db=20)
    other = Microphone("other", voice(100 + seed), snr_db=14)
    assert contest((2.0, one), (2.1, other)) == []


def test_the_same_words_half_a_second_later_are_another_voice():
    said = voice(1)
    one, other = Microphone("one", said, snr_db=20), Microphone("other", [-60.0] * 25 + said, snr_db=14)
    assert contest((2.0, one), (2.5, other)) == []


@pytest.mark.parametrize(
    ("second_at", "word"), [(3.5, "okay_nabu"), (2.1, "alexa")], ids=["long after", "another wake word"]
)
def test_what_cannot_be_one_utterance_is_not_compared(second_at, word):
    arbiter, said = Arbiter(), voice(1)
    one, other = Microphone("one", said, snr_db=20), Microphone("other", said, snr_db=14)
    one.claim(arbiter, 2.0)
    one.stream(arbiter, second_at)
    other.claim(arbiter, second_at, word=word)
    assert other.stream(arbiter, second_at + 1.5) == []


def test_equals_are_decided_by_the_score_and_then_by_who_came_first():
    first, second, surest = (
        Microphone(name, voice(1), snr_db=20, score=score) for name, score in [("1", 0.9), ("2", 0.9), ("3", 0.95)]
    )
    assert contest((2.0, first), (2.1, second)) == ["2"]
    assert contest((2.0, first), (2.1, surest)) == ["1"]


def test_nobody_takes_a_turn_whose_endpoint_was_found():
    arbiter, near, far = Arbiter(), Microphone("near", voice(1), snr_db=20), Microphone("far", voice(1), snr_db=14)
    far.claim(arbiter, 2.0)
    far.stream(arbiter, 2.5)
    arbiter.settle("far", 1)
    near.claim(arbiter, 2.5)
    assert [claim.satellite for claim in near.stream(arbiter, 2.5)] == ["near"]


def test_a_turn_that_has_ended_has_no_rivals():
    arbiter, near, far = Arbiter(), Microphone("near", voice(1), snr_db=20), Microphone("far", voice(1), snr_db=14)
    near.claim(arbiter, 2.0)
    near.stream(arbiter, 2.0)
    arbiter.withdraw("near", 3)  # a turn that is none of this contest
    arbiter.settle("far", 1)
    far.claim(arbiter, 2.0)
    assert [claim.satellite for claim in far.stream(arbiter, 2.0)] == ["far"]
    arbiter.withdraw("near", 1)
    assert contest((2.5, far), arbiter=arbiter) == []


def test_silence_is_nobody_s_voice():
    one, other = (Microphone(name, [-60.0] * 300, snr_db=0) for name in ("one", "other"))
    assert contest((2.0, one), (2.0, other)) == []


def test_frames_that_were_lost_are_not_compared():
    """Of both streams every second one is missing: at each odd lag they have nothing in common."""
    arbiter, one, other = Arbiter(), voice(1), voice(2)
    for name in ("one", "other"):
        arbiter.claim(Claim(name, 1, "okay_nabu", 0, 20.0, 0.9), 2.0, alone=False)
    for number in range(0, 100, 2):
        for name, said in (("one", one), ("other", other)):
            assert arbiter.heard(name, 1, (number + 1) * FRAME_SAMPLES, said[number], 2.0 + number * FRAME_S) is None


def test_the_chime_waits_for_rivals_and_not_longer_for_the_last_of_them():
    arbiter, near, far = Arbiter(), Microphone("near", voice(1), snr_db=20), Microphone("far", voice(1), snr_db=14)
    assert far.claim(arbiter, 2.0) == pytest.approx(CHIME_WAITS_S)
    assert near.claim(arbiter, 2.05) == pytest.approx(CHIME_WAITS_S - 0.05)
    near.turn = 3
    assert near.claim(arbiter, 2.5) == COMPARING_S


@given(
    claims=st.lists(st.tuples(st.integers(100, 140), st.integers(0, 40), st.integers(0, 90)), min_size=1, max_size=5),
    said=st.integers(1, 50),
)
def test_one_voice_has_exactly_one_answer_and_it_is_the_best(claims, said):
    """Claims as (frame of the claim, frame at which its microphone began, signal to noise)."""
    group = [
        (at * FRAME_S, Microphone(str(number), voice(said), snr_db=snr_db, began_at=began * FRAME_S))
        for number, (at, began, snr_db) in enumerate(claims)
    ]
    yielded = contest(*group)
    [winner] = [microphone for _, microphone in group if microphone.name not in yielded]
    assert len(set(yielded)) == len(yielded)
    assert winner.snr_db == max(microphone.snr_db for _, microphone in group)


def test_of_fifty_satellites_that_hear_one_voice_the_best_answers():
    heard_by = [Microphone(f"s{number}", voice(1), snr_db=number % 50) for number in range(50)]
    yielded = contest(*((2.0, microphone) for microphone in heard_by))
    assert sorted(yielded) == sorted(f"s{number}" for number in range(49))


def murmur(seed: int) -> list[float]:
    """Somebody who never pauses, until all fall silent at the same time."""
    rng = random.Random(seed)
    return [rng.uniform(-30, -20) for _ in range(125)] + [-70.0] * 175


def test_fifty_voices_at_once_are_compared_no_more_often_than_there_is_time_for(monkeypatch):
    compared_at = []
    compare = arbiter_module._is_one_voice
    monkeypatch.setattr(arbiter_module, "_is_one_voice", lambda *pair: compared_at.append(now) or compare(*pair))
    arbiter = Arbiter()
    microphones = [Microphone(f"s{number}", murmur(number), snr_db=20) for number in range(50)]
    for microphone in microphones:
        microphone.claim(arbiter, 2.0)
    for step in range(150):
        now = 2.0 + step * FRAME_S
        assert all(microphone.stream(arbiter, now) == [] for microphone in microphones)
    assert compared_at
    assert max(Counter(compared_at).values()) <= MAX_COMPARISONS
