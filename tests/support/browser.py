"""A real browser: Debian's Chromium without a window, driven by Playwright, with a microphone that hears a WAV file.

Whatever a page complains of fails the test: an error in its console, an exception that nobody caught, something that
its security policy forbids.
"""

import importlib.util
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PATIENCE_MS = 30_000  # with whatever should appear on a page, on a busy machine

_PLAIN = (
    "--no-sandbox",  # it does not run as root with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PRETENDED_SOUND = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--disable-audio-output")
_SOUND_CARD = ("--use-fake-ui-for-media-stream",)
_MUTE = "--mute-audio"  # Playwright's own idea, where there is no window


@dataclass
class Complaints:
    """What the pages of a browser complained of."""

    _made: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def follow(self, context: Any) -> None:
        context.on("console", lambda said: self._take(f"{said.text} ({said.location['url']})", said.type))
        context.on("weberror", lambda raised: self._take(str(raised.error), "error"))

    def _take(self, text: str, kind: str) -> None:
        if kind == "error":
            self._made.append(text)

    @contextmanager
    def expected(self, *parts: str) -> Iterator[None]:
        """Within it, complaints with one of these parts in them are as they should be."""
        begun = len(self._made)
        yield
        told = self._made[begun:]
        self._made[begun:] = [text for text in told if not any(part in text for part in parts)]

    def check(self) -> None:
        assert not self._made, "the browser complains:\n" + "\n".join(self._made)


@dataclass(frozen=True)
class Browser:
    """One person's browser: its cookies, its windows."""

    context: Any  # playwright.async_api.BrowserContext
    complaints: Complaints

    async def open(self, url: str) -> Any:
        """A new window with that page."""
        page = await self.context.new_page()
        await page.goto(url)
        return page


@asynccontextmanager
async def browsing(
    microphone: Path | None = None, *flags: str, sound_card: bool = False, **context: Any
) -> AsyncIterator[Browser]:
    """A browser that knows nobody. Its microphone hears the file each time that it is opened, once, and silence then;
    with `sound_card` the system's own microphone and speaker are opened instead. `context`: what Playwright lets one
    choose, as the size of the window. Skips the test where there is no Chromium."""
    chromium = _chromium()
    from playwright.async_api import async_playwright

    sound = list(_SOUND_CARD if sound_card else _PRETENDED_SOUND)
    if microphone:
        sound.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=[*_PLAIN, *sound, *flags],
            ignore_default_args=[_MUTE] if sound_card else None,
        )
        try:
            async with _person(browser, context) as person:
                yield person
                person.complaints.check()
        finally:
            await browser.close()


@asynccontextmanager
async def _person(browser: Any, chosen: dict[str, Any]) -> AsyncIterator[Browser]:
    context = await browser.new_context(permissions=["microphone"], **chosen)
    context.set_default_timeout(PATIENCE_MS)
    complaints = Complaints()
    complaints.follow(context)
    yield Browser(context, complaints)


def _chromium() -> str:
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("no browser to be had: Playwright is not installed; pip install playwright")
    if (found := shutil.which("chromium")) is None:
        pytest.skip("no browser to be had: Chromium is not installed; on Debian: apt install chromium")
    return found
