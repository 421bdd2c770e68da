"""A browser in a bench: Debian's Chromium without a window, driven by Playwright, which the dependency group `test`
brings."""

import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from roomtone.errors import EngineMissing

if TYPE_CHECKING:
    from playwright.async_api import Browser

SOUND_PROBE: Final = Path(__file__).with_name("sound_probe.js")  # for a page, before it is loaded

_FLAGS: Final = (
    "--no-sandbox",  # it does not run as root with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",  # whoever asks for the microphone gets it
)
_NO_SOUND_CARD: Final = ("--use-fake-device-for-media-stream", "--disable-audio-output")
_MUTE: Final = "--mute-audio"  # Playwright's own idea, where there is no window


@asynccontextmanager
async def chromium(*flags: str, microphone: Path | None = None, sound_card: bool = False) -> AsyncIterator["Browser"]:
    """A browser that knows nobody, with `flags` beside the usual. Its microphone hears the WAV file each time that it
    is opened, once, and then silence; with `sound_card` the system's own microphone and speaker are opened instead.
    Raises EngineMissing."""
    program = _installed()
    from playwright.async_api import async_playwright

    sound = () if sound_card else _NO_SOUND_CARD
    heard = (f"--use-file-for-fake-audio-capture={microphone}%noloop",) if microphone else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=[*_FLAGS, *sound, *heard, *flags],
            ignore_default_args=[_MUTE] if sound_card else None,
        )
        try:
            yield browser
        finally:
            await browser.close()


def _installed() -> str:
    if importlib.util.find_spec("playwright") is None:
        raise EngineMissing("no browser to be had: Playwright is not installed; pip install playwright")
    if (program := shutil.which("chromium")) is None:
        raise EngineMissing("no browser to be had: Chromium is not installed; on Debian: apt install chromium")
    return program
