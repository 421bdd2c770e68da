"""What is spoken once and said again."""

import asyncio
from contextlib import aclosing

import pytest
from support import virtual_time

from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.runtime.replies import MAX_CHARACTERS, MAX_KEPT_BYTES, Replies

LIGHT = SpeechRequest("Turned on the light")


class CountingVoice:
    """Three chunks, a second apart; each says its own number."""

    rate_hz = 16_000

    def __init__(self, chunk_bytes=2, fails=0):
        self.spoken = []
        self._chunk_bytes = chunk_bytes
        self._fails = fails

    async def speak(self, request):
        self.spoken.append(request.text)
        for number in range(1, 4):
            await asyncio.sleep(1)
            if self._fails:
                self._fails -= 1
                raise EngineError("no voice")
            yield bytes([number]) * self._chunk_bytes


async def said(replies, request=LIGHT):
    async with aclosing(replies.speak(request)) as chunks:
        return b"".join([chunk async for chunk in chunks])


WHOLE = b"\1\1\2\2\3\3"


def test_it_is_spoken_once():
    async def main():
        voice = CountingVoice()
        replies = Replies(voice)
        assert await said(replies) == await said(replies) == WHOLE
        assert await said(replies, SpeechRequest(LIGHT.text, voice="another")) == WHOLE
        assert voice.spoken == [LIGHT.text] * 2

    virtual_time.run(main())


def test_what_is_spoken_ahead_is_there_as_far_as_it_has_come():
    async def main():
        voice = CountingVoice()
        replies = Replies(voice)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(replies.prepare(LIGHT))
            await asyncio.sleep(1.5)
            chunks = replies.speak(LIGHT)
            now = asyncio.get_running_loop().time
            began = now()
            assert await anext(chunks) == b"\1\1"
            assert now() == began, "the first chunk was there"
            assert b"".join([chunk async for chunk in chunks]) == b"\2\2\3\3"
        assert voice.spoken == [LIGHT.text]

    virtual_time.run(main())


def test_what_was_forgotten_while_it_was_being_spoken_may_break_off():
    """The first is asked for once more, so that the second is the one that goes when there is no room."""

    async def main():
        replies = Replies(CountingVoice(chunk_bytes=MAX_KEPT_BYTES // 4 + 1))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(replies.prepare(LIGHT))
            await asyncio.sleep(1)
            second = tasks.create_task(replies.prepare(SpeechRequest("Turned off the light")))
            await asyncio.sleep(0.5)
            await said(replies)
            await asyncio.sleep(0.5)
            second.cancel()
        assert second.cancelled()

    virtual_time.run(main())


def test_who_follows_goes_on_where_the_other_broke_off():
    async def main():
        voice = CountingVoice()
        replies = Replies(voice)
        async with asyncio.TaskGroup() as tasks:
            ahead = tasks.create_task(replies.prepare(LIGHT))
            await asyncio.sleep(1.5)
            following = tasks.create_task(said(replies))
            await asyncio.sleep(0)
            ahead.cancel()
        assert following.result() == WHOLE
        assert voice.spoken == [LIGHT.text] * 2
        assert await said(replies) == WHOLE

    virtual_time.run(main())


def test_a_voice_that_fails_ahead_is_heard_of_when_it_fails_again():
    async def main():
        replies = Replies(CountingVoice(fails=2))
        await replies.prepare(LIGHT)
        with pytest.raises(EngineError, match="no voice"):
            await said(replies)
        assert await said(replies) == WHOLE

    virtual_time.run(main())


def test_long_texts_are_not_kept():
    async def main():
        voice = CountingVoice()
        replies = Replies(voice)
        story = SpeechRequest("word " * MAX_CHARACTERS)
        await replies.prepare(story)
        assert voice.spoken == []
        assert await said(replies, story) == await said(replies, story) == WHOLE
        assert len(voice.spoken) == 2

    virtual_time.run(main())


def test_what_was_not_said_for_long_goes_first():
    async def main():
        voice = CountingVoice(chunk_bytes=MAX_KEPT_BYTES // 9)
        replies = Replies(voice)
        for text in ("one", "two", "three", "one", "four", "one", "two"):
            await said(replies, SpeechRequest(text))
        assert voice.spoken == ["one", "two", "three", "four", "two"]

    virtual_time.run(main())
