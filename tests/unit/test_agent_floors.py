"""Commands that name a floor: what is in its areas is meant."""

import pytest
from support.house import open_house

HOUSE = """
areas:
  - {name: Kitchen, floor: Ground}
  - {name: Hall, floor: Ground}
  - {name: Attic, floor: Upper}
  - {name: Shed}
entities:
  - {id: light.kitchen, name: Kitchen Light, area: Kitchen}
  - {id: light.hall, name: Hall Light, area: Hall}
  - {id: light.attic, name: Attic Light, area: Attic}
  - {id: light.shed, name: Shed Light, area: Shed}
  - {id: cover.attic, name: Skylight, area: Attic, device_class: window, state: closed}
"""


@pytest.mark.parametrize(
    ("said", "language", "meant"),
    [
        ("turn on the lights on the ground floor", "en", {"light.kitchen", "light.hall"}),
        ("turn on all lights on the upper floor", "en", {"light.attic"}),
        ("open the windows on the upper floor", "en", {"cover.attic"}),
        ("schalte alle Lichter im Ground an", "de", {"light.kitchen", "light.hall"}),
    ],
)
async def test_what_is_in_the_areas_of_a_floor_is_meant(said, language, meant, tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(HOUSE)
    async with open_house(tmp_path, file, language=language) as house:
        outcome = await house.say(said, area="Shed")
    assert {entity for _, entity, _ in outcome.actions} == meant
    assert outcome.reply


async def test_a_floor_without_such_things_is_said(tmp_path):
    file = tmp_path / "house.yaml"
    file.write_text(HOUSE)
    async with open_house(tmp_path, file) as house:
        outcome = await house.say("open the windows on the ground floor", area="Shed")
    assert outcome.actions == []
    assert "window" in outcome.reply
    assert "Ground floor" in outcome.reply
