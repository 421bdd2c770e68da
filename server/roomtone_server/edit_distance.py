"""How far two sequences lie apart: phones, words. Pure."""

from collections.abc import Sequence
from itertools import pairwise


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """How many insertions, deletions and replacements lead from one to the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for item in one:
        following = [row[0] + 1]
        for (replaced, inserted), name in zip(pairwise(row), other, strict=True):
            following.append(min(replaced + (item != name), inserted + 1, following[-1] + 1))
        row = following
    return row[-1]
