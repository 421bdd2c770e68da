"""The whole API of a real server, by its own document: no answer that is not in it, and none of a server that failed.

`make fuzz-api N=500` asks more.
"""

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit

import requests
from openapi_spec_validator import OpenAPIV31SpecValidator
from support.api_fuzz import NOBODY, fuzz, take_recordings

from roomtone_server.bench.ends import both_ends
from roomtone_server.ports.control import call_async
from roomtone_server.ports.web.route import EVERY_SCOPE

EXAMPLES = int(os.environ.get("ROOMTONE_FUZZ_EXAMPLES", "4"))
PASSWORD = "a horse that eats clouds"


async def token(ends, scopes):
    """The header that sends a new one."""
    asked = call_async(ends.control, "web-token-add", name=" ".join(scopes), scopes=list(scopes))
    [answer] = [answer async for answer in asked]
    return {"Authorization": f"Bearer {answer['token']}"}


def owner(link):
    """The headers of a browser whose owner has just set a password."""
    address, _, secret = link.partition("#/enter/")
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    body = {"link": secret, "password": PASSWORD}
    answer = requests.post(f"{origin}/api/setup", json=body, headers={"Origin": origin}, timeout=60)
    assert answer.status_code == 200, answer.text
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in answer.cookies)
    return origin, {"Cookie": cookies, "Origin": origin}


def listens(url, headers):
    with requests.get(f"{url}/api/events?topics=turns", headers=headers, stream=True, timeout=60) as answer:
        begins = next(answer.iter_content(None))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
        assert begins == b":\n\n"


async def test_whoever_asks_for_whatever_is_answered_as_the_document_says(tmp_path: Path):
    take_recordings()
    async with both_ends(tmp_path) as ends:
        await ends.start_server(None, {"discovery": False})
        url, session = await asyncio.to_thread(owner, await ends.link())
        askers = {"owner": session, "token of every scope": await token(ends, sorted(EVERY_SCOPE)), "nobody": NOBODY}
        askers |= {f"token to {scope}": await token(ends, [scope]) for scope in sorted(EVERY_SCOPE)}
        await asyncio.to_thread(listens, url, session)
        described = await asyncio.to_thread(requests.get, f"{url}/api/openapi.json", headers=session)
        document = described.json()
        OpenAPIV31SpecValidator(document).validate()
        problems = []
        for who, headers in askers.items():
            more = EXAMPLES if who == "owner" else EXAMPLES // 4
            found = await asyncio.to_thread(fuzz, url, document, headers, max(1, more), more)
            for problem in found:
                problem.add_note(who)
            problems += found
        ends.check()
        if problems:
            raise ExceptionGroup("answers that the document does not have", problems)
