"""A real browser, whose complaints fail the test: an error in a page's console, an exception that nobody caught,
something that its security policy forbids."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from roomtone.errors import EngineMissing
from roomtone_server.bench.browser import chromium

PATIENCE_MS = 30_000  # with whatever should appear on a page, on a busy machine


@dataclass
class Complaints:
    """What the pages of a browser complained of."""

    _made: list[str] = field(default_factory=list)

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
        try:
            yield
        finally:
            told = self._made[begun:]
            self._made[begun:] = [text for text in told if not any(part in text for part in parts)]

    def check(self) -> None:
        assert not self._made, "the browser complains:\n" + "\n".join(self._made)


@dataclass(frozen=True)
class Browser:
    """One person's: its cookies, its windows."""

    context: Any  # playwright.async_api.BrowserContext
    complaints: Complaints

    async def open(self, url: str) -> Any:
        """A new window with that page."""
        page = await self.context.new_page()
        await page.goto(url)
        return page


@asynccontextmanager
async def browsing(
    microphone: Path | None = None, *flags: str, sound_card: bool = False, **chosen: Any
) -> AsyncIterator[Browser]:
    """As `chromium`; `chosen` is what Playwright lets one choose, as the size of the window. Skips the test where there
    is none."""
    async with AsyncExitStack() as stack:
        try:
            program = await stack.enter_async_context(chromium(*flags, microphone=microphone, sound_card=sound_card))
        except EngineMissing as problem:
            pytest.skip(str(problem))
        from playwright.async_api import TimeoutError  # noqa: A004 - its own name

        context = await program.new_context(permissions=["microphone"], **chosen)
        context.set_default_timeout(PATIENCE_MS)
        complaints = Complaints()
        complaints.follow(context)
        try:
            yield Browser(context, complaints)
        except TimeoutError as problem:
            raise AssertionError(f"what should appear on a page does not: {problem}") from problem
        complaints.check()
