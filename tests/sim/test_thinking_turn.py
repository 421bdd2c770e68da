"""Spoken turns that a language model answers: the runtime, the agent and the home as they are, on virtual time."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from support import virtual_time
from support.inline import InlineExecutor
from support.scripted import RATE_HZ, SILENCE, SPEECH, ScriptedSatellite, ScriptedStt, ScriptedTts, parts
from support.scripted_model import ScriptedModel, call, thinking_house

from roomtone.errors import EngineError
from roomtone_server.agent.thinking.history import INTERRUPTED
from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import Sounded

WHY = "why is the sea blue"
STORY = "It is seven o'clock. The sun shines on the roof. All windows are closed."


class Room:
    """A satellite in the kitchen, whose replies sound for a second each sentence."""

    def __init__(self, agent, model) -> None:
        self.model = model
        self.satellite = ScriptedSatellite(plays=True)
        self.stt, self.tts = ScriptedStt(WHY), ScriptedTts(seconds=1.0)
        self.house = House(parts(stt=self.stt, tts=self.tts, agent=agent, one_moment="One moment."))

    async def ask(self, text, turn):
        self.stt.text = text
        await self.satellite.utter(turn)
        await self.satellite.until("ended", turn // 2 + 1)

    def said(self):
        return "".join(text for _, text in self.satellite.of("reply"))

    def times(self, kind):
        return [at for at, entry in zip(self.satellite.times, self.satellite.log, strict=True) if entry[0] == kind]


@asynccontextmanager
async def attended(room):
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(room.house.attend(room.satellite))
        await asyncio.sleep(0)
        yield
        room.satellite.switch_off()


def in_a_room(tmp_path, main, *answers, **ahead):
    """Runs `main` where a model gives these answers."""

    async def run():
        model = ScriptedModel()
        for answer in answers:
            model.will_answer(*answer)
        clock = asyncio.get_running_loop().time
        options = {"executor": InlineExecutor(), "clocks": {"monotonic": clock}, **ahead}
        async with thinking_house(tmp_path, model, **options) as house:
            room = Room(house.agent, model)
            async with attended(room):
                await main(room, house)
        assert model.open == 0

    virtual_time.run(run())


def test_the_first_sentence_sounds_while_the_model_writes_the_next(tmp_path):
    async def main(room, _house):
        await room.ask(WHY, 1)
        transcript, begin = room.times("transcript")[0], room.times("begin")[0]
        assert begin - transcript == pytest.approx(0.5), "the word behind the stop tells that the sentence is over"
        assert room.tts.asked == ["The sky is in it.", "It is very large."]

    in_a_room(tmp_path, main, [0.3, "The sky ", "is in ", "it.", 0.2, " It is", 1.0, " very large."])


@pytest.mark.parametrize(("waits_s", "asked"), [(1.0, ["So it is."]), (5.0, ["One moment.", "So it is."])])
def test_who_waits_long_is_told_so_and_history_is_not(tmp_path, waits_s, asked):
    async def main(room, _house):
        await room.ask(WHY, 1)
        assert room.tts.asked[: len(asked)] == asked
        await room.ask("why so", 3)
        assert "One moment" not in repr(room.model.asked[1].messages)

    in_a_room(tmp_path, main, [waits_s, "So it is."], ["Well."])


def test_a_tool_works_while_what_was_said_before_it_sounds(tmp_path):
    async def main(room, house):
        await room.ask("make it cosy", 1)
        assert room.tts.asked == ["Let me see.", "There you are."]
        assert house.entity("light.desk_lamp").state == "on"
        assert room.satellite.of("ended") == [(1, "answered", "")]

    in_a_room(tmp_path, main, ["Let me see.", call("HassTurnOn", name="Desk Lamp")], [2.0, "There you are."])


def test_a_wake_word_in_the_middle_stops_the_model_and_the_heard_part_is_remembered(tmp_path):
    async def main(room, _house):
        room.satellite._plays = False
        room.stt.text = WHY
        await room.satellite.utter(1)
        await room.satellite.until("play", 12)
        room.satellite.send(Sounded(1, RATE_HZ * 3 // 2, done=False))
        await asyncio.sleep(0)
        room.satellite._plays = True
        room.stt.text = "and what does that mean"
        await room.satellite.utter(3)
        await room.satellite.until("ended", 2)
        heard = room.model.asked[1].messages[1]
        assert (heard.role, heard.text) == ("assistant", f"It is seven o'clock. The sun shines {INTERRUPTED}")

    in_a_room(tmp_path, main, [STORY, asyncio.Event()], ["Nothing."])


def test_nothing_is_done_for_whoever_goes_on_speaking(tmp_path):
    """The satellite is cancelled after the endpoint was near, before it was found."""

    async def main(room, house):
        room.satellite.wake(1)
        await room.satellite.stream(SPEECH, 1000)
        await room.satellite.stream(SILENCE, 200)  # enough for speculation, too little for an endpoint
        room.satellite.give_up(1)
        await room.satellite.until("ended")
        assert room.model.asked == []
        assert house.entity("light.desk_lamp").state == "off"

    in_a_room(tmp_path, main)


def test_a_model_that_fails_is_apologised_for_and_the_turn_ends(tmp_path):
    async def main(room, house):
        await room.ask(WHY, 1)
        assert room.said().startswith("Sorry, I cannot think just now")
        assert [(turn, outcome) for turn, outcome, _ in room.satellite.of("ended")] == [(1, "not-understood")]
        assert house.agent._faults == {"llm": "it is gone"}

    in_a_room(tmp_path, main, [EngineError("it is gone")])


def test_a_question_of_the_house_is_answered_without_a_wake_word(tmp_path):
    async def main(room, house):
        await room.ask("let the guests in", 1)
        assert room.said() == "Do you want me to unlock the Front Door?"
        await room.satellite.until("invite")
        assert house.entity("lock.front_door").state == "locked"
        room.stt.text = "yes"
        room.satellite.wake(room.satellite.invited, word="")
        await room.satellite.stream(SPEECH, 600)
        await room.satellite.stream(SILENCE, 1000)
        await room.satellite.until("ended", 2)
        assert house.entity("lock.front_door").state == "unlocked"
        assert len(room.model.asked) == 1

    in_a_room(tmp_path, main, [call("HassTurnOff", name="Front Door")])


# --- asked ahead -----------------------------------------------------------------------------------------------------

SLOW = [0.3, "It is ", "blue. ", 0.1, "Very.", 2.0, " Yes, very."]


def test_what_was_asked_ahead_is_said_as_soon_as_it_is_wanted(tmp_path):
    began = {}

    def main_of(name):
        async def main(room, _house):
            await room.ask(WHY, 1)
            began[name] = room.times("begin")[0]
            assert len(room.model.asked) == 1
            assert room.tts.asked == ["It is blue.", "Very.", "Yes, very."]

        return main

    (tmp_path / "then").mkdir()
    in_a_room(tmp_path, main_of("then"), SLOW)
    in_a_room(tmp_path / "then", main_of("ahead"), SLOW, speculate_llm=True)
    assert began["then"] - began["ahead"] == pytest.approx(0.4), "the model wrote while the endpoint waited"


def test_what_was_asked_in_vain_is_stopped_and_never_said(tmp_path):
    async def main(room, _house):
        room.satellite.wake(1)
        await room.satellite.stream(SPEECH, 1000)
        await room.satellite.stream(SILENCE, 200)
        assert room.model.open == 1
        room.stt.text = f"{WHY} today"
        await room.satellite.stream(SPEECH, 300)
        assert room.model.open == 0
        await room.satellite.stream(SILENCE, 1000)
        await room.satellite.until("ended")
        assert room.said() == "Well."
        await room.ask("why so", 3)
        asked, answered, _ = room.model.asked[-1].messages
        assert (asked.text, answered.text) == (f"{WHY} today", "Well.")

    in_a_room(tmp_path, main, ["Never", asyncio.Event()], ["Well."], ["So."], speculate_llm=True)


@pytest.mark.parametrize("ahead", [[call("HassTurnOn", name="TV")], ["It", EngineError("it was gone")]])
def test_nothing_rests_on_a_call_or_an_error_that_came_ahead(tmp_path, ahead):
    """It is asked again, and may say something else."""

    async def main(room, house):
        await room.ask("make it cosy", 1)
        assert house.entity("media_player.tv").state == "paused"
        assert house.entity("light.desk_lamp").state == "on"
        assert room.said() == "There you are."
        assert house.agent._faults == {}

    answers = [call("HassTurnOn", name="Desk Lamp")], ["There you are."]
    in_a_room(tmp_path, main, ahead, *answers, speculate_llm=True)


def test_a_model_that_breaks_off_while_it_is_heard_is_apologised_for(tmp_path):
    async def main(room, _house):
        await room.ask(WHY, 1)
        assert room.said().startswith("It is blue. It Sorry, I cannot think just now")
        assert len(room.model.asked) == 1

    in_a_room(tmp_path, main, [0.1, "It is blue. It", 3.0, EngineError("it is gone")], speculate_llm=True)
