"""A home's words, for tests of what listens for them."""

from roomtone_server.grammar.vocabulary import NamedArea, NamedThing, Vocabulary

SMALL = Vocabulary(
    "en",
    (NamedArea(("Kitchen",)), NamedArea(("Living Room", "Lounge"))),
    (
        NamedThing("light.ceiling", ("Ceiling Light",), "Kitchen"),
        NamedThing("light.lamp_2", ("Lamp 2",), "Living Room"),
        NamedThing("cover.blinds", ("Kitchen Blinds",), "Kitchen", "blind"),
        NamedThing("lock.front_door", ("Front Door",)),
        NamedThing("climate.thermostat", ("Thermostat",)),
        NamedThing("media_player.radio", ("Radio",), "Kitchen"),
        NamedThing("todo.shopping_list", ("Shopping List",)),
    ),
)
