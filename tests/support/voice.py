"""Sentences in the embedded voice, the same samples in every test.

libespeak's voice flutters, and goes on where its last utterance ended: in the tests' own process a word would sound a
little different after every other test. So each is spoken in a fresh process, once per run.
"""

import asyncio
import functools
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soxr
from support.sound import silence

from roomtone import engines
from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.bench import scene
from roomtone_server.engines import libespeak
from roomtone_server.engines.base import SpeechRequest

_TESTS = Path(__file__).parents[1]
_SPEAKER = """
import pickle, sys
from support import voice
pickle.dump([getattr(voice, sys.argv[1])(text) for text in sys.argv[2:]], sys.stdout.buffer)
"""


@functools.cache
def user_says(text):
    """What the demo's user says: a `scene.Clip`."""
    return _in_a_fresh_process("_as_user", text)[0]


@functools.cache
def user_says_in_turn(*texts):
    """`user_says` of each, by one process: in a hurry, and the same samples as long as the texts are."""
    return _in_a_fresh_process("_as_user", *texts)


@functools.cache
def reply_of(text):
    """What the voice says with the settings it has when nothing is set, at the rate of the house."""
    return _in_a_fresh_process("_as_reply", text)[0]


@functools.cache
def replies_in_turn(*texts):
    """`reply_of` each, as above."""
    return _in_a_fresh_process("_as_reply", *texts)


async def spoken(text):
    """`reply_of`, with some quiet before and behind it."""
    return silence(0.3) + await asyncio.to_thread(reply_of, text) + silence(0.7)


def _in_a_fresh_process(speaker, *texts):
    if remedy := libespeak.missing():
        pytest.skip(f"nothing can speak here: {remedy}")
    command = [sys.executable, "-c", _SPEAKER, speaker, *texts]
    return pickle.loads(subprocess.run(command, cwd=_TESTS, stdout=subprocess.PIPE, check=True).stdout)


def _as_user(text):
    return scene.spoken(text)


def _as_reply(text):
    with tempfile.TemporaryDirectory() as folder:
        voice = engines.choose("tts", EngineChoice("espeak")).make(Surroundings(Path(folder), Path(folder)))
        pcm = asyncio.run(_speech(voice, text))
    return soxr.resample(np.frombuffer(pcm, np.int16), voice.rate_hz, RATE_HZ).astype(np.int16).tobytes()


async def _speech(voice, text):
    await voice.start()
    try:
        return b"".join([chunk async for chunk in voice.speak(SpeechRequest(text))])
    finally:
        await voice.close()
