"""Twelve commands in each language that is understood in full: what becomes of the home, and the answer, aloud."""

from pathlib import Path

import pytest
import yaml
from support.house import open_house

from roomtone_server.engines.tts.espeak import RATE_HZ, synthesise
from roomtone_server.grammar.sentences import load_sentences
from roomtone_server.languages.language import language_of, languages

TABLES = Path(__file__).parents[1] / "support" / "languages"
FULL = [language.code for language in languages() if language.full]

# The state or the attribute that a command leaves behind; the others only tell something.
EFFECTS = {
    "switch_on": ("light.kitchen", "state", "on"),
    "switch_off": ("fan.fan", "state", "off"),
    "area_on": ("light.bedroom", "state", "on"),
    "dim_in_words": ("light.kitchen", "brightness", 128),
    "dim_in_digits": ("light.bedroom", "brightness", 76),
    "heat": ("climate.thermostat", "temperature", 22),
}
UNDO = {
    "bn": "আগের মতো করো",
    "de": "mach das rückgängig",
    "en": "undo that",
    "gu": "પાછું કરો",
    "hi": "वापस करो",
    "ml": "പഴയതുപോലെ ആക്കൂ",
    "mr": "पूर्ववत करा",
    "ta": "பழையபடி ஆக்கு",
    "te": "మునుపటిలా చెయ్యి",
}
ALL_OFF = {
    "bn": "সব আলো বন্ধ করো",
    "de": "alle Lichter aus",
    "en": "turn off all the lights",
    "gu": "બધી લાઈટ બંધ કરો",
    "hi": "सारी लाइटें बंद करो",
    "ml": "എല്ലാ ലൈറ്റുകളും ഓഫ് ആക്കൂ",
    "mr": "सगळे दिवे बंद करा",
    "ta": "எல்லா விளக்குகளையும் அணை",
    "te": "అన్ని లైట్లు ఆఫ్ చెయ్యి",
}
SWITCHING = ["switch_on", "switch_off"]
TELLING = ["how_warm", "set_timer", "time_left", "is_it_on", "what_time", "what_date"]


def table(language):
    return yaml.safe_load((TABLES / f"{language}.yaml").read_text(encoding="utf-8"))


def home(folder, names):
    """The same eight things in every language; their first name is in its script, the others are aliases."""

    def called(key):
        first, *aliases = names[key]
        return {"name": first, "aliases": aliases}

    here = {"area": names["kitchen"][0]}
    there = {"area": names["bedroom"][0]}
    content = {
        "areas": [called("kitchen"), called("bedroom")],
        "entities": [
            {"id": "light.kitchen", **called("kitchen_light"), **here},
            {"id": "light.bedroom", **called("bedroom_light"), **there},
            {"id": "fan.fan", **called("fan"), **there, "state": "on"},
            {"id": "climate.thermostat", **called("thermostat"), **here, "current_temperature": 20.5},
            {"id": "cover.curtain", **called("curtain"), **there},
            {"id": "lock.door", **called("door"), "state": "locked"},
        ],
    }
    file = folder / "home.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


def test_nine_languages_are_full_and_each_has_its_table():
    assert FULL == ["bn", "de", "en", "gu", "hi", "ml", "mr", "ta", "te"]
    for language in FULL:
        assert list(table(language)["says"]) == [*EFFECTS, *TELLING], language


@pytest.mark.parametrize("language", FULL)
async def test_commands_change_the_home_and_are_answered_aloud_two_are_undone_and_a_lock_waits(tmp_path, language):
    words = table(language)
    async with open_house(tmp_path, home(tmp_path, words["names"]), language=language) as house:
        joined = f" {language_of(language).conjunctions[0]} "
        both = joined.join(words["says"][what][0].rstrip(".।") for what in SWITCHING)
        outcomes = [await house.say(text, conversation="c") for text in (both, UNDO[language])]
        assert [len(outcome.actions) for outcome in outcomes] == [2, 2], both
        again = f"{next(iter(language_of(language).anew))} {words['says']['switch_on'][0]}"
        assert [entity for _, entity, _ in (await house.say(again)).actions] == ["light.kitchen"], again
        dimmed = joined.join(words["says"][what][0].rstrip(".।") for what in ("dim_in_words", "set_timer"))
        outcome = await house.say(dimmed, conversation="c")
        assert [service for service, *_ in outcome.actions] == ["light.turn_on"], dimmed
        assert all(words["says"][what][1] in outcome.reply for what in ("dim_in_words", "set_timer"))
        await house.say(UNDO[language], conversation="c")
        for what, (text, reply) in words["says"].items():
            outcome = await house.say(text, area=words["names"]["kitchen"][0])
            assert outcome.finished.understood, text
            assert outcome.reply == reply, text
            assert len(synthesise(outcome.reply, language)) / 2 / RATE_HZ > 0.2, reply
            if what in EFFECTS:
                entity_id, key, value = EFFECTS[what]
                entity = house.entity(entity_id)
                assert (entity.state if key == "state" else entity.attributes[key]) == value, text
            else:
                assert not outcome.actions, text
        everywhere = await house.say(ALL_OFF[language], area=words["names"]["kitchen"][0])
        assert [entity for _, entity, _ in everywhere.actions] == ["light.kitchen", "light.bedroom"]
        for text, reply in words["asks"].values():
            assert house.entity("lock.door").state == "locked"
            assert (await house.say(text)).reply == reply
        assert house.entity("lock.door").state == "unlocked"


@pytest.mark.parametrize("language", [each.code for each in languages()])
def test_it_introduces_itself_as_nobody_else(language):
    templates = load_sentences(language)
    responses = templates["responses"]["intents"].get("HassRespond", {})
    asked = {each.get("response", "default") for each in templates["intents"].get("HassRespond", {}).get("data", ())}
    told = " ".join(responses.get(key, "") for key in asked)
    assert not [name for name in ("Home Assistant", "home minus", "ഹോം അസിസ്റ്റന്റ്", "TODO") if name in told]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "apaga todas las luces"),
        ("fr", "éteins toutes les lumières"),
        ("it", "spegni tutte le luci"),
        ("nl", "doe alle lampen uit"),
    ],
)
async def test_all_the_lights_are_those_of_the_house_where_the_sentences_are_packaged(tmp_path, language, text):
    async with open_house(tmp_path, language=language) as house:
        assert len((await house.say(text)).actions) == 7


GERMAN = [
    ("mach das Licht und den Ventilator aus", "Licht ausgeschaltet. Ventilator ausgeschaltet."),
    ("mach das Küchenlicht blau", "Farbe eingestellt"),
    ("mach es rot", "Farbe eingestellt"),
    ("mach es wieder aus", "Licht ausgeschaltet"),
    ("rückgängig", "Küchenlicht ist wie vorher."),
    ("mach es wärmer", "Temperatur auf 22 Grad gestellt"),
    ("dreh den Thermostat runter", "Temperatur auf 21 Grad gestellt"),
    ("stelle einen Pizza Timer auf zehn Minuten", "Timer namens Pizza für zehn Minuten gestartet"),
    ("brich den Pizza Timer ab", "Timer gestoppt"),
    ("mach das Licht aus und setze Milch auf die Einkaufsliste", "Licht ausgeschaltet. Milch hinzugefügt."),
    ("was steht auf der Einkaufsliste", "Auf Einkaufsliste: Brot und Milch"),
    ("was müssen wir noch kaufen", "Auf Einkaufsliste: Brot und Milch"),
    ("danke", "Gern geschehen."),
    ("sei still", ""),
    ("wer bist du", "Ich bin Roomtone, gemacht von Leuten, die ihr Zuhause gern für sich haben."),
    ("vergiss unser Gespräch", "Vergessen."),
    ("was hast du gesagt", "Vergessen."),
]


async def test_everyday_german(tmp_path):
    file = home(tmp_path, table("de")["names"])
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["entities"][0] |= {"color": True}
    content["entities"][3] |= {"temperature": 21}
    content["entities"].append({"id": "todo.list", "name": "Einkaufsliste", "items": ["Brot"]})
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    async with open_house(tmp_path, file, language="de") as house:
        replies = [(text, (await house.say(text, area="Küche", conversation="c")).reply) for text, _ in GERMAN]
    assert replies == GERMAN
