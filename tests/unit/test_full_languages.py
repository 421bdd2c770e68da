"""Twelve commands in each language that is understood in full: what becomes of the home, and the answer, aloud."""

from pathlib import Path

import pytest
import yaml
from support.house import open_house

from roomtone_server.engines.tts.espeak import RATE_HZ, synthesise
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
        for text, reply in words["asks"].values():
            assert house.entity("lock.door").state == "locked"
            assert (await house.say(text)).reply == reply
        assert house.entity("lock.door").state == "unlocked"
