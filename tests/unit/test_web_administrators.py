"""Who administers Home Assistant: asked of it, believed for a minute, and nobody while it was never told."""

import pytest
from support.home_assistant_double import serving
from support.web_doors import Clock

from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone.errors import HomeError, HomeGone
from roomtone_server.home.home_assistant.registry import administrators
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.ports.web.auth.administrators import (
    ASKED_AGAIN_S,
    ASKED_EVERY_S,
    Administrators,
)


def user(user_id, *groups, is_owner=False, is_active=True):
    return {"id": user_id, "name": "N. N.", "is_owner": is_owner, "is_active": is_active, "group_ids": list(groups)}


def test_administrators_are_the_owner_and_the_groups_members_who_may_log_in():
    told = [
        user("owner", is_owner=True),
        user("admin", "system-admin"),
        user("guest", "system-users"),
        user("gone", "system-admin", is_active=False),
        {"id": "odd"},
        "junk",
    ]
    assert administrators(told) == {"owner", "admin"}
    assert administrators({"users": told}) == frozenset()


class Home:
    def __init__(self):
        self.told = frozenset({"ada"})
        self.asked = 0

    async def administrators(self):
        self.asked += 1
        if self.told is None:
            raise HomeGone("Home Assistant cannot be reached")
        return self.told


async def test_it_is_asked_once_a_minute():
    home, clock = Home(), Clock()
    known = Administrators(home, clock)
    assert [await known.has(each) for each in ("ada", "bob", "")] == [True, False, False]
    home.told = frozenset({"bob"})
    clock.now += ASKED_EVERY_S - 1
    assert await known.has("ada")
    assert home.asked == 1
    clock.now += 1
    assert not await known.has("ada")
    assert await known.has("bob")


async def test_while_it_cannot_answer_all_is_as_it_was(caplog):
    home, clock = Home(), Clock()
    known = Administrators(home, clock)
    home.told = None
    assert not await known.has("ada")
    assert not await known.has("ada")
    assert home.asked == 1
    assert "cannot be reached" in caplog.text
    home.told = frozenset({"ada"})
    clock.now += ASKED_AGAIN_S
    assert await known.has("ada")
    home.told = None
    clock.now += ASKED_EVERY_S
    assert await known.has("ada")


async def test_home_assistant_tells_them_and_the_virtual_home_has_none(tmp_path):
    around = Surroundings(tmp_path, tmp_path)
    virtual = VirtualHome(VirtualHomeSettings(), around)
    await virtual.start()
    assert await virtual.administrators() == frozenset()
    async with serving(virtual) as double:
        home = choose("home", EngineChoice("home-assistant", double.settings())).make(around)
        with pytest.raises(HomeGone):
            await home.administrators()
        await home.start()
        double.users = [user("ada", "system-admin"), user("bob", "system-users")]
        assert await home.administrators() == {"ada"}
        await double.stop()
        with pytest.raises(HomeError):
            await home.administrators()
        await home.close()
    await virtual.close()
