# ruff: noqa: ASYNC240, INP001, S105, T201 - a script, run by hand
"""Photographs each view of the page, on a phone and on a desk, by day and by night: `make screenshots`, or
`python tools/screenshots.py FOLDER [--turns 6] [--language de]`.

What is seen is real: a server of its own with the example home, a satellite, and turns that were spoken in the
embedded voice, in real time. `page.webp` is the picture of the README.
"""

import argparse
import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from roomtone_server.bench.browser import chromium
from roomtone_server.bench.devices import NO_CHIMES, WavDevices
from roomtone_server.bench.ends import both_ends, scratch_folder, watching
from roomtone_server.bench.programs import until
from roomtone_server.bench.scene import WAKE_WORD, spoken
from roomtone_server.bench.v2v.commands import SENTENCES, Command
from roomtone_server.bench.v2v.reel import spliced

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

VIEWS: Final = ("talk", "rooms", "home", "turns", "turns/4", "voices", "health")
WINDOWS: Final[Mapping[str, tuple[int, int]]] = {"phone": (390, 844), "desk": (1280, 800)}
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
README: Final = ("turns/4", "desk", "light")  # one of them all: a turn whose answer was made ready ahead
WEBP_QUALITY: Final = 75
PASSWORD: Final = "only for the photographer"
TURN_S: Final = 30.0  # the longest wait for the next one


@asynccontextmanager
async def lived_in(folder: Path, turns: int) -> AsyncIterator[str]:
    """A house in which that much has been said; yields a link for its owner."""
    commands = [Command(text, text, spoken(text)) for text in SENTENCES[:turns]]
    reel = spliced(spoken(WAKE_WORD), commands)
    devices = WavDevices(reel.sound, folder)
    satellite = {"name": "Kitchen", "area": "Kitchen", "chimes": NO_CHIMES, "barge_in": "speech", **devices.settings}
    ended = []
    async with both_ends(folder) as ends:
        await ends.start_server(None, {"name": "Home"})
        await ends.pair(satellite)
        async with watching(ends, lambda event: ended.append(event) if event["what"] == "ended" else None):
            await ends.start_satellite(satellite)

            async def all_said() -> bool | None:
                return len(ended) >= turns or None

            await until("all is said", all_said, reel.seconds + TURN_S, ends.programs)
        yield await ends.link()


async def photograph(browser: "Browser", link: str, language: str, folder: Path) -> None:
    """The first picture is of the way in; the others are called VIEW-WINDOW-THEME.png."""
    context = await browser.new_context(locale=language, permissions=["microphone"])
    page = await context.new_page()
    for window, (width, height) in WINDOWS.items():
        await page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            if page.url != link:
                await page.goto(link)
                await page.locator("input").first.wait_for()
            await page.screenshot(path=folder / f"enter-{window}-{theme}.png", full_page=True)
    for field in await page.locator("input[autocomplete=new-password]").all():
        await field.fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.locator("view-talk").wait_for()
    for view in VIEWS:
        await page.goto(f"{link.partition('#')[0]}#/{view}")
        await page.locator(f"view-{view.partition('/')[0]}").wait_for()
        for window, (width, height) in WINDOWS.items():
            await page.set_viewport_size({"width": width, "height": height})
            for theme in THEMES:
                await page.emulate_media(color_scheme=theme)
                await _settled(page)
                name = f"{view.replace('/', '-')}-{window}-{theme}.png"
                await page.screenshot(path=folder / name, full_page=True)
                if (view, window, theme) == README:
                    await _as_webp(page, folder / "page.webp")
    await context.close()


async def _settled(page: "Page") -> None:
    """Whatever was asked for has come, and is drawn."""
    await page.wait_for_timeout(1000)  # an event stream never ends, so that there is no last answer to wait for


async def _as_webp(page: "Page", path: Path) -> None:
    """Playwright itself knows PNG and JPEG."""
    session = await page.context.new_cdp_session(page)
    told = await session.send("Page.captureScreenshot", {"format": "webp", "quality": WEBP_QUALITY})
    path.write_bytes(base64.b64decode(told["data"]))


async def main(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    with scratch_folder() as folder:
        async with lived_in(folder, options.turns) as link, chromium() as browser:
            await photograph(browser, link, options.language, options.folder)
    print(f"{len(list(options.folder.glob('*.png')))} pictures in {options.folder}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--language", default="en")
    asyncio.run(main(parser.parse_args()))
