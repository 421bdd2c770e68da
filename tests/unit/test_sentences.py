"""A language model's tokens to pieces that can be spoken: a table of replies, and what holds for any text."""

import random
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roomtone_server.turn.abbreviations import abbreviations_of
from roomtone_server.turn.markdown import HEAD_CHARS, SpokenMarkdown
from roomtone_server.turn.sentences import LONGEST_WORD_CHARS, SentenceSplitter, SplitterSettings

TABLE = Path(__file__).parents[1] / "support" / "sentences.txt"
BOUND = SplitterSettings().longest_chars + 2 * LONGEST_WORD_CHARS + HEAD_CHARS
LANGUAGES = ["en", "de", "zh", "xx"]


def table() -> Iterable[tuple[str, str, list[str]]]:
    """Language, reply and pieces of each case."""
    language = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            language = line.strip("[]")
        elif line and not re.match("#( |$)", line):
            yield language, *case(line)


def case(line: str) -> tuple[str, list[str]]:
    reply, arrow, spoken = line.partition("=>")
    if not arrow:
        reply, spoken = line.replace(" | ", " ").replace("|", ""), line
    return reply.strip(" ").replace("⏎", "\n"), [piece.strip(" ") for piece in spoken.split("|") if piece.strip(" ")]


def spoken(parts: Iterable[str], language: str = "en", settings: SplitterSettings | None = None) -> list[str]:
    splitter = SentenceSplitter(language, settings)
    return [piece for part in parts for piece in splitter.feed(part)] + splitter.finish()


def plain(reply: str, language: str) -> str:
    markdown = SpokenMarkdown(ordinals=abbreviations_of(language).ordinals)
    return markdown.feed(reply) + markdown.finish()


def left_behind(splitter: SentenceSplitter) -> int:
    return len(splitter._piece) + len(splitter._held) + len(splitter._markdown._held)


def cut(reply: str, draw: random.Random) -> list[str]:
    """Into tokens of one to nine characters."""
    parts, at = [], 0
    while at < len(reply):
        length = draw.randint(1, 9)
        parts.append(reply[at : at + length])
        at += length
    return parts


@pytest.mark.parametrize(("language", "reply", "pieces"), list(table()))
def test_a_reply_is_spoken_in_these_pieces_however_it_comes(language, reply, pieces):
    assert spoken([reply], language) == pieces
    assert spoken(reply, language) == pieces
    for seed in range(3):
        assert spoken(cut(reply, random.Random(seed)), language) == pieces


def test_the_table_is_large():
    cases = list(table())
    assert len(cases) >= 150
    assert {"en", "de", "fr", "es", "hi", "zh", "ja", "ar"} <= {language for language, _, _ in cases}


# What marks, Markdown and white space are made of, with enough letters between them for pieces to become long.
SIGNS = [*" \n.,!?:;…\"'()[]#*_`~-–—|>+=\\&%1234567890。，、！「」।؟،«»„“”💡\ufe0f\u200d\u2029\t\r"]
WORDS = [
    "light",
    "Mr.",
    "e.g.",
    "p. m.",
    "z. B.",
    "The",
    "it",
    "I",
    "a",
    "灯",
    "बत्ती",
    "نعم",
    "x" * 120,
    "```",
    "---",
    "](",
]
texts = st.lists(st.sampled_from(SIGNS + WORDS), max_size=80).map("".join)
prose = st.lists(
    st.sampled_from(
        ["Light ", "kitchen ", "and ", "Dr. ", "No. ", "5 ", "is, ", "on. ", "why? ", "3.5 ", "灯。", "ठीक। ", "– "]
    )
).map("".join)


@given(texts, st.sampled_from(LANGUAGES), st.integers(0, 2**32))
@example("-" * 100 + "\nYes, it is.", "en", 0)
@example(" " * 100 + "- item", "en", 1)
@example("x" * 100 + ",y", "en", 2)
@example("```" + "a" * 80 + "`b`", "en", 3)
def test_how_it_is_cut_makes_no_difference(reply, language, seed):
    assert spoken([reply], language) == spoken(reply, language) == spoken(cut(reply, random.Random(seed)), language)


@given(texts, st.sampled_from(LANGUAGES))
def test_every_letter_is_spoken_once_and_in_order(reply, language):
    letters = [character for character in plain(reply, language) if character.isalnum()]
    assert [character for character in "".join(spoken([reply], language)) if character.isalnum()] == letters


@given(prose, st.sampled_from(LANGUAGES))
def test_nothing_but_white_space_is_lost(reply, language):
    reply += "end"  # what is left has a word
    assert "".join("".join(spoken([reply], language)).split()) == "".join(plain(reply, language).split())


@given(texts, st.sampled_from(LANGUAGES))
def test_each_piece_has_something_to_say_and_is_no_longer_than_it_may_be(reply, language):
    longest = SplitterSettings().longest_chars
    for piece in spoken([reply], language):
        assert any(map(str.isalnum, piece))
        assert piece == " ".join(piece.split())
        assert len(piece) <= longest or " " not in piece


@given(texts)
def test_what_is_certain_depends_on_what_came_and_not_on_how_it_came(reply):
    one, other = SentenceSplitter(), SentenceSplitter()
    assert [piece for character in reply for piece in one.feed(character)] == other.feed(reply)


@pytest.mark.parametrize(
    ("so_far", "pieces"),
    [
        ("The light is on,", ["The light is on,"]),
        ("It has 1,000", []),
        ("There are 1000,", []),
        ("There are 1000, ", ["There are 1000,"]),
        ("Well,", []),
        ('She said "well, then,', []),
        ("It is on. ", []),
        ("It is on. T", ["It is on."]),
        ("Tea, etc. T", ["Tea, etc."]),
        ("灯已经开了。", []),
        ("灯已经开了。门", ["灯已经开了。"]),
        ("Milk\n\n", ["Milk"]),
        ("Milk\n- E", ["Milk"]),
        ("# Lights\n", ["Lights"]),
    ],
)
def test_no_sooner_and_no_later(so_far, pieces):
    assert SentenceSplitter().feed(so_far) == pieces


def test_later_clauses_are_longer():
    reply = "and so it goes on, " * 60
    lengths = [len(piece) for piece in spoken([reply])]
    assert lengths[:4] == [18, 18, 18, 37]
    assert lengths[:-1] == sorted(lengths[:-1])
    assert max(lengths) < SplitterSettings().full_chars + len("and so it goes on, ")


def test_the_settings_decide_how_early_and_how_long():
    settings = SplitterSettings(first_chars=4, growth=0, full_chars=4, longest_chars=20)
    assert spoken(["Yes, dear, it is on and will stay on."], settings=settings) == [
        "Yes,",
        "dear,",
        "it is on and will",
        "stay on.",
    ]


def test_a_long_sentence_is_cut_at_its_last_comma_rather_than_between_words():
    settings = SplitterSettings(first_chars=12, full_chars=100, growth=9, longest_chars=50)
    reply = "It is on. The lamp in the hall is red, and all of the others are not red."
    assert spoken([reply], settings=settings)[1:] == [
        "The lamp in the hall is red,",
        "and all of the others are not red.",
    ]


@pytest.mark.parametrize(
    "token",
    [
        "word ",
        "x",
        "1,",
        ".",
        "!",
        " ",
        "\n",
        "-",
        "*",
        "[1](",
        "](",
        "(",
        "```",
        "> ",
        "😀\u200d",
        "灯",
        "बत्ती ",
        "a.b.",
        '"',
        "\\",
        "1. ",
    ],
)
def test_a_stream_without_end_is_never_held(token):
    """After each feed no more is left behind than one piece, one word and one head of a line: so that the work for a
    token is bounded too, and all of it linear."""
    splitter = SentenceSplitter("de")
    for _ in range(20_000 // len(token) // 50):
        splitter.feed(token * 50)
        assert left_behind(splitter) <= BOUND


@pytest.mark.parametrize("token", ["x", "word ", "*"])
def test_a_megabyte_without_a_stop(token):
    splitter = SentenceSplitter()
    pieces = splitter.feed(token * (1_000_000 // len(token)))
    assert left_behind(splitter) <= BOUND
    assert sum(map(len, pieces)) + BOUND >= 1_000_000 * (token != "*") - len(pieces)
