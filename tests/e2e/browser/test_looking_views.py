"""The views of the page that look: each with a real server, and turns that were really spoken."""

import re

import pytest
from support.axe import obstacles
from support.browser import PATIENCE_MS, browsing
from support.web_house import PASSWORD, ask, web_house

from roomtone_server.bench.devices import NO_CHIMES, WavDevices
from roomtone_server.bench.ends import LOOPBACK
from roomtone_server.bench.scene import WAKE_WORD, compose, spoken

expect = pytest.importorskip("playwright.async_api").expect
expect.set_options(timeout=PATIENCE_MS)

LANGUAGES = {"Deutsch": "Verlauf", "हिन्दी": "इतिहास"}


async def go(page, place, heading):
    """Waits until the view is there, and has fetched what it shows."""
    await page.evaluate("place => { location.hash = place }", f"#/{place}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


async def test_a_turn_grows_on_the_page_and_is_kept(tmp_path, axe_core):
    sound = compose(spoken(WAKE_WORD), spoken("turn on the kitchen light")).sound
    devices = WavDevices(sound, tmp_path)
    kitchen = {"name": "Kitchen", "area": "Kitchen", "chimes": NO_CHIMES, **devices.settings}
    async with web_house(tmp_path) as house, browsing() as browser:
        await house.ends.pair(kitchen)
        page = await house.enter(browser)
        await go(page, "turns", "Turns")
        await expect(page.get_by_role("heading", name="No turns yet")).to_be_visible()
        await house.ends.start_satellite(kitchen)

        running = page.get_by_role("article", name="A turn goes on: Kitchen")
        await expect(running.get_by_role("rowheader", name="Speech")).to_be_visible()
        await expect(running).to_have_count(0)  # its record has taken its place
        turn = page.get_by_role("listitem").filter(has=page.get_by_role("link", expanded=True))
        await expect(turn).to_contain_text("answered")
        await expect(turn).to_contain_text("turn on the kitchen light", ignore_case=True)
        await expect(turn.get_by_role("row", name="Ahead").locator(".speculation").first).to_be_visible()

        silence = turn.get_by_role("row", name="Silence")
        await silence.get_by_role("button").focus()
        await expect(turn.locator(".meaning")).to_contain_text("to be sure that you had finished")
        assert re.search(r"from .+ to ", await silence.inner_text())
        await expect(page.get_by_role("table", name="How long each stage took")).to_contain_text("Thinking")
        assert await obstacles(page, axe_core) == []
        await page.get_by_role("link", expanded=True).click()
        await expect(page.get_by_role("link", expanded=True)).to_have_count(0)

        other = await browser.open(f"{house.url}#/turns/1")
        await expect(other.get_by_role("row", name="Voice to voice").first).to_be_visible()
        assert "kitchen light" not in await other.locator("view-turns").inner_text(), "words are kept nowhere"
        await other.get_by_label("Outcome").select_option("failed")
        await expect(other.get_by_role("heading", name="No turn fits")).to_have_count(0)  # the one that is named stays
        await go(other, "turns", "Turns")
        await expect(other.get_by_role("heading", name="No turn fits")).to_be_visible()
        for language, title in LANGUAGES.items():
            await other.get_by_label(re.compile("Language|Sprache")).first.select_option(label=language)
            await expect(other.get_by_role("heading", level=1)).to_have_text(title)


async def test_the_home_is_switched_by_hand_and_in_writing(tmp_path, axe_core):
    async with web_house(tmp_path) as house, browsing() as browser:
        page = await house.enter(browser)
        await go(page, "home", "Home")
        light = page.get_by_role("button", name="Kitchen Light")
        await light.click()
        await expect(light).to_contain_text("on · 100 %")

        door = page.get_by_role("button", name="Front Door")
        with browser.complaints.expected("409"):  # it asks back
            await door.click()
            await page.get_by_role("dialog", name="Unlock Front Door?").get_by_role("button", name="No").click()
            await expect(door).to_contain_text("locked")
            await door.click()
            await page.get_by_role("dialog").get_by_role("button", name="Yes").click()
            await expect(door).to_contain_text("unlocked")

        await page.get_by_label("Asked from").select_option("Kitchen")
        await page.get_by_label("Ask or command").last.fill("turn off the lights")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("Turned off")
        await expect(light).to_contain_text("off")

        await page.get_by_label("Search").fill("bedroom light")
        await expect(page.get_by_role("heading", level=2)).to_have_text(["Bedroom"])
        await page.get_by_label("Search").fill("")
        assert await obstacles(page, axe_core) == []


async def make_and_revoke_a_token(page, browser, house):
    await page.get_by_text("Make a token").click()
    await page.get_by_label("What is it for?").fill("dashboard")
    await page.get_by_role("button", name="Make it").click()
    token = await page.get_by_label("The token of dashboard").input_value()
    answer = await browser.context.request.get(
        f"{house.url}api/turns", headers={"Authorization": f"Bearer {token}", "Cookie": ""}
    )
    assert answer.status == 200
    await page.get_by_role("button", name="Remove dashboard").click()
    await expect(page.get_by_role("button", name="Remove dashboard")).to_have_count(0)


async def change_the_password(page):
    await page.get_by_text("Change the password").click()
    await page.get_by_label("Password now").fill(PASSWORD)
    await page.get_by_label("New password", exact=True).fill("a cloud that eats horses")
    await page.get_by_label("New password, again").fill("another cloud")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_role("alert")).to_contain_text("not the same")
    await page.get_by_label("New password, again").fill("a cloud that eats horses")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_role("status").filter(has_text="The password is changed")).to_be_visible()


async def test_voices_are_heard_and_others_let_in(tmp_path, axe_core):
    known_as = {"web": {"host": LOOPBACK, "port": 0, "https_port": None, "names": ["attic.local"]}}
    async with web_house(tmp_path, more=known_as) as house, browsing() as browser, browsing() as family:
        page = await house.enter(browser)
        await go(page, "voices", "Voices and models")
        await page.get_by_label("Say this").fill("Hello.")
        voice = page.get_by_role("button", name="en-gb ").first
        await voice.click()
        await expect(voice).to_have_attribute("aria-busy", "false")
        await expect(page.get_by_role("button", name="Fetch base.en")).to_be_visible()
        assert await obstacles(page, axe_core) == []

        await go(page, "health", "Health")
        await expect(page.get_by_role("heading", name="more checks")).to_be_visible()
        await expect(page.get_by_role("row", name="Hearing")).to_contain_text("pocketsphinx")
        assert await obstacles(page, axe_core) == []
        await page.get_by_role("link", name="Settings").click()
        await expect(page.get_by_role("region", name="Settings")).to_contain_text("store_transcripts: false")
        await page.get_by_role("link", name="Access").click()

        await make_and_revoke_a_token(page, browser, house)
        language = page.get_by_label(re.compile("Language|Sprache")).first
        for chosen, devices in (("Deutsch", "Geräte"), ("English", "Devices")):
            await language.select_option(label=chosen)
            await expect(page.get_by_role("heading", name=devices)).to_be_visible()
        await page.get_by_role("button", name="Invite a device").click()
        invitation = await page.get_by_label("Open this on the device").input_value()
        assert "://attic.local:" in invitation
        await expect(page.get_by_role("img", name="The same as a QR code")).to_be_visible()
        tablet = await family.open(invitation.replace("attic.local", LOOPBACK))
        await tablet.locator("input[name=name]").fill("The tablet")
        await tablet.locator("view-enter button.main").click()
        await tablet.locator("view-talk").wait_for()
        await go(tablet, "health", "Health")
        await expect(tablet.get_by_role("row", name="Hearing")).to_be_visible()
        await expect(tablet.get_by_role("link", name="Access")).to_have_count(0)
        await go(tablet, "voices", "Voices and models")
        await expect(tablet.get_by_role("heading", name="Models", exact=True)).to_have_count(0)

        await change_the_password(page)
        assert await obstacles(page, axe_core) == []
        assert {each["name"] for each in (await ask(page, "GET", "sessions"))["sessions"]} >= {"The tablet"}
        await go(tablet, "home", "Home")
        with family.complaints.expected("/api/events"):  # they break off, and go on for this one no longer
            await page.get_by_role("button", name="Done").first.click()
            await page.get_by_role("button", name="Remove The tablet").click()
            await expect(tablet.get_by_role("heading", level=1)).to_have_text("Log in")
