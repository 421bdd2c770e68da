"""The Rooms view, with a satellite that is a process of its own."""

import pytest
from support.axe import obstacles
from support.browser import browsing
from support.web_house import ask, web_house

expect = pytest.importorskip("playwright.async_api").expect

DESK = {"name": "Desk", "area": "Office", "microphone": "null", "speaker": "null"}


async def test_a_satellite_is_paired_set_spoken_through_and_sent_away(tmp_path, axe_core):
    async with web_house(tmp_path) as house, browsing() as browser:
        page = await house.enter(browser)
        await page.evaluate("location.hash = '#/rooms'")
        await expect(page.get_by_role("heading", name="No satellites yet")).to_be_visible()

        await page.get_by_role("button", name="Pair a satellite").click()
        pairing = page.get_by_role("dialog", name="Pair a satellite")
        command = await pairing.locator(".command").inner_text()
        assert await obstacles(page, axe_core) == []
        await house.ends.pair(DESK, command.removeprefix("roomtone satellite pair "))
        await expect(pairing.get_by_role("status")).to_contain_text("Desk is paired")
        await pairing.get_by_role("button", name="Close").click()
        await house.ends.start_satellite(DESK)

        desk = page.get_by_role("article", name="Desk")
        await expect(desk).to_contain_text("Office · connected")
        await expect(desk.get_by_role("meter", name="How loud the room is")).not_to_have_attribute(
            "aria-valuetext", "not told"
        )
        await desk.get_by_role("button", name="Mute").click()
        await expect(desk.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
        await expect(desk.get_by_role("button", name="Listen")).to_be_disabled()
        await desk.get_by_role("button", name="Mute").click()
        await expect(desk.get_by_role("button", name="Listen")).to_be_enabled()
        await desk.get_by_role("slider", name="Volume").fill("40")
        await expect(desk.get_by_text("40%")).to_be_visible()

        await desk.get_by_text("4 wake words").click()
        await desk.get_by_role("slider", name="alexa").fill("0.6")
        await expect(desk.get_by_text("60%")).to_be_visible()
        assert await obstacles(page, axe_core) == []

        await page.get_by_role("button", name="Announce everywhere").click()
        await page.get_by_label("What shall be said?").fill("Dinner is ready")
        await page.get_by_role("button", name="Say it").click()
        await expect(page.get_by_role("status").filter(has_text="It is said in 1 room")).to_be_visible()
        await expect(desk.get_by_role("link", name="answered")).to_be_visible()

        await desk.get_by_text("Name and area").click()
        await desk.get_by_label("Name", exact=True).fill("Window")
        await desk.get_by_label("Area").fill("Kitchen")
        await desk.get_by_role("button", name="Save").click()
        window = page.get_by_role("article", name="Window")
        await expect(window).to_contain_text("Kitchen · connected")
        (told,) = (await ask(page, "GET", "satellites"))["satellites"]
        assert (told["name"], told["area"], told["volume"], told["muted"]) == ("Window", "Kitchen", 0.4, False)

        await window.get_by_role("button", name="Remove").click()
        await page.get_by_role("dialog", name="Remove Window?").get_by_role("button", name="Remove").click()
        await expect(page.get_by_role("heading", name="No satellites yet")).to_be_visible()
