"""A recogniser at work, and what it makes of some audio."""

from contextlib import asynccontextmanager

import psutil
from support.vocabularies import SMALL

from roomtone.ears.formats import FRAME_BYTES
from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone_server.engines.base import HearingRequest


def pocketsphinx(folder, **settings):
    """The embedded one, not yet started; it keeps in the folder what it has compiled."""
    return choose("stt", EngineChoice("pocketsphinx", settings)).make(Surroundings(folder, folder))


@asynccontextmanager
async def listening(engine, vocabulary=SMALL):
    """Started, and closed at the end."""
    await engine.start()
    try:
        await engine.learn(vocabulary)
        yield engine
    finally:
        await engine.close()


async def feed(hearing, pcm):
    for start in range(0, len(pcm), FRAME_BYTES):
        await hearing.feed(pcm[start : start + FRAME_BYTES])


async def heard(engine, pcm, request=HearingRequest()):  # noqa: B008 - it is frozen
    """The text of an utterance of its own."""
    hearing = await engine.hear(request)
    await feed(hearing, pcm)
    return (await hearing.finish()).text


def workers():
    """The processes that work for this one."""
    return psutil.Process().children(recursive=True)
