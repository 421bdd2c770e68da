"""What stands in the languages' own files, and what is made of it."""

import unicodedata
from datetime import date, time, timedelta
from itertools import chain
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError
from support.house import open_house

from roomtone_server.agent.base import Request, ask
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.normal_form import normalised
from roomtone_server.agent.responses import responses_of
from roomtone_server.agent.tongues import Tongues
from roomtone_server.engines.libespeak import library
from roomtone_server.engines.stt.whisper_languages import LANGUAGES as WHISPERS
from roomtone_server.grammar.numbers import with_number_words
from roomtone_server.grammar.sentences import load_sentences
from roomtone_server.grammar.slots import said
from roomtone_server.languages.language import MAX_AT_HAND, Language, language_of, languages
from roomtone_server.models.manifest import read
from roomtone_server.turn.sentences import SentenceSplitter

TABLES = Path(__file__).parents[1] / "support" / "languages"
ALL = list(languages())
FULL = [language.code for language in ALL if language.full]
WITH_WORDS = [language for language in ALL if language.numbers.words]
ONLY_EXCUSES = {"RoomtoneAgain"}  # where it cannot be meant
ASKING = {"how_warm", "time_left", "is_it_on", "what_time", "what_date"}


def test_there_are_thirteen_and_each_file_holds_to_the_schema():
    assert " ".join(language.code for language in ALL) == "bn de en es fr gu hi it ml mr nl ta te"
    with pytest.raises(ValidationError, match="months"):
        Language.model_validate({"code": "xx", "name": "X", "english_name": "X", "calendar": {"months": ["only"]}})
    with pytest.raises(ValidationError, match="a pattern cannot hold 'o_clock'"):
        Language.model_validate(
            {"code": "xx", "name": "X", "english_name": "X", "clock": {"on_the_hour": "{o_clock}", "otherwise": ""}}
        )


@pytest.mark.parametrize("language", ALL, ids=lambda language: language.code)
def test_each_is_heard_spoken_and_answered_in_its_own_words(language):
    assert language.whisper in WHISPERS.split()
    assert language.espeak in library().codes
    assert language.phrases is not None
    assert language.calendar is not None
    assert language.warm_up
    known = responses_of(language.code)
    if language.code != "en":
        assert known.phrase("not_understood") == language.phrases.not_understood
        assert known.phrase("failed", problem="x") == language.phrases.failed


def test_voices_are_those_that_can_be_pulled_the_best_first():
    voices = [model for model in read().models if model.kind == "piper"]
    for language in ALL:
        fitting = [model.name for model in voices if model.name.startswith(f"{language.code}_")]
        assert set(language.piper) <= set(fitting)
        assert bool(language.piper) == bool(fitting), language.code


def test_a_code_may_name_a_region_and_a_language_without_a_file_is_known_by_its_code():
    assert language_of("de_AT") is not None
    assert language_of("de-AT").code == "de"
    bare = language_of("pt-BR")
    assert (bare.code, bare.phrases, bare.inflections, bare.numbers.words) == ("pt", None, {}, ())
    assert language_of("../secrets").phrases is None
    assert language_of("").phrases is None


@pytest.mark.parametrize("language", WITH_WORDS, ids=lambda language: language.code)
def test_a_hundred_and_one_numbers_have_words_of_their_own(language):
    words = [language.numbers.spoken(number) for number in range(101)]
    assert all(words)
    flat = list(chain.from_iterable(words))
    assert len(flat) == len(set(flat))
    assert language.numbers.spoken(101) == ()
    assert [unicodedata.decimal(digit) for digit in language.digits] == list(range(10))
    own = language.digits[2] + language.digits[5]
    assert normalised(own, language.code) == "25"
    voice = library().voice(language.espeak)
    assert library().phonemes(own, voice) == library().phonemes("25", voice)


def test_number_words_stand_for_ranges_and_halves():
    numbers = language_of("hi").numbers
    lists = with_number_words(
        {
            "warm": {"range": {"from": 20, "to": 21, "fractions": "halves"}},
            "down": {"range": {"from": 5, "to": 5, "multiplier": -1}},
            "kelvin": {"range": {"from": 1000, "to": 10_000, "step": 100}},
        },
        numbers,
    )
    assert [(value["in"], value["out"]) for value in lists["warm"]["values"][:2]] == [
        ("(20|बीस)", 20),
        ("(20.5|20,5|साढ़े बीस)", 20.5),
    ]
    assert lists["down"]["values"] == [{"in": "(5|पाँच|पांच)", "out": -5}]
    assert "range" in lists["kelvin"]
    assert with_number_words({"warm": {"range": {"from": 0, "to": 9}}}, language_of("de").numbers)["warm"]["range"]


@pytest.mark.parametrize("language", ALL, ids=lambda language: language.code)
def test_every_hour_and_every_day_can_be_told(language):
    told = {language.clock.told(time(hour, minute)) for hour in range(24) for minute in (0, 5)}
    assert len(told) == 48
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert len({language.calendar.told(day) for day in days}) == 365


@pytest.mark.parametrize("code", FULL)
def test_questions_are_told_from_orders(code):
    table = yaml.safe_load((TABLES / f"{code}.yaml").read_text(encoding="utf-8"))["says"]
    for what, (text, _) in table.items():
        assert language_of(code).questions.asks(text.rstrip("?")) == (what in ASKING), text


@pytest.mark.parametrize("language", ALL, ids=lambda language: language.code)
def test_a_reply_is_split_at_each_of_its_sentence_ends(language):
    word = language.name
    for end in language.sentence_ends:
        splitter = SentenceSplitter(language.code)
        pieces = [*splitter.feed(f"{word} {word} {word}{end} {word.title()} {word} {word}"), *splitter.finish()]
        assert pieces[0] == f"{word} {word} {word}{end}", end
        assert normalised(f"{word}{end}", language.code) == word


@pytest.mark.parametrize("language", ALL, ids=lambda language: language.code)
def test_what_ends_a_turn_or_only_agrees_is_spelled_as_keys_are(language):
    for text in language.at_once | language.backchannels:
        assert text == normalised(text, language.code).casefold()


def test_names_are_known_as_sentences_bend_them():
    assert "விளக்கை" in said("விளக்கு", "ta")
    assert "शयनकक्षातील" in said("शयनकक्ष", "mr")
    assert "পাখাটা" in said("পাখা", "bn")
    assert said("Lamp", "en") == ["Lamp"]
    assert "लाइट 2" in said("लाइट २", "hi")


@pytest.mark.parametrize("code", FULL)
def test_every_command_has_an_answer_of_its_language(code):
    templates = load_sentences(code)
    texts = templates["responses"]["intents"]
    for name, intent in templates["intents"].items():
        for block in intent["data"] if name in HANDLERS and name not in ONLY_EXCUSES else ():
            text = texts.get(name, {}).get(block.get("response", "default"))
            assert text is not None, (name, block)
            assert not text.startswith("TODO"), (name, block)


async def test_one_agent_serves_several_languages_at_the_same_time(tmp_path):
    async with open_house(tmp_path) as house:
        for language, text, reply in (
            ("en", "turn on the kitchen light", "Turned on the light"),
            ("de", "wie spät ist es", "Es ist 12 Uhr"),
            ("hi", "अभी कितने बजे हैं", "अभी दोपहर के 12 बजे हैं"),
            ("en", "what time is it", "12:00 PM"),
            ("ta", "kitchen light ஆன் செய்", "Kitchen Light ஆன் செய்யப்பட்டது"),
        ):
            assert (await ask(house.agent, Request(text, language, area="Kitchen"))).reply == reply
        asked = await ask(house.agent, Request("entsperre Front Door", "de", conversation="c"))
        assert (asked.reply, asked.expects_answer) == ("Soll ich Front Door aufschließen?", True)
        assert (await ask(house.agent, Request("yes", "en", conversation="c"))).actions[0].service == "lock.unlock"


@pytest.mark.parametrize(
    ("code", "unlock", "question", "yes"),
    [
        ("es", "desbloquea Front Door", "¿Quieres que desbloquee Front Door?", "sí"),
        ("fr", "déverrouille Front Door", "Dois-je déverrouiller Front Door ?", "oui"),
        ("it", "sblocca Front Door", "Devo sbloccare Front Door?", "sì"),
        ("nl", "ontgrendel Front Door", "Zal ik Front Door ontgrendelen?", "ja"),
    ],
)
async def test_packaged_languages_ask_back_in_their_own_words(tmp_path, code, unlock, question, yes):
    async with open_house(tmp_path, language=code) as house:
        assert (await house.say(unlock)).reply == question
        assert (await house.say(yes)).actions == [("lock.unlock", "lock.front_door", {})]


async def test_a_timer_rings_in_the_language_in_which_it_was_set(tmp_path):
    async with open_house(tmp_path) as house:
        await ask(house.agent, Request("stelle einen Timer auf eine Sekunde", "de", satellite="k1"))
        [timer] = house.agent._kept.timers.all()
        due = await house.agent._rung(timer, Request("", timer.language, timer.satellite))
        assert due.language == "de"
        assert due.text.startswith("Der Timer")


async def test_only_so_many_languages_stay_at_hand_and_the_first_always_does(tmp_path):
    async with open_house(tmp_path) as house:
        tongues = Tongues("en", house.home, None)
        await tongues.learn("en")
        for code in ("hi", "gu", "te", "ta", "bn"):
            assert (await tongues.learn(code)).language == code
        assert list(tongues._at_hand) == ["en", "te", "ta", "bn"]
        assert len(tongues._at_hand) == MAX_AT_HAND
        assert tongues["hi"].language == "en"
        assert tongues["ta"].language == "ta"
