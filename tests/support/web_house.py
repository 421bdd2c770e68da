"""A server of its own process with a page, and how its owner comes in."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.browser import Browser

from roomtone_server.bench.ends import Ends, both_ends

PASSWORD = "a horse that eats clouds"


@dataclass(frozen=True)
class WebHouse:
    ends: Ends
    url: str  # of the page; it ends in a slash

    async def enter(self, browser: Browser) -> Any:
        """The owner's first visit: a window in which they are logged in, with Talk in it."""
        page = await browser.open(await self.ends.link())
        await set_password(page)
        return page


async def set_password(page: Any) -> None:
    """On the page that a one-time link leads to."""
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("once more").fill(PASSWORD)
    await page.get_by_role("button", name="Set the password").click()
    await page.locator("view-talk").wait_for()


async def ask(page: Any, method: str, path: str, body: Any = None) -> Any:
    """What the API answers the page: its JSON, or None where there is none. Fails where it is a problem."""
    answer = await page.evaluate(
        """async ([method, path, body]) => {
            const headers = body === null ? {} : {"Content-Type": "application/json"}
            const answer = await fetch(path, {method, headers, body: body === null ? null : JSON.stringify(body)})
            return {status: answer.status, text: await answer.text()}
        }""",
        [method, f"api/{path}", body],
    )
    assert answer["status"] < 300, answer
    return json.loads(answer["text"]) if answer["text"] else None


@asynccontextmanager
async def web_house(
    folder: Path, home: Path | None = None, more: Mapping[str, Any] | None = None
) -> AsyncIterator[WebHouse]:
    """`more`: the server's settings beside the usual. Its process must still be alive at the end."""
    async with both_ends(folder) as ends:
        await ends.start_server(home, more)
        yield WebHouse(ends, (await ends.link()).partition("#")[0])
        ends.check()
