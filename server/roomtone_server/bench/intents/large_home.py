"""A large, made-up home, always the same. The names are of the kinds that people give, and no two are alike."""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SEED: Final = 1
ALIASED: Final = 0.08  # the share of entities that go by a second name

FLOORS: Final = ("", "Upstairs ", "Guest ", "Old ")
ROOMS: Final = (
    "Kitchen", "Living Room", "Bedroom", "Bathroom", "Office", "Hallway", "Dining Room", "Garage", "Garden", "Basement",
    "Attic", "Nursery", "Laundry Room", "Pantry", "Library", "Workshop", "Balcony", "Terrace", "Gym", "Conservatory",
    "Play Room", "Music Room", "Wine Cellar", "Porch",
)  # fmt: skip
OWNERS: Final = ("Anna", "Oliver", "Grandma", "Priya", "Tom", "Lucía", "Noah", "Mum", "Dad", "Jürgen")
PLACES: Final = (
    "Corner", "Desk", "Ceiling", "Wall", "Window", "Floor", "Bedside", "Shelf", "Cabinet", "Counter", "Mirror",
    "Stairs", "Left", "Right", "Back", "Front", "Small", "Big", "North", "South", "Upper", "Lower", "Tall", "Round",
)  # fmt: skip
OCCASIONS: Final = (
    "Movie", "Dinner", "Party", "Reading", "Cooking", "Holiday", "Cleaning", "Bed", "Game", "Breakfast", "Sunset",
    "Guest", "Homework", "Yoga", "Rainy",
)  # fmt: skip
TIMES: Final = ("Night", "Time", "Mood", "Evening", "Mode", "Routine")

# Per domain: its share of a home, what things of it are called, and the device class of each where it has one.
DOMAINS: Final[Mapping[str, tuple[float, Mapping[str, str]]]] = {
    "light": (0.34, dict.fromkeys(("Light", "Lamp", "Lights", "Spotlight", "LED Strip", "Chandelier", "Lantern"), "")),
    "sensor": (
        0.16,
        {
            "Temperature": "temperature", "Humidity": "humidity", "Power": "power", "Energy": "energy",
            "Battery": "battery", "Air Quality": "aqi", "Water Level": "", "Brightness Sensor": "illuminance",
        },
    ),
    "switch": (
        0.15,
        dict.fromkeys(("Socket", "Plug", "Heater", "Coffee Machine", "Pump", "Fountain", "Printer", "Kettle"), ""),
    ),
    "cover": (
        0.11,
        {
            "Blinds": "blind", "Curtains": "curtain", "Window": "window", "Shutters": "shutter", "Awning": "awning",
            "Door": "door", "Shade": "shade", "Gate": "gate",
        },
    ),
    "media_player": (0.05, dict.fromkeys(("Speaker", "TV", "Radio", "Stereo", "Projector", "Soundbar"), "")),
    "climate": (0.04, dict.fromkeys(("Thermostat", "Radiator", "EcoBee", "Air Conditioner"), "")),
    "fan": (0.03, dict.fromkeys(("Fan", "Ventilator", "Extractor"), "")),
    "lock": (0.02, dict.fromkeys(("Lock", "Door Lock", "Safe"), "")),
    "scene": (0.05, {}),
    "script": (0.04, {}),
    "todo": (0.01, dict.fromkeys(("Shopping List", "Chores", "Packing List", "Wish List"), "")),
}  # fmt: skip


@dataclass
class Namer:
    """Gives each thing a name that nothing else has."""

    areas: Sequence[str]
    draw: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - the same every time is what is wanted
    taken: set[str] = field(default_factory=set)

    def name(self, noun: str, area: str) -> str:
        return next(name for name in self._names(noun, area) if self._is_new(name))

    def _names(self, noun: str, area: str) -> Iterator[str]:
        if not noun:
            yield from (f"{self.draw.choice(OCCASIONS)} {self.draw.choice(TIMES)}" for _ in range(20))
            noun = self.draw.choice(TIMES)
        yield f"{area} {noun}"
        while True:
            place, owner = self.draw.choice(PLACES), self.draw.choice(OWNERS)
            number = self.draw.randint(1, 9)
            yield self.draw.choice(
                [f"{place} {noun}", f"{area} {place} {noun}", f"{owner}'s {noun}", f"{noun} {number}"]
            )

    def _is_new(self, name: str) -> bool:
        is_new = name.casefold() not in self.taken
        self.taken.add(name.casefold())
        return is_new


def large_home(base: Mapping[str, Any], entities: int, areas: int) -> dict[str, Any]:
    """A home file's content: the base home, and as much more as makes the numbers full."""
    homes_areas = list(base.get("areas", ()))
    rooms = [floor + room for floor, room in itertools.product(FLOORS, ROOMS)]
    new = [room for room in rooms if room not in {area["name"] for area in homes_areas}]
    homes_areas += [{"name": room} for room in new[: max(0, areas - len(homes_areas))]]
    things = list(base.get("entities", ()))
    namer = Namer([area["name"] for area in homes_areas])
    namer.taken |= {
        name.casefold() for one in (*things, *homes_areas) for name in (one["name"], *one.get("aliases", ()))
    }
    domains = namer.draw.choices(
        list(DOMAINS), [share for share, _ in DOMAINS.values()], k=max(0, entities - len(things))
    )
    things += [thing(number, domain, namer) for number, domain in enumerate(domains)]
    return {"areas": homes_areas, "entities": things}


def thing(number: int, domain: str, namer: Namer) -> dict[str, Any]:
    _, nouns = DOMAINS[domain]
    noun = namer.draw.choice(list(nouns)) if nouns else ""
    area = namer.draw.choice(namer.areas)
    entry: dict[str, Any] = {"id": f"{domain}.number_{number}", "name": namer.name(noun, area)}
    if noun:
        entry["area"] = area
    if nouns.get(noun):
        entry["device_class"] = nouns[noun]
    if domain == "sensor":
        entry["state"] = str(namer.draw.randint(1, 99))
    if namer.draw.random() < ALIASED:
        entry["aliases"] = [namer.name(noun, area)]
    return entry
