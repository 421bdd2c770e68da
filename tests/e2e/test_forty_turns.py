"""One evening's conversation with the whole agent: its sentences, a language model, the home, the stores and the tools.

The model is a script behind Ollama's own protocol, over HTTP; all else is real. Each turn is what is said, what is
answered, how things stand then, and where the model is asked what it answers, one round after the other.
"""

import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass

from support.house import NOON
from support.llm_servers import OllamaServer, running
from support.scripted_model import call, thinking_house

from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.agent.base import Request, Said
from roomtone_server.agent.thinking.history import INTERRUPTED
from roomtone_server.engines.base import ChatEnd, TextDelta
from roomtone_server.engines.chains import provider

PATIENCE_S = 60


@dataclass
class Turn:
    says: str
    reply: str
    then: str = ""  # "light.kitchen=on light.kitchen.brightness=76 timers=1"
    model: tuple = ()  # a text, or calls, for each time that it is asked
    asks: bool = False  # whether the house waits for an answer then
    heard: str | None = None  # of the reply before, which this interrupts


EVENING = [
    # Commands, and words that stand for what was spoken of before
    Turn("Turn on the kitchen light.", "Turned on the light", "light.kitchen=on"),
    Turn("make it red", "Color set", "light.kitchen.rgb_color=[255,0,0]"),
    Turn("now set it to thirty percent", "Brightness set", "light.kitchen.brightness=76"),
    Turn("turn it off", "Turned off the light", "light.kitchen=off"),
    Turn("undo", "Kitchen Light is as before.", "light.kitchen=on light.kitchen.brightness=76"),
    Turn("turn on the desk lamp", "Turned on the light", "light.desk_lamp=on"),
    Turn("and in the bedroom?", "Turned on the light", "light.bedroom=on"),
    # Two in one, taken back together; all of it, or nothing
    Turn(
        "Lights off and set the living room to 20 degrees.",
        "Turned off the lights. Temperature set to 20 degrees.",
        "light.kitchen=off climate.thermostat.temperature=20",
    ),
    Turn(
        "take that back",
        "Kitchen Light, Counter Light and Thermostat are as before.",
        "light.kitchen=on light.kitchen_counter=off climate.thermostat.temperature=21",
    ),
    Turn("turn off the kitchen and the bedroom light", "Turned off the light", "light.kitchen=off light.bedroom=off"),
    Turn("turn on the hallway light and sing", "I cannot sing.", "light.hallway=off", ("I cannot sing.",)),
    # Questions, of both
    Turn("is the front door locked?", "Yes", "lock.front_door=locked"),
    Turn("Why is the sea blue?", "The sky is in it.", model=("The sky is in it.",)),
    Turn("And at night?", "Then it is black.", model=("Then it is black.",)),
    Turn("what did you say", "Then it is black."),
    # What asks back
    Turn("unlock the front door", "Do you want me to unlock the Front Door?", "lock.front_door=locked", asks=True),
    Turn("no", "Okay", "lock.front_door=locked"),
    Turn(
        "Unlock the front door and turn on the hallway light.",
        "Do you want me to unlock the Front Door?",
        "lock.front_door=locked light.hallway=off",
        asks=True,
    ),
    Turn("yes", "Unlocking. Turned on the light.", "lock.front_door=unlocked light.hallway=on"),
    Turn("undo", "Front Door and Hallway Light are as before.", "lock.front_door=locked light.hallway=off"),
    # The model acts, and that can be taken back too; it is told what cannot be done; it acts upon no question
    Turn(
        "make it cosy in the living room",
        "I dimmed the lights.",
        "light.living_room.brightness=51 cover.living_room_blinds=closed",
        (
            (
                call("HassLightSet", "c1", name="Living Room Light", brightness=20),
                call("HassTurnOff", "c2", name="Living Room Blinds"),
            ),
            "I dimmed the lights.",
        ),
    ),
    Turn(
        "undo",
        "Living Room Light and Living Room Blinds are as before.",
        "light.living_room=off cover.living_room_blinds=open",
    ),
    Turn(
        "put on something cheerful",
        "There is no player in the attic.",
        model=(
            (call("HassMediaSearchAndPlay", "c3", area="Attic", search_query="disco"),),
            "There is no player in the attic.",
        ),
    ),
    Turn(
        "did I leave the garage open?",
        "No, it is closed.",
        "cover.garage_door=closed",
        ((call("HassTurnOn", "c4", name="Garage Door"),), "No, it is closed."),
    ),
    Turn(
        "let the car in",
        "Do you want me to open the Garage Door?",
        "cover.garage_door=closed",
        ((call("HassTurnOn", "c5", name="Garage Door"),),),
        asks=True,
    ),
    Turn("yes", "Opening", "cover.garage_door=open"),
    Turn("close it", "Closing", "cover.garage_door=closed"),
    # Timers, reminders, lists, memory
    Turn(
        "set a timer for ten minutes and turn off the tv",
        "Timer set for ten minutes. Turned off the TV.",
        "timers=1 media_player.tv=off",
    ),
    Turn("cancel the timer", "Timer cancelled", "timers=0"),
    Turn("undo", "The timer is as before.", "timers=1"),
    Turn("Remind me to call mum at six.", "I will remind you today at 6 PM: call mum.", "reminders=1"),
    Turn("what are my reminders", "Reminders: today at 6 PM: call mum.", "reminders=1"),
    Turn("add milk to my shopping list", "Added milk", "todo.shopping_list=3"),
    Turn("undo", "Shopping List is as before.", "todo.shopping_list=2"),
    Turn("remember that the bins go out on tuesday", "I will remember that.", "memory=1"),
    Turn("when do the bins go out?", "On Tuesday.", model=("On Tuesday.",)),
    # An interruption
    Turn("tell me a story", "Once upon a time there was a lamp.", model=("Once upon a time there was a lamp.",)),
    Turn("stop", "", heard="Once upon a time"),
    Turn("go on", "There was a lamp.", model=("There was a lamp.",)),
    Turn("forget this conversation", "Forgotten."),
]


def state(house, key):
    """Of an entity, of an attribute of one, or how many of a kind are kept."""
    if "." not in key:
        return len(getattr(house.agent._intents._kept, key).all())
    domain, name, *attribute = key.split(".")
    entity = house.entity(f"{domain}.{name}")
    return entity.attributes[attribute[0]] if attribute else entity.state


def messages(asked):
    """What a model was told of the conversation."""
    return json.dumps(asked.json()["messages"], ensure_ascii=False)


@asynccontextmanager
async def evening(folder):
    """The house, and the server of its model."""
    async with OllamaServer().serving() as server:
        chosen = provider.choose("llm", [EngineChoice("ollama", server.settings())], PATIENCE_S)
        async with (
            running(chosen.make(Surroundings(folder, folder)), server) as model,
            thinking_house(folder, model, clocks={"wall": NOON.timestamp}) as house,
        ):
            yield house, server


async def happened(house, turn):
    """Reply, whether it asks, and what is true then."""
    request = Request(turn.says, "en", "k1", "Kitchen", conversation="k1", cut_short=turn.heard)
    parts = [part async for part in house.agent.commit(await house.agent.prepare(request))]
    said = "".join(part.text for part in parts if isinstance(part, Said))
    states = [f"{key}={state(house, key)}".replace(" ", "") for key in re.findall(r"(\S+)=", turn.then)]
    return said, parts[-1].expects_answer, " ".join(states)


async def test_forty_turns_of_one_conversation(tmp_path):
    assert len(EVENING) == 40
    async with evening(tmp_path) as (house, server):
        for number, turn in enumerate(EVENING, start=1):
            for answer in turn.model:
                steps = [TextDelta(answer)] if isinstance(answer, str) else answer
                server.will_answer(*steps, ChatEnd("stop"))
            assert (number, *await happened(house, turn)) == (number, turn.reply, turn.asks, turn.then)
        asked = [messages(each) for each in server.asked if each.path == "/api/chat"]
    assert len(asked) == sum(len(turn.model) for turn in EVENING), "the model was asked where the script says so"
    assert "The sky is in it." in asked[2], "it knows what was said before"
    assert "no area 'attic'" in asked[6], "it is told in words what cannot be done"
    assert "the user asked a question" in asked[8]
    assert "the bins go out on tuesday" in asked[10], "it knows what was to be remembered"
    assert INTERRUPTED in asked[-1], "it knows that it was not heard to the end"
