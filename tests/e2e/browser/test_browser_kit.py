"""The kit itself: a browser that complains fails its test, and its microphone hears what it is given."""

import numpy as np
import pytest
from aiohttp import web
from support.axe import obstacles
from support.browser import browsing

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.sound import write_wav

PAGE = "<!doctype html><title>A page</title><link rel=icon href=data:,>"

LOUDEST_HEARD = """async (seconds) => {
    const plain = {echoCancellation: false, noiseSuppression: false, autoGainControl: false}
    const stream = await navigator.mediaDevices.getUserMedia({audio: plain})
    const context = new AudioContext()
    const analyser = new AnalyserNode(context)
    context.createMediaStreamSource(stream).connect(analyser)
    const heard = new Float32Array(analyser.fftSize)
    let loudest = 0
    while (context.currentTime < seconds) {
        await new Promise(requestAnimationFrame)
        analyser.getFloatTimeDomainData(heard)
        loudest = Math.max(loudest, ...heard)
    }
    return loudest
}"""


@pytest.fixture
async def page_url():
    """A page whose policy allows no script in it."""

    async def answer(_request):
        policy = {"Content-Security-Policy": "default-src 'none'; img-src data:; script-src 'self'"}
        return web.Response(text=PAGE, content_type="text/html", headers=policy)

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.mark.parametrize(
    "complaint",
    [
        "console.error('something is wrong')",
        "setTimeout(() => { throw new Error('something is wrong') })",
        "document.body.append(Object.assign(document.createElement('script'), {text: 'something()'}))",
    ],
)
async def test_what_a_page_complains_of_fails_the_test(page_url, complaint):
    async def complains():
        async with browsing() as browser:
            page = await browser.open(page_url)
            await page.evaluate(complaint)
            await page.evaluate("new Promise(setTimeout)")

    with pytest.raises(AssertionError, match="the browser complains"):
        await complains()


async def test_the_microphone_hears_the_file(page_url, tmp_path):
    write_wav(tmp_path / "tone.wav", (16_000 * np.sin(np.arange(RATE_HZ) / 5)).astype(np.int16))
    async with browsing(tmp_path / "tone.wav") as browser:
        page = await browser.open(page_url)
        assert await page.evaluate(LOUDEST_HEARD, 0.5) == pytest.approx(0.5, abs=0.1)


async def test_what_nobody_could_use_is_found_whatever_the_policy_forbids(page_url, axe_core):
    async with browsing() as browser:
        page = await browser.open(page_url)
        await page.evaluate(
            "document.documentElement.lang = 'en'; document.body.append(document.createElement('main'))"
        )
        assert await obstacles(page, axe_core) == []
        await page.evaluate("document.querySelector('main').append(document.createElement('button'))")
        [found] = await obstacles(page, axe_core)
        assert found.startswith("button-name (critical)")
