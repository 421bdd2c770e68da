"""Checks that an end might bring."""

from roomtone.doctor import Finding


def _ears():
    yield Finding("ears", "works", "two")
    yield Finding("sense of rhythm", "degraded", "none", "practise")


def _stumbling():
    yield Finding("ears", "works", "one was fine")
    raise ZeroDivisionError("one check too many")


FINE = (_ears,)
RAISING = (_stumbling,)
