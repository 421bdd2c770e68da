"""Sentences spoken by a text-to-speech engine, as a microphone in a quiet room would hear them."""

import numpy as np
import pytest
from support.sound import silence

from roomtone import engines
from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest


async def spoken(text, folder):
    """The text as audio, with some quiet before and behind it."""
    try:
        tts = engines.choose("tts", EngineChoice()).make(Surroundings(folder, folder))
    except EngineError as problem:
        pytest.skip(f"nothing can speak here: {problem}")
    await tts.start()
    pcm = b"".join([chunk async for chunk in tts.speak(SpeechRequest(text))])
    await tts.close()
    samples = np.frombuffer(pcm, np.int16)
    times = np.arange(0, len(samples), tts.rate_hz / RATE_HZ)
    at_our_rate = np.interp(times, np.arange(len(samples)), samples).astype(np.int16)
    return silence(0.3) + at_our_rate.tobytes() + silence(0.7)
