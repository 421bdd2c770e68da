"""An utterance that is transcribed while it grows, on virtual time: how often, and what of it is done twice."""

import asyncio
from contextlib import aclosing

from support import virtual_time
from support.sound import frames, noise, silence

from roomtone.ears.formats import FRAME_MS
from roomtone_server.engines.base import Transcript
from roomtone_server.engines.stt.growing import GrowingHearing
from roomtone_server.engines.stt.whisper_decoding import MAX_BYTES

MS_BYTES = 32
WORD = noise(0.4, peak=8000) + silence(0.1)
ROOM = silence(0.5)


class Transcriber:
    """Writes a word for each half second; it takes its time."""

    def __init__(self, takes_s):
        self.takes_s = takes_s
        self.asked_ms = []
        self.ended = 0

    async def __call__(self, pcm):
        self.asked_ms.append(len(pcm) // MS_BYTES)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.ended += 1
        return Transcript(" ".join(f"word{n}" for n in range(len(pcm) // MS_BYTES // 500)))


async def speak(hearing, pcm):
    """In real time."""
    for frame in frames(pcm):
        await asyncio.sleep(FRAME_MS / 1000)
        await hearing.feed(frame)


def listen(takes_s, pcm, then):
    """What is asked and shown while somebody says it, and then happens."""
    asked = Transcriber(takes_s)
    shown = []

    async def watch(hearing):
        async with aclosing(hearing.partials()) as partials:
            shown.extend([partial async for partial in partials])

    async def main():
        hearing = GrowingHearing(asked, lambda _: None, MAX_BYTES, lambda: takes_s)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(hearing))
            await speak(hearing, pcm)
            result = await then(hearing)
            await hearing.close()
        return result

    return virtual_time.run(main()), asked, shown


async def finished(hearing):
    return (await hearing.finish()).text


def test_partials_come_as_often_as_there_is_time_for():
    quick = listen(0.1, ROOM + 8 * WORD, finished)[1]
    slow = listen(0.5, ROOM + 8 * WORD, finished)[1]
    far_too_slow = listen(5.0, ROOM + 8 * WORD, finished)[1]
    assert len(quick.asked_ms) > len(slow.asked_ms) > len(far_too_slow.asked_ms) == 1, "the transcript"


def test_what_two_agree_on_is_shown_and_in_a_pause_all_of_it():
    text, asked, shown = listen(0.1, ROOM + 6 * WORD + silence(0.6), finished)
    words = [len(partial.text.split()) for partial in shown]
    assert words == sorted(set(words))
    assert words[0] < words[-1], "some came while it grew"
    assert shown[-1].text == text
    assert shown[-1].samples * 2 == asked.asked_ms[-1] * MS_BYTES


def test_what_is_asked_in_a_pause_is_made_once():
    async def preview_and_finish(hearing):
        previews = [await hearing.preview(), await hearing.preview()]
        await speak(hearing, silence(0.4))
        return [*previews, await hearing.finish()]

    heard, asked, _ = listen(0.3, ROOM + 3 * WORD + silence(0.3), preview_and_finish)
    assert len(set(heard)) == 1
    assert len(asked.asked_ms) == len(set(asked.asked_ms)), "none of the same audio twice"
    assert asked.asked_ms[-1] < 500 + 3 * 500 + 300


def test_more_speech_is_heard_anew_and_ends_what_is_under_way():
    async def go_on(hearing):
        async with asyncio.TaskGroup() as tasks:
            older = tasks.create_task(hearing.preview())
            await speak(hearing, 2 * WORD + silence(0.3))
            newer = await hearing.preview()
        return older.result(), newer

    (older, newer), asked, _ = listen(3.0, ROOM + 2 * WORD + silence(0.3), go_on)
    assert older == newer, "who asked earlier gets the newer text"
    assert len(newer.text.split()) == 5
    assert asked.ended == len(asked.asked_ms)


def test_nothing_is_asked_of_mere_room():
    text, asked, shown = listen(0.1, noise(3.0, peak=30), finished)
    assert (text, asked.asked_ms, shown) == ("", [], [])


def test_closed_while_a_partial_is_made():
    async def close(hearing):
        await hearing.close()
        await hearing.feed(WORD)

    _, asked, shown = listen(2.0, ROOM + 6 * WORD + silence(0.3), close)
    assert asked.ended == len(asked.asked_ms) == 1
    assert shown == []


def test_what_is_beyond_the_encoder_s_window_is_not_heard():
    _, asked, _ = listen(0.1, ROOM + 70 * WORD, finished)
    assert max(asked.asked_ms) * MS_BYTES <= MAX_BYTES
