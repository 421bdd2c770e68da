"""What people say to the example home, and what becomes of it."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.house import open_house

from roomtone.errors import EngineError
from roomtone_server.agent.base import Request
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.agent.understanding import MAX_COMMAND_CHARACTERS, normalised
from roomtone_server.grammar.sentences import load_sentences

# Said in the Kitchen: what is called, and the reply. None: nothing of the kind is known, and the reply says so.
COMMANDS = [
    ("turn on the kitchen light", [("light.turn_on", "light.kitchen", {})], "Turned on the light"),
    (
        "Please turn on the lights in the lounge.",
        [("light.turn_on", "light.living_room", {}), ("light.turn_on", "light.reading_lamp", {})],
        "Turned on the lights",
    ),
    (
        "set the bedroom lights to 30 percent",
        [("light.turn_on", "light.bedroom", {"brightness_pct": 30})],
        "Brightness set",
    ),
    ("set the bedroom light to 30%", [("light.turn_on", "light.bedroom", {"brightness_pct": 30})], "Brightness set"),
    (
        "dim the reading lamp",
        [("light.turn_on", "light.reading_lamp", {"brightness_step_pct": -25})],
        "Brightness changed",
    ),
    ("dim the desk lamp", [], "Desk Lamp is off already."),
    ("dim the lights", [], "The lights are off already."),
    ("turn the kitchen light red", [("light.turn_on", "light.kitchen", {"color_name": "red"})], "Color set"),
    ("set the lights to red", [("light.turn_on", "light.kitchen", {"color_name": "red"})], "Color set"),
    ("set the counter light to red", [], "Sorry, Counter Light cannot do that."),
    (
        "set the kitchen light to warm white",
        [("light.turn_on", "light.kitchen", {"color_temp_kelvin": 2700})],
        "Color temperature set",
    ),
    ("toggle the television", [("media_player.turn_off", "media_player.tv", {})], "Done"),
    ("set the bedroom fan to fifty percent", [("fan.set_percentage", "fan.bedroom", {"percentage": 50})], "Speed set"),
    (
        "set the thermostat to 22.5 degrees",
        [("climate.set_temperature", "climate.thermostat", {"temperature": 22.5})],
        "Temperature set to 22.5 degrees",
    ),
    (
        "set the temperature to twenty one",
        [("climate.set_temperature", "climate.thermostat", {"temperature": 21})],
        "Temperature set to twenty one degrees",
    ),
    ("set the thermostat to 60 degrees", [], "Sorry, that did not work: Thermostat takes 7 to 35 degrees, not 60."),
    ("how warm is it", [], "20.5 degrees"),
    ("what's the temperature in the office", [], "Sorry, nothing in the Office knows the temperature."),
    ("open the bedroom curtains", [("cover.open_cover", "cover.bedroom_curtains", {})], "Opening"),
    (
        "close the blinds in the living room",
        [("cover.close_cover", "cover.living_room_blinds", {})],
        "Closing the blinds",
    ),
    (
        "set the bedroom curtains to 40 percent",
        [("cover.set_cover_position", "cover.bedroom_curtains", {"position": 40})],
        "Position set",
    ),
    ("stop the bedroom curtains", [("cover.stop_cover", "cover.bedroom_curtains", {})], "Stopped"),
    ("lock the front door", [("lock.lock", "lock.front_door", {})], "Locking"),
    ("arm the alarm", [("alarm_control_panel.alarm_arm_away", "alarm_control_panel.alarm", {})], "The alarm is armed"),
    ("is the alarm armed", [], "No, disarmed"),
    ("play the tv", [("media_player.media_play", "media_player.tv", {})], "Resumed"),
    ("resume", [("media_player.media_play", "media_player.tv", {})], "Resumed"),
    ("next", [], "Nothing is playing."),
    ("mute the tv", [("media_player.volume_mute", "media_player.tv", {"is_volume_muted": True})], "Muted"),
    ("set tv volume to 20 %", [("media_player.volume_set", "media_player.tv", {"volume_level": 0.2})], "Volume set"),
    ("tv volume up", [("media_player.volume_set", "media_player.tv", {"volume_level": 0.4})], "Volume set"),
    (
        "play jazz on the office speaker",
        [
            (
                "media_player.play_media",
                "media_player.office_speaker",
                {"media_content_id": "jazz", "media_content_type": "music"},
            )
        ],
        "Playing media",
    ),
    ("movie night", [("scene.turn_on", "scene.movie_night", {})], "Activated"),
    ("run good night", [("script.turn_on", "script.good_night", {})], "Started"),
    ("add milk to my shopping list", [("todo.add_item", "todo.shopping_list", {"item": "milk"})], "Added milk"),
    (
        "check off Bread from the shopping list",
        [("todo.update_item", "todo.shopping_list", {"item": "Bread", "status": "completed"})],
        "Checked off Bread",
    ),
    (
        "remove olive oil from the shopping list",
        [("todo.remove_item", "todo.shopping_list", {"item": "olive oil"})],
        "Removed olive oil",
    ),
    ("remove caviar from the shopping list", [], "caviar is not on Shopping List."),
    ("what's on my shopping list", [], "On Shopping List: bread and olive oil"),
    ("is the front door locked", [], "Yes"),
    ("is any window open", [], "No"),
    ("how many lights are on", [], "1"),
    ("which lights are on", [], "Reading Lamp"),
    ("are all lights off in the kitchen", [], "Yes"),
    ("what is the outdoor humidity", [], "Outdoor humidity is 62 %"),
    ("vacuum the kitchen", [("vacuum.start", "vacuum.robot", {})], "Cleaning kitchen"),
    ("what time is it?", [], "12:00 PM"),
    ("what's the date", [], "March 1st, 2026"),
    ("what's the weather", [], "14 °C and partly cloudy"),
    ("who made you", [], "I am Roomtone, made by people who like their homes private."),
    ("turn on the fan", [], "Sorry, I am not aware of any fan in the Kitchen area"),
    ("turn on the disco ball", None, "Sorry, I am not aware of any device called disco ball"),
    ("turn on the lights in the attic", None, "Sorry, I am not aware of any area called attic"),
    ("start the coffee machine", None, "Sorry, I did not understand that. No language model is set up"),
    ("tell me a joke", None, "Sorry, I did not understand that. No language model is set up"),
    ("", None, "Sorry, I did not understand that."),
    ("turn on the lights " * 100, None, "Sorry, I did not understand that."),
]


async def test_each_command_is_carried_out_and_answered(tmp_path):
    async with open_house(tmp_path) as house:
        for text, actions, reply in COMMANDS:
            async with house.as_new():
                outcome = await house.say(text)
            assert outcome.reply.startswith(reply), text
            assert outcome.actions == (actions or []), text
            assert outcome.finished.understood == (actions is not None), text
            assert (outcome.intent is not None) == (actions is not None), text


async def test_an_empty_home_says_what_it_lacks(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text("areas: [{name: Kitchen}]", encoding="utf-8")
    async with open_house(tmp_path, file) as house:
        for text, lack in (
            ("pause", "media player"),
            ("vacuum the kitchen", "vacuum"),
            ("add milk to the list", "list"),
        ):
            assert (await house.say(text)).reply == f"Sorry, I am not aware of any {lack}"
        assert (await house.say("how warm is it")).reply == "Sorry, nothing in the Kitchen knows the temperature."


async def test_of_several_thermostats_only_a_room_tells_which(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(
        "areas: [{name: Den}, {name: Loft}, {name: Kitchen}]\n"
        "entities: [{id: climate.a, name: A, area: Den}, {id: climate.b, name: B, area: Loft}]"
    )
    async with open_house(tmp_path, file) as house:
        order = "set the temperature to 20 degrees"
        assert (await house.say(order, area="Loft")).actions[0][1] == "climate.b"
        assert (await house.say(order, area=None)).reply == "Please say in which room."
        assert (await house.say(order)).reply == "Sorry, I am not aware of any climate in the Kitchen area"


async def test_two_things_of_one_name_nearby_are_too_many(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text("areas: [{name: Den}]\nentities: [{id: light.a, name: Lamp}, {id: light.b, name: Lamp}]")
    async with open_house(tmp_path, file) as house:
        assert (await house.say("turn on the lamp")).reply == "Sorry, there are multiple devices called Lamp"


@pytest.mark.parametrize("text", ["nevermind", "never mind", "forget it", "stop"])
async def test_the_end_of_a_conversation_is_silent(tmp_path, text):
    async with open_house(tmp_path) as house:
        outcome = await house.say(text)
        assert outcome.reply == ""
        assert outcome.finished.ends_silently


async def test_stop_pauses_what_plays_wherever_it_plays(tmp_path):
    async with open_house(tmp_path) as house:
        await house.say("play the tv")
        outcome = await house.say("stop")
        assert outcome.actions == [("media_player.media_pause", "media_player.tv", {})]


async def test_without_an_area_the_room_is_asked_for_where_it_matters(tmp_path):
    async with open_house(tmp_path) as house:
        outcome = await house.say("turn on the lights", area=None)
        assert outcome.reply == "Please say in which room."
        assert outcome.intent.slots == {"domain": "light"}
        assert (await house.say("what's the temperature", area=None)).reply == "20.5 degrees"
        assert (await house.say("turn on the bedroom lights", area=None)).actions


async def test_an_area_may_be_given_by_its_alias(tmp_path):
    async with open_house(tmp_path) as house:
        outcome = await house.say("turn on the lights", area="study")
        assert outcome.actions == [("light.turn_on", "light.desk_lamp", {})]


async def test_of_two_things_with_one_name_the_nearer_one_is_meant(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(
        "areas: [{name: Attic}, {name: Cellar}, {name: Den}]\n"
        "entities:\n"
        "  - {id: light.a, name: Lamp, area: Attic}\n"
        "  - {id: light.b, name: Lamp, area: Cellar}\n"
    )
    async with open_house(tmp_path, file) as house:
        assert (await house.say("turn on the lamp", area="Cellar")).actions == [("light.turn_on", "light.b", {})]
        assert (await house.say("turn on the lamp in the attic", area="Cellar")).actions == [
            ("light.turn_on", "light.a", {})
        ]


async def test_one_refused_call_does_not_keep_the_others_back(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(
        "areas: [{name: Den}]\n"
        "entities:\n"
        "  - {id: light.a, name: Plain, area: Den}\n"
        "  - {id: climate.a, name: Stove, area: Den, max_temp: 20}\n"
        "  - {id: climate.b, name: Oven, area: Den, max_temp: 30}\n"
    )
    async with open_house(tmp_path, file) as house:
        outcome = await house.say("set the temperature to 25 degrees", area="Den")
        assert outcome.actions == [("climate.set_temperature", "climate.b", {"temperature": 25})]
        assert outcome.reply == "Sorry, that did not work: Stove takes 7 to 20 degrees, not 25."


async def test_the_reply_is_known_before_anything_has_happened(tmp_path):
    async with open_house(tmp_path) as house:
        prepared = await house.agent.prepare(Request("turn on the kitchen light", area="Kitchen"))
        assert prepared.reply == "Turned on the light"
        assert prepared.speculative
        assert house.entity("light.kitchen").state == "off"


WORDS = st.sampled_from(
    [
        "turn",
        "on",
        "off",
        "the",
        "kitchen",
        "light",
        "lights",
        "set",
        "to",
        "thirty",
        "percent",
        "unlock",
        "front",
        "door",
        "open",
        "garage",
        "yes",
        "no",
        "add",
        "milk",
        "shopping",
        "list",
        "timer",
        "for",
        "5",
        "minutes",
        "cancel",
        "all",
        "in",
        "is",
        "locked",
        "dim",
        "red",
        "play",
        "jazz",
        "stop",
        "50",
        "%",
        "please",
    ]
)
SENTENCES = st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=60) | st.sampled_from([c[0] for c in COMMANDS])


async def test_preparing_changes_nothing_and_never_raises(tmp_path):
    async with open_house(tmp_path) as house:
        before = house.home.entities()

        @settings(max_examples=150, deadline=None)
        @given(text=SENTENCES, area=st.sampled_from([None, "Kitchen", "Nowhere"]))
        def holds(text, area):
            coroutine = house.agent.prepare(Request(text, area=area, satellite="k1"))
            with pytest.raises(StopIteration) as done:  # it never waits: one step is all
                coroutine.send(None)
            assert done.value.value.reply is not None

        holds()
        assert house.home.entities() == before
        assert not house.agent._kept.timers.all()
        assert house.agent._recollection.questions.find(Request("yes", satellite="k1")) is None
        assert not (tmp_path / "virtual-home.json").exists()


def test_every_packaged_intent_but_broadcast_is_handled():
    assert set(load_sentences("en")["intents"]) - set(HANDLERS) == {"HassBroadcast"}
    assert set(HANDLERS) <= set(load_sentences("en")["intents"])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Turn on the lights!", "Turn on the lights"),
        ("set it to 30 %, please", "set it to 30 percent"),
        ("set it to 21.5°", "set it to 21.5 degrees"),
        ("hey, could you... turn it off now?", "could you turn it off"),
        ("please", "please"),
        ("  what's\tup  ", "what's up"),
    ],
)
def test_text_is_normalised(text, plain):
    assert normalised(text, "en") == plain


def test_a_language_without_words_for_signs_keeps_them():
    assert normalised("ajuste para 21,5 °, por favor!", "pt") == "ajuste para 21,5 ° por favor"


def test_a_text_without_end_costs_nothing():
    assert len("turn on the lights " * 100) > MAX_COMMAND_CHARACTERS


async def test_a_timer_that_cannot_be_kept_is_not_promised(tmp_path):
    async with open_house(tmp_path) as house:
        with closing(sqlite3.connect(tmp_path / "roomtone.db")) as vandal:
            vandal.execute("DROP TABLE timer")
        outcome = await house.say("set a timer for 5 minutes")
        assert outcome.reply.startswith("Sorry, that did not work: the database")
        assert not house.agent._kept.timers.all()


async def test_another_language_is_understood_and_answered_in_its_own_words(tmp_path):
    async with open_house(tmp_path, language="de") as house:
        assert (await house.say("schalte das Licht aus")).reply == "Licht ausgeschaltet"
        assert (await house.say("erzähl einen Witz")).reply == "Entschuldigung, das habe ich nicht verstanden."
        asked = await house.say("entsperre Front Door")
        assert (asked.actions, asked.finished.expects_answer) == ([], True)


async def test_a_language_without_templates_is_one_clear_error(tmp_path):
    async with open_house(tmp_path) as house:
        agent = IntentAgent(house.home, house.agent._kept, AgentSettings(), language="tlh")
        with pytest.raises(EngineError, match="'tlh'"):
            await agent.start()
