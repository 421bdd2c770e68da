"""What a browser says to `/voice` is decoded within limits, and the documentation names every event and field of it."""

import json
import re
from contextlib import suppress
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone.errors import FrameError
from roomtone_server.ports.web.voice import messages as m

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
VOICE = DOCUMENT.read_text(encoding="utf-8").partition("\n## Voice\n")[2].partition("\n## ")[0]

HELLO = {"type": "hello", "browser": "b-1234567", "name": "Kitchen tablet"}


def decoded(**event: object) -> m.FromBrowser | None:
    return m.decode(json.dumps(event))


def test_an_event_is_taken_for_what_it_is() -> None:
    assert decoded(**HELLO, area="Kitchen") == m.Hello("b-1234567", "Kitchen tablet", "Kitchen")
    assert decoded(type="start", rate=48000, mode="open") == m.Start(48000, "open")
    assert decoded(type="played", turn=1, samples=0) == m.Played(1, 0, done=False, at=None)
    assert decoded(type="position", sample=960, at=12.5) == m.PositionTold(960, 12.5)
    assert decoded(type="pong", id=3, at=7) == m.Pong(3, 7.0)


def test_what_is_not_known_is_passed_over() -> None:
    assert decoded(type="dance") is None
    assert decoded(type="cancel", loudly=True) == m.Cancel()


def test_a_name_is_for_people_and_prints() -> None:
    assert decoded(**HELLO | {"name": "Kitchen\x1b[31m\n tablet"}) == m.Hello("b-1234567", "Kitchen [31m tablet")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hold",
        "null",
        "[]",
        '"hold"',
        "{}",
        '{"type": 1}',
        '{"type": "pong", "id": 1, "at": NaN}',
        '{"type": "pong", "id": 1, "at": 1e999}',
        '{"type": "pong", "id": 1, "at": -1}',
        '{"type": "pong", "id": 1, "at": "1"}',
        '{"type": "played", "turn": 1.0, "samples": 1}',
        '{"type": "played", "turn": 1, "samples": -1}',
        '{"type": "played", "turn": 9007199254740992, "samples": 1}',
        '{"type": "played", "turn": true, "samples": 1}',
        '{"type": "played", "turn": 1, "samples": 1, "done": 1}',
        '{"type": "played", "samples": 1}',
        '{"type": "start", "rate": 44100, "mode": "hold"}',
        '{"type": "start", "rate": 16000, "mode": "always"}',
        '{"type": "hello", "browser": "short", "name": "x"}',
        '{"type": "hello", "browser": "../../../etc/passwd", "name": "x"}',
        '{"type": "hello", "browser": "b-1234567", "name": ""}',
        '{"type": "hello", "browser": "b-1234567", "name": "%s"}' % ("x" * 65),
        '{"type": "hello", "browser": "b-1234567", "name": "\\ud800"}',
        '{"type": "hello", "browser": "b-1234567", "name": " \\u0007"}',
        "[" * 4000,
        '{"type":' * 500,
        '{"type": "cancel", "more": "%s"}' % ("x" * m.MAX_EVENT_BYTES),
        '{"type": "cancel", "more": "%s"}' % ("\N{GRINNING FACE}" * (m.MAX_EVENT_BYTES // 4)),
    ],
)
def test_what_is_malformed_or_beyond_a_bound_is_refused(text: str) -> None:
    with pytest.raises(FrameError):
        m.decode(text)


@given(
    st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps)
)
def test_whatever_comes_is_an_event_or_refused(text: str) -> None:
    with suppress(FrameError):
        assert not isinstance(m.decode(text), str)


def test_what_is_sent_is_one_object_with_its_type() -> None:
    assert m.encode(m.Listening(3, "word")) == '{"type":"listening","turn":3,"by":"word","seconds":null}'
    assert json.loads(m.encode(m.PartialText(1, "schalte das Küchenlicht"))) == {
        "type": "partial",
        "turn": 1,
        "text": "schalte das Küchenlicht",
    }


def test_what_json_and_utf_8_have_no_form_for_is_told_too() -> None:
    slots = {"level": float("nan"), "when": Path("noon"), "name": "\ud800"}
    frame = m.encode(m.Intent(1, "HassTurnOn", slots))
    assert frame.isascii()
    told = json.loads(frame, parse_constant=pytest.fail)
    assert told["slots"] == {"level": None, "when": "noon", "name": "\ud800"}


def documented(heading: str) -> dict[str, set[str]]:
    """The fields of each event, by the tables under a heading."""
    events: dict[str, set[str]] = {}
    section = VOICE.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    for row in re.findall(r"^\| (`[a-z-]+`)? ?\| ((?:`[a-z_]+`(?:, )?)*) ?\|", section, re.MULTILINE):
        name = row[0].strip("`") or next(reversed(events))
        events.setdefault(name, set()).update(re.findall(r"`([a-z_]+)`", row[1]))
    return events


@pytest.mark.parametrize(
    ("heading", "kinds"), [("Events from the browser", m.FromBrowser), ("Events from the server", m.ToBrowser)]
)
def test_the_documentation_tells_every_event_and_field(heading: str, kinds: object) -> None:
    assert documented(heading) == {kind.TYPE: {each.name for each in fields(kind)} for kind in get_args(kinds)}


def test_the_documentation_tells_the_limits() -> None:
    assert f"{m.MAX_EVENT_BYTES} bytes" in VOICE
    assert f"{m.MAX_AUDIO_BYTES} bytes" in VOICE
    needed = [each.name for each in fields(m.Hello) if each.default is MISSING]
    assert needed == ["browser", "name"]
