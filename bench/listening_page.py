"""The page, left listening for the wake word, as its user leaves it."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.async_api import Page

PASSWORD: Final = "only for as long as it is measured"


async def leave_listening(page: "Page", link: str, area: str | None) -> None:
    """By the owner's one-time link; `area` is where the browser stands. Returns when the server hears it."""
    await page.goto(link)
    for label in ("Password", "The same once more"):
        await page.get_by_label(label, exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="This browser").click()
    if area is not None:
        await page.get_by_label("Where it stands").select_option(label=area)
    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("radio", name="Wake word").check()
    await page.get_by_role("button", name="Talk").click()
    await page.get_by_text("Say “").wait_for()
