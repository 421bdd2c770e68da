"""Checks that an end might bring."""

import os

from roomtone.doctor import Finding


def _ears():
    yield Finding("ears", "works", "two")
    yield Finding("sense of rhythm", "degraded", "none", "practise")


def _stumbling():
    yield Finding("ears", "works", "one was fine")
    raise ZeroDivisionError("one check too many")


def _chattering():
    os.write(2, b"lib pcm.c:2666: unknown\n")
    yield Finding("sound", "note", "no card")


FINE = (_ears,)
RAISING = (_stumbling,)
CHATTERING = (_chattering,)
