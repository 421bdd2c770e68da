"""A download that is called off ends for all who follow it, makes room for others, and can be begun anew."""

import asyncio
from contextlib import aclosing

import pytest

from roomtone_server.models.manifest import Model
from roomtone_server.ports.web.api.pulls import MAX_AT_ONCE, pulling
from roomtone_server.ports.web.problems import Problem


def voice(number):
    files = {"v": {"url": "http://localhost/voices/v"}}
    return Model(name=f"voice-{number}", kind="piper", licence="mine", languages=("en",), files=files)


async def never_whole(_model, progress):
    progress.begins("v", 0, 1000)
    progress.came(10)
    await asyncio.get_running_loop().create_future()


async def followed(pulls, model):
    async with aclosing(pulls.pull(model)) as told:
        return [pull async for pull in told]


async def test_all_who_follow_are_told_and_it_can_begin_anew():
    async with pulling(never_whole) as pulls:
        async with asyncio.TaskGroup() as tasks:
            one, other = (tasks.create_task(followed(pulls, voice(1))) for _ in range(2))
            async with aclosing(pulls.pull(voice(1))) as third:
                while (await anext(third)).done_bytes < 10:
                    pass
            assert pulls.call_off("piper/voice-1")
        assert one.result()[-1].state == other.result()[-1].state == "failed"
        assert "called off" in one.result()[-1].note
        assert pulls.now("piper/voice-1") is None
        assert not pulls.call_off("piper/voice-1"), "there is none left"
        async with aclosing(pulls.pull(voice(1))) as again:
            assert (await anext(again)).state == "pulling"


async def test_one_that_has_not_even_begun_makes_room():
    async with pulling(never_whole) as pulls:
        for number in range(MAX_AT_ONCE):
            await anext(pulls.pull(voice(number)))
        with pytest.raises(Problem, match="on their way"):
            pulls.pull(voice(99))
        pulls.call_off("piper/voice-0")
        async with aclosing(pulls.pull(voice(99))) as told:
            assert (await anext(told)).model == "piper/voice-99"
