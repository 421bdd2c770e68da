"""Homes' words, for tests of what listens for them."""

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

# Digits, brackets, signs, accents, names inside names, names that templates have too, and some that nobody can say.
ODD = Vocabulary(
    "en",
    (
        NamedArea(("Attic",)),
        NamedArea(("Küche", "Ku\u0308che 2")),
        NamedArea(("The Den",)),
        NamedArea(("Tom's Room", "Bed")),
        NamedArea(("?",)),
    ),
    (
        NamedThing("light.lamp", ("Lamp",), "Attic"),
        NamedThing("light.lamp_2", ("Lamp 2", "Lamp2b"), "Attic"),
        NamedThing("light.left", ("Lamp 2 Left",), "Attic"),
        NamedThing("light.attic", ("Attic", "Attic Light"), "Attic"),
        NamedThing("light.old", ("Lampe (old) [x] {y}",), "Küche"),
        NamedThing("light.tom", ("Tom\u2019s Lamp",), "Tom's Room"),
        NamedThing("light.street", ("Straßenlampe",)),
        NamedThing("light.tree", ("\N{CHRISTMAS TREE}",)),
        NamedThing("switch.both", ("TV & Radio",), "The Den"),
        NamedThing("switch.dotted", ("A.C. unit",), "The Den"),
        NamedThing("switch.meter", ("Meter 00158000000000000000000042",)),
        NamedThing("climate.ecobee", ("EcoBee3",), "The Den"),
        NamedThing("cover.half", ("Shutter 50%",), "Attic", "shutter"),
        NamedThing("cover.door", ("Door",), None, "door"),
        NamedThing("fan.fan", ("Fan",), "Bed"),
        NamedThing("lock.lock_up", ("Lock-Up",)),
        NamedThing("media_player.hi_fi", ("Hi-Fi/Stereo",), "The Den"),
        NamedThing("media_player.polite", ("Please Hold",)),
        NamedThing("scene.night", ("Movie: Night!",)),
        NamedThing("script.all", ("All",)),
        NamedThing("sensor.percent", ("80 % rule",)),
        NamedThing("todo.to_do", ("To-Do",)),
        NamedThing("weather.york", ("New York",)),
    ),
)
