"""The page's files: which there are, how they are served, and what holds them together."""

import importlib.util
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import ClientSession
from support.web import serving
from yarl import URL

from roomtone_server.ports.web.page.page import MAX_PAGE_BYTES, page_files, page_routes

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "server/roomtone_server/ports/web/page/static"
LANGUAGES = ("en", "de", "hi")


@asynccontextmanager
async def browser() -> AsyncIterator[ClientSession]:
    async with serving(page_routes()) as address, ClientSession(address) as session:
        yield session


def test_every_route_is_open_and_only_read():
    assert {(route.method, route.scope) for route in page_routes()} == {("GET", None)}


async def test_the_page_is_served_with_its_kind_packed_or_plain():
    async with browser() as client:
        index = await client.get("/")
        assert index.content_type == "text/html"
        assert "<roomtone-app>" in await index.text()
        plain = await client.get("/app.js", headers={"Accept-Encoding": "identity"})
        packed = await client.get("/app.js", headers={"Accept-Encoding": "gzip"})
        assert plain.content_type == "text/javascript"
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert await plain.read() == await packed.read()


async def test_what_a_browser_has_is_not_sent_again():
    async with browser() as client:
        first = await client.get("/style.css")
        assert first.headers["Cache-Control"] == "no-cache"
        known = {"If-None-Match": first.headers["ETag"]}
        again = await client.get("/style.css", headers=known)
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        other = await client.get("/style.css", headers=known | {"Accept-Encoding": "identity"})
        assert other.status == 200
        assert len(await other.read()) == int(other.headers["Content-Length"])


@pytest.mark.parametrize("path", ["/vendor/LICENSE", "/%2e%2e/page.py", "/..%2fpage.py", "/lib/", "/views/nothing.js"])
async def test_nothing_else_is_served(path: str):
    async with browser() as client:
        assert (await client.get(URL(path, encoded=True))).status == 404


def test_modules_are_sent_without_their_comments_and_else_as_they_are():
    for each in page_files():
        source, sent = (STATIC / each.path).read_bytes().splitlines(), each.plain.splitlines()
        assert len(sent) == len(source), each.path
        left_out = [line.strip() for line, kept in zip(source, sent, strict=True) if line != kept]
        assert all(line.startswith((b"//", b"/**", b"*")) for line in left_out), each.path
        assert not left_out or (each.path.endswith(".js") and not each.path.startswith("vendor/"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_small_in_every_language(language: str):
    others = tuple(f"texts/{other}/" for other in LANGUAGES if other != language)
    loaded = {each.path: len(each.plain) for each in page_files() if not each.path.startswith(others)}
    assert sum(loaded.values()) < MAX_PAGE_BYTES, sorted(loaded.items(), key=lambda each: -each[1])


def test_lit_is_the_one_that_the_script_makes():
    script = _script("vendor_lit")
    assert script.integrity_of((STATIC / "vendor/lit.js").read_bytes(), "sha256") == script.VENDORED
    assert "BSD 3-Clause" in (STATIC / "vendor/LICENSE").read_text(encoding="utf-8")


def test_every_language_has_the_same_texts_with_the_same_values():
    sections = {path.name for path in (STATIC / "texts/en").iterdir()}
    for section in sections:
        english = _texts("en", section)
        for language in LANGUAGES[1:]:
            told = _texts(language, section)
            assert told.keys() == english.keys(), f"{language}/{section}"
            for key, text in told.items():
                assert _values(text) == _values(english[key]), f"{language}/{section}: {key}"
    assert all({path.name for path in (STATIC / "texts" / each).iterdir()} == sections for each in LANGUAGES)


def test_every_text_that_a_view_asks_for_is_there():
    for path in STATIC.glob("**/*.js"):
        for section, name in re.findall(r'\bt\("(\w+)\.(\w+)"', path.read_text(encoding="utf-8")):
            assert name in _texts("en", f"{section}.json"), f"{path.name}: {section}.{name}"


def test_nothing_stands_inline_that_the_policy_forbids():
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|style=|<script(?![^>]*\bsrc=)|\son\w+=|https?://", index)
    for path in STATIC.glob("**/*.js"):
        source = path.read_text(encoding="utf-8")
        assert path.parent.name == "vendor" or not re.search(r"[^.]\bstyle=|innerHTML|\beval\(|new Function", source), (
            path
        )


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _texts(language: str, section: str) -> dict[str, object]:
    return json.loads((STATIC / "texts" / language / section).read_text(encoding="utf-8"))


def _values(text: object) -> set[str]:
    """The names in braces; of a text by plural category, of all its forms."""
    forms = text.values() if isinstance(text, dict) else [text]
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}
