"""What a Home Assistant tells, taken apart: registries, states, answers; and its settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from roomtone.errors import HomeError
from roomtone_server.home.base import Area, Order, ServiceCall
from roomtone_server.home.home_assistant.intents import check, intent_of
from roomtone_server.home.home_assistant.registry import (
    AreaRow,
    EntityRow,
    Registry,
    areas_by_device,
    by_entity,
    exposed_ids,
    rows,
)
from roomtone_server.home.home_assistant.settings import HomeAssistantSettings, place_of
from roomtone_server.home.home_assistant.states import State, changed, items_of
from roomtone_server.home.home_assistant.talking import conversed, foreseen
from roomtone_server.home.home_assistant.view import View

URL = "http://homeassistant.local:8123"
KITCHEN = {"area_id": "kitchen", "name": "Kitchen", "aliases": ["galley", "Kitchen"], "floor_id": None}
LAMP = {"entity_id": "light.lamp", "aliases": [None, "Big lamp"], "area_id": None, "device_id": "d1"}

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "c", "r", "+", "-", "s", "x.y"]), inner)
    ),
    max_leaves=12,
)


def registry():
    return Registry(
        areas={row.area_id: row for row in rows(AreaRow, [KITCHEN, {"name": "no id"}, 7])},
        entities=by_entity({"light.lamp": LAMP, "light.odd": None, "light.bad": {"entity_id": "Not One"}}),
        area_of_device=areas_by_device([{"id": "d1", "area_id": "kitchen"}, {"id": "d2", "area_id": None}]),
    )


def test_names_and_areas_follow_from_the_registries():
    known = registry()
    assert known.named_areas() == (Area("Kitchen", ("galley",)),)
    assert known.area_of("light.lamp") == "Kitchen"
    assert known.area_of("light.odd") is None
    assert known.area_id("GALLEY") == "kitchen"
    assert known.names_of("light.lamp", "Lamp") == ("Lamp", "Big lamp")
    assert known.names_of("light.odd", "  Odd\tone \n") == ("Odd one",)


@pytest.mark.parametrize(("aliases", "names"), [([], ("Lamp",)), (["Sun"], ("Sun",)), (["Sun", None], ("Sun", "Lamp"))])
def test_an_entitys_own_name_stands_where_its_aliases_say(aliases, names):
    known = Registry(entities={"light.lamp": EntityRow(entity_id="light.lamp", aliases=aliases)})
    assert known.names_of("light.lamp", "Lamp") == names


def test_only_what_the_assistant_may_speak_of_is_exposed():
    told = {"light.a": {"conversation": True}, "light.b": {"cloud.alexa": True}, "c": {"conversation": True}}
    assert exposed_ids({"exposed_entities": told}) == ["light.a"]


def test_states_come_in_pieces():
    states = changed({}, {"a": {"light.lamp": {"s": "on", "a": {"brightness": 7, "entity_picture": "data:..."}}}})
    assert states == {"light.lamp": State("on", {"brightness": 7})}
    event = {"c": {"light.lamp": {"+": {"s": "off", "a": {"rgb_color": [1, 2, 3]}}, "-": {"a": ["brightness"]}}}}
    assert changed(states, event) == {"light.lamp": State("off", {"rgb_color": [1, 2, 3]})}
    assert changed(states, {"r": ["light.lamp"]}) == {"light.lamp": None}
    assert changed({}, event) == {}  # of what nobody knew


@given(event=st.dictionaries(st.sampled_from(["a", "c", "r", "items"]), JSON))
def test_whatever_is_told_of_states_is_taken_or_left(event):
    view = View()
    view.learn(registry(), ["x.y", "light.lamp"])
    view.take_states({"a": {"x.y": {"s": "on", "a": {"friendly_name": "X"}}}})
    view.take_states(event)
    assert {entity.id for entity in view.entities} <= {"x.y"}
    assert isinstance(items_of(event), list)


@given(told=JSON)
def test_whatever_is_answered_is_no_more_than_an_error(told):
    assert isinstance(exposed_ids(told), list)
    assert areas_by_device(told) == areas_by_device([told, {"id": 7, "area_id": "a"}, {"id": "d"}]) == {}
    assert list(foreseen(told)) == []
    for take in (check, conversed):
        with pytest.raises(HomeError):
            take(told)


def test_what_is_not_exposed_any_more_is_gone_and_the_words_change():
    view = View()
    view.learn(registry(), ["light.lamp"])
    renamed = view.renamed
    view.take_states({"a": {"light.lamp": {"s": "on", "a": {"friendly_name": "Lamp"}}}})
    assert renamed.is_set()
    assert [(entity.name, entity.area) for entity in view.entities] == [("Lamp", "Kitchen")]
    before, renamed = view.entities, view.renamed
    view.take_states({"c": {"light.lamp": {"+": {"c": "01"}}}})
    assert view.entities is before
    view.take_states({"c": {"light.lamp": {"+": {"s": "off"}}}})
    assert view.entities[0].state == "off"
    assert not renamed.is_set()
    view.learn(registry(), [])
    assert view.entities == ()
    assert renamed.is_set()


def test_an_intent_names_one_entity_and_keeps_what_is_to_be_done():
    order = Order("HassShoppingListAddItem", {"item": "milk", "area": "Kitchen"}, language="de")
    assert intent_of(order, ServiceCall("todo.add_item", "todo.list"), None) == {
        "name": "HassListAddItem",
        "data": {"item": "milk", "name": "todo.list", "domain": "todo"},
        "language": "de",
        "assistant": "conversation",
    }
    assert intent_of(Order("RoomtoneToggle"), ServiceCall("light.turn_on", "light.lamp"), "kitchen") is None


@pytest.mark.parametrize(
    ("intent", "target", "calls"),
    [
        ("HassTurnOff", "lock.door", ["lock.unlock"]),
        ("HassTurnOn", "lock.door", []),
        ("MyOwnIntent", "lock.door", ["lock.unlock"]),
        ("HassTurnOn", "cover.garage", ["cover.open_cover"]),
        ("HassTurnOff", "cover.garage", []),
        ("HassTurnOff", "alarm_control_panel.house", ["alarm_control_panel.alarm_disarm"]),
        ("HassTurnOn", "light.lamp", []),
    ],
)
def test_what_an_agent_may_do_counts_as_if_it_did(intent, target, calls):
    told = {"results": [{"intent": {"name": intent}, "targets": {target: {"matched": False}}}]}
    assert [call.service for call in foreseen(told)] == calls


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({}, "`url` and `token` are missing"),
        ({"url": URL}, "`token` is missing"),
        ({"token": "abc"}, "`url` is missing"),
        ({"url": "homeassistant.local", "token": "abc"}, "url"),
        ({"url": "http://me:secret@homeassistant.local", "token": "abc"}, "url"),
        ({"url": URL, "token": "two lines\nhere"}, "this is no token"),
        ({"url": URL, "token": ""}, "this is no token"),
    ],
)
def test_settings_say_what_is_missing(written, said, monkeypatch):
    monkeypatch.delenv("SUPERVISOR_TOKEN", raising=False)
    with pytest.raises(ValidationError, match=said):
        HomeAssistantSettings.model_validate(written)


def test_an_add_on_needs_neither_address_nor_token(monkeypatch):
    monkeypatch.setenv("SUPERVISOR_TOKEN", "given")
    place = place_of(HomeAssistantSettings())
    assert (place.socket_url, place.api_url) == ("ws://supervisor/core/websocket", "http://supervisor/core/api")
    assert place.token == "given"
    own = place_of(HomeAssistantSettings.model_validate({"url": f"{URL}/", "token": "mine"}))
    assert (own.socket_url, own.api_url) == ("ws://homeassistant.local:8123/api/websocket", f"{URL}/api")
    assert "mine" not in repr(own)
    assert "mine" not in HomeAssistantSettings(url=URL, token="mine").model_dump_json()
