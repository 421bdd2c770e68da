"""Downloads of models: one for each model, whoever asks for it, and whoever goes away."""

import asyncio
from contextlib import aclosing

import pytest
from support import virtual_time

from roomtone.errors import ModelError
from roomtone_server.models.manifest import Model
from roomtone_server.ports.web.api.pulls import pulling
from roomtone_server.ports.web.problems import Problem


def model(name):
    return Model(name=name, kind="ollama", licence="its own", languages=("*",))


class Line:
    """Fetches what a test lets through."""

    def __init__(self, problem=None):
        self.asked = []
        self.through = asyncio.Event()
        self._problem = problem

    async def fetch(self, wanted, progress):
        self.asked.append(wanted.title)
        progress.begins("model.bin", 10, 100)
        await self.through.wait()
        progress.came(90)
        if self._problem:
            raise self._problem
        progress.ended("model.bin")


async def told(pulls, name):
    async with aclosing(pulls.pull(model(name))) as steps:
        return [step async for step in steps]


def test_a_second_one_who_asks_joins_and_both_are_told_the_end():
    async def scene():
        line = Line()
        async with pulling(line.fetch) as pulls, asyncio.TaskGroup() as tasks:
            first = tasks.create_task(told(pulls, "a"))
            await asyncio.sleep(1)
            second = tasks.create_task(told(pulls, "a"))
            await asyncio.sleep(1)
            line.through.set()
        assert line.asked == ["ollama/a"]
        assert [step.state for step in first.result()] == ["pulling", "pulling", "done"]
        assert [(step.done_bytes, step.total_bytes) for step in second.result()] == [(10, 100), (100, 100)]

    virtual_time.run(scene())


def test_who_goes_away_ends_no_download():
    async def scene():
        line = Line()
        async with pulling(line.fetch) as pulls:
            async with aclosing(pulls.pull(model("a"))) as steps:
                await anext(steps)
            await asyncio.sleep(0)
            assert pulls.now("ollama/a").state == "pulling"
            line.through.set()
            assert (await told(pulls, "a"))[-1].state == "done"
            await asyncio.sleep(0)
            assert pulls.now("ollama/a") is None

    virtual_time.run(scene())


def test_a_download_that_fails_says_why_and_may_be_tried_again():
    async def scene():
        line = Line(ModelError("the source does not have it"))
        line.through.set()
        async with pulling(line.fetch) as pulls:
            for _ in range(2):
                end = (await told(pulls, "a"))[-1]
                assert (end.state, end.note) == ("failed", "the source does not have it")
        assert line.asked == ["ollama/a"] * 2

    virtual_time.run(scene())


def test_a_third_model_has_to_wait():
    async def scene():
        async with pulling(Line().fetch) as pulls:
            for name in "ab":
                async with aclosing(pulls.pull(model(name))) as steps:
                    await anext(steps)
            with pytest.raises(Problem) as refused:
                pulls.pull(model("c"))
            assert refused.value.status == 429

    virtual_time.run(scene())
