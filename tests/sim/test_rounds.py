"""One answer of a model with its tools, on virtual time; and the prompt that is sent ahead."""

import asyncio
from contextlib import aclosing

import pytest
from support import virtual_time
from support.scripted_model import ScriptedModel, call

from roomtone.errors import EngineError, HomeError
from roomtone_server.agent.base import Acted, Request, Said
from roomtone_server.agent.thinking.rounds import (
    MAX_ANSWER_CHARACTERS,
    MAX_CALLS,
    MAX_RESULT_CHARACTERS,
    MAX_RESULTS_CHARACTERS,
    MAX_ROUNDS,
    PAUSE,
    TOO_MUCH,
    Rounds,
)
from roomtone_server.agent.thinking.warming import Warming
from roomtone_server.agent.tools.base import Outcome, ToolError
from roomtone_server.engines.base import ChatMessage, ChatRequest, Tool, ToolCall
from roomtone_server.home.base import ServiceCall

REQUEST = Request("make it cosy")
CHAT = ChatRequest("You are a home.", (ChatMessage("user", "make it cosy"),))
CALL_WITHIN_S = 15.0


class Lamp:
    """A tool that takes a second; `does` is raised or returned."""

    acts = True
    spec = Tool("lamp", "Turns it on.", {"type": "object", "properties": {}})

    def __init__(self, does=None, takes_s=1.0):
        self.does = does or Outcome("it is on", (ServiceCall("light.turn_on", "light.x"),))
        self.takes_s = takes_s
        self.used = []

    async def call(self, arguments, request):
        assert request is REQUEST
        self.used.append(arguments)
        await asyncio.sleep(self.takes_s)
        if isinstance(self.does, Exception):
            raise self.does
        return self.does


def rounds_of(model, *tools, may_act=True):
    named = {tool.spec.name: tool for tool in tools}
    return Rounds(model.chat, CHAT, named, REQUEST, may_act=may_act, call_within_s=CALL_WITHIN_S)


def answered(model, *tools, **options):
    """What was said and done; the rounds afterwards; how long it took."""

    async def run():
        rounds = rounds_of(model, *tools, **options)
        async with aclosing(rounds.parts()) as parts:
            told = [part async for part in parts]
        assert model.open == 0
        return told, rounds, asyncio.get_running_loop().time()

    return virtual_time.run(run())


def results(model, number=-1):
    return [message.text for message in model.asked[number].messages if message.role == "tool"]


@pytest.fixture
def model():
    return ScriptedModel()


def test_the_calls_of_one_answer_run_together(model):
    model.will_answer("One moment.", *(call("lamp", str(number)) for number in range(5)))
    model.will_answer("Done.")
    lamp = Lamp()
    told, rounds, took_s = answered(model, lamp)
    assert took_s == 1.0
    assert told[:2] == [Said("One moment."), Said(PAUSE)], "what was said is spoken while the tools work"
    assert [type(part) for part in told[2:]] == [Acted] * 5 + [Said]
    assert [(each.role, each.text) for each in rounds.messages] == [
        ("assistant", "One moment."),
        *[("tool", "it is on")] * 5,
        ("assistant", "Done."),
    ]
    assert model.asked[1].messages == (*CHAT.messages, *rounds.messages[:-1])


@pytest.mark.parametrize(
    ("asked", "does", "told"),
    [
        (call("lamp"), ToolError("say which"), "error: say which"),
        (call("lamp"), HomeError("the lamp is broken"), "error: the lamp is broken"),
        (call("lamp"), ZeroDivisionError(), "error: the tool failed unexpectedly"),
        (call("radio"), None, "error: there is no such tool; there are: lamp"),
        (ToolCall("1", "lamp", "on!"), None, "error: the arguments are not a JSON object: write the call again"),
        (call("lamp"), Outcome("x" * 10_000), "x" * MAX_RESULT_CHARACTERS),
    ],
)
def test_what_goes_wrong_is_the_models_to_read(model, asked, does, told):
    model.will_answer(asked)
    model.will_answer("Sorry.")
    assert answered(model, Lamp(does))[0] == [Said("Sorry.")]
    assert results(model) == [told]


def test_results_fill_no_prompt(model):
    model.always = [call("lamp", "1"), call("lamp", "2")]
    _, rounds, _ = answered(model, Lamp(Outcome("x" * 10_000)))
    told = [message.text for message in rounds.messages if message.role == "tool"]
    assert sum(text.count("x") for text in told) == MAX_RESULTS_CHARACTERS
    assert told[-1] == TOO_MUCH


def test_a_tool_that_hangs_is_given_up(model):
    model.will_answer(call("lamp"))
    model.will_answer("Sorry.")
    _, _, took_s = answered(model, Lamp(takes_s=1e6))
    assert took_s == CALL_WITHIN_S
    assert results(model) == ["error: lamp did not answer within 15 s"]


def test_broken_json_is_mended_before_the_tool_sees_it(model):
    model.will_answer(ToolCall("1", "lamp", '{"name": "TV",'))
    model.will_answer("Done.")
    lamp = Lamp()
    answered(model, lamp)
    assert lamp.used == [{"name": "TV"}]


def test_for_a_question_nothing_that_acts_is_called(model):
    model.will_answer(call("lamp"))
    model.will_answer("It is off.")
    lamp = Lamp()
    told, _, _ = answered(model, lamp, may_act=False)
    assert (told, lamp.used) == ([Said("It is off.")], [])
    assert results(model)[0].startswith("not done: the user asked a question")


def test_a_model_that_goes_round_in_circles_ends(model):
    model.always = [call("lamp")]
    lamp = Lamp()
    answered(model, lamp)
    assert len(model.asked) == MAX_ROUNDS


def test_a_model_that_never_stops_is_stopped(model):
    model.will_answer(*["la " * 100] * 100)
    told, _, _ = answered(model)
    assert len("".join(part.text for part in told)) <= MAX_ANSWER_CHARACTERS + 300


def test_no_answer_calls_without_end(model):
    model.will_answer(*(call("lamp", str(number)) for number in range(100)))
    model.will_answer("Done.")
    lamp = Lamp()
    answered(model, lamp)
    assert len(lamp.used) == MAX_CALLS


def test_a_question_of_a_tool_ends_the_answer(model):
    model.will_answer("Sure. ", call("lamp"))
    told, rounds, _ = answered(model, Lamp(Outcome("not done", asks="Really?")))
    assert told == [Said("Sure. "), Said(PAUSE)]
    assert rounds.question == "Really?"
    assert rounds.messages[-1] == ChatMessage("assistant", "Really?")


@pytest.mark.parametrize("while_", ["speaking", "calling"])
def test_whoever_stops_listening_stops_the_model_and_its_tools(model, while_):
    model.will_answer("Once upon a time", asyncio.Event() if while_ == "speaking" else call("lamp"))
    lamp = Lamp(takes_s=1e6)

    async def run():
        rounds = rounds_of(model, lamp)
        async with asyncio.timeout(1):
            async with aclosing(rounds.parts()) as parts:
                async for _ in parts:
                    pass

    with pytest.raises(TimeoutError):
        virtual_time.run(run())
    assert model.open == 0


def test_what_was_said_before_a_model_failed_is_known(model):
    model.will_answer(call("lamp"))
    model.will_answer("It is", EngineError("it is gone"))

    async def run():
        rounds = rounds_of(model, Lamp())
        with pytest.raises(EngineError, match="it is gone"):
            async with aclosing(rounds.parts()) as parts:
                _ = [part async for part in parts]
        return [each.text for each in rounds.messages]

    assert virtual_time.run(run()) == ["", "it is on", "It is"]


# --- the prompt that is sent ahead -----------------------------------------------------------------------------------


def test_a_turn_is_never_held_up_by_the_prompt_that_is_sent_ahead(model):
    model.always = [2.0, "Hello"]

    async def run():
        warming = Warming(model, lambda: CHAT)
        clock = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as tasks:
            warm_up = tasks.create_task(warming.warm_up())
            await asyncio.sleep(1)
            assert model.open == 1
            with warming.giving_way():
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert model.open == 0, "its server has stopped reading"
                with warming.giving_way():
                    await asyncio.sleep(5)
                await asyncio.sleep(5)
                assert (len(model.asked), warm_up.done()) == (1, False)
            await warm_up
        return clock()

    assert virtual_time.run(run()) == 13.0


def test_a_model_that_cannot_be_told_ahead_will_be_told_in_the_turn(model, caplog):
    model.will_answer(EngineError("nobody is there"))
    virtual_time.run(Warming(model, lambda: CHAT).warm_up())
    assert "nobody is there" in caplog.text
