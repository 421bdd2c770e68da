"""Every view, by day and by night, at a desk and on a phone, without a mouse: nothing keeps anybody from using it."""

from pathlib import Path
from typing import Any

import numpy as np
from support import browser as browsers
from support.axe import obstacles
from support.voice import user_says
from support.web_house import PASSWORD, web_house

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.sound import write_wav

KEYBOARD = Path(browsers.__file__).with_name("keyboard.js")
COMMAND = "turn on the kitchen light"
VIEWS = ("talk", "rooms", "home", "turns", "turns/1", "voices", "health", "health/settings", "health/access")
WINDOWS = ({"width": 1280, "height": 800}, {"width": 390, "height": 844})
MOST_STOPS = 400  # of the Tab key, in one view


async def press_until_focused(page: Any, what: Any) -> None:
    for _ in range(MOST_STOPS):
        if await what.evaluate("element => element.getRootNode().activeElement === element"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not lead to {what}")


async def come_in_by_keyboard(page: Any) -> None:
    for label in ("Password", "The same once more"):
        await press_until_focused(page, page.get_by_label(label, exact=True))
        await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.locator("view-talk").wait_for()


async def talk_by_keyboard(page: Any) -> None:
    """Space is held as a finger would be."""
    await press_until_focused(page, page.get_by_role("button", name="Talk"))
    await page.keyboard.down(" ")
    await page.locator(".words.growing", has_text=COMMAND).wait_for()
    await page.keyboard.up(" ")
    await page.locator(".reply").wait_for()


async def check_accessible(page: Any, axe_core: str) -> None:
    for window in WINDOWS:
        await page.set_viewport_size(window)
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert await obstacles(page, axe_core) == [], (theme, window)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) == 0, window
    await page.set_viewport_size(WINDOWS[0])


async def walk(page: Any) -> None:
    """The Tab key leads to all that can be operated, and wherever it leads that is seen."""
    await page.evaluate("document.activeElement?.blur(); keyboard.seen.clear()")
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        assert await page.evaluate("keyboard.note()") is True
        if not (told := await page.evaluate("keyboard.missed()"))["missed"]:
            break
    assert told["operated"]
    assert told["missed"] == []


async def test_every_view_can_be_used_by_everybody(folder, axe_core):
    microphone = folder / "microphone.wav"
    room = np.random.default_rng(0).normal(0, 15, RATE_HZ).astype(np.int16)
    write_wav(microphone, np.concatenate([room, user_says(COMMAND).sound, room]))
    async with web_house(folder) as house, browsers.browsing(microphone) as person:
        await person.context.add_init_script(path=KEYBOARD)
        page = await person.open(await house.ends.link())
        await page.get_by_label("Password", exact=True).wait_for()
        await check_accessible(page, axe_core)
        await come_in_by_keyboard(page)
        await talk_by_keyboard(page)
        await page.get_by_text("Hold and speak, or tap").wait_for()
        for view in VIEWS:
            await page.goto(f"{house.url}#/{view}")
            await page.locator(f"view-{view.partition('/')[0]}").wait_for()
            await page.locator("[aria-busy=true]").first.wait_for(state="hidden")
            await check_accessible(page, axe_core)
            await walk(page)
