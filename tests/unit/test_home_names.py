"""The words of a home, gathered again and again."""

from dataclasses import replace

from roomtone_server.home.base import Area, Entity
from roomtone_server.home.names import Words, vocabulary_of

AREAS = [Area("Kitchen", ("Galley",))]
LAMP = Entity("light.lamp", "Lamp", "off", "Kitchen", ("Glow",))
DOOR = Entity("lock.door", "Door", "locked", device_class="door")


def test_all_names_are_there():
    vocabulary = vocabulary_of(AREAS, [LAMP, DOOR], "en")
    assert [area.names for area in vocabulary.areas] == [("Kitchen", "Galley")]
    assert [(thing.id, thing.names, thing.area, thing.device_class) for thing in vocabulary.things] == [
        ("light.lamp", ("Lamp", "Glow"), "Kitchen", None),
        ("lock.door", ("Door",), None, "door"),
    ]


def test_the_same_object_stands_for_the_same_names():
    words = Words("en")
    first = words.of(AREAS, [LAMP, DOOR])
    assert words.of(AREAS, (LAMP, DOOR)) is first
    assert words.of(AREAS, [replace(LAMP, state="on"), DOOR]) is first
    assert words.of(AREAS, [replace(LAMP, state="on"), DOOR]) is first


def test_what_changes_is_noticed():
    words = Words("en")
    words.of(AREAS, [LAMP, DOOR])
    for entities in ([LAMP], [LAMP, replace(DOOR, name="Gate")], [DOOR, LAMP], []):
        assert words.of(AREAS, entities) == vocabulary_of(AREAS, entities, "en")
    assert words.of([], []) == vocabulary_of([], [], "en")
