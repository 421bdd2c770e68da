"""The page from the first link to the second satellite: one person, one browser, a microphone that hears what is said.

Times are positions: of frames in the microphone, of samples in the speaker. How long it takes is bench/browser_*.py's.
"""

from pathlib import Path
from typing import Any

import numpy as np
from support.browser import browsing
from support.sound_card import once_more
from support.voice import user_says_in_turn
from support.web_house import WebHouse, ask, web_house

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.browser import SOUND_PROBE
from roomtone_server.bench.ends import scratch_folder
from roomtone_server.bench.programs import until
from roomtone_server.bench.sound import write_wav

COMMAND, WAKE_WORD, QUESTION, INTERRUPTION = SAID = (
    "turn on the kitchen light",
    "okay nabu",
    "what can you do",  # three sentences are the answer, 5 s long
    "turn off the kitchen light",
)
LOUD_DBFS = -45  # a voice; the room is 20 dB below
LISTENS_S = 3.0  # after the question, until it is interrupted
ANNOUNCEMENT = "dinner is ready"
SPEECH = 1000  # of 32,768
WAV_HEADER_BYTES = 44
PATIENCE_S = 30


def recording(path: Path, *parts: float | np.ndarray) -> None:
    """What the microphone hears when it is opened next: sounds, and seconds of a quiet room."""
    room = np.random.default_rng(0)
    pieces = [
        room.normal(0, 15, round(part * RATE_HZ)).astype(np.int16) if isinstance(part, float) else part
        for part in parts
    ]
    write_wav(path, np.concatenate(pieces))


async def state_of(page: Any, entity: str) -> str:
    home = await ask(page, "GET", "home")
    return next(each["state"] for area in home["areas"] for each in area["entities"] if each["id"] == entity)


async def go_to(page: Any, view: str) -> None:
    await page.goto(f"{page.url.partition('#')[0]}#/{view}")
    await page.locator(f"view-{view}").wait_for()


async def hold_the_button_and_speak(page: Any) -> None:
    assert await state_of(page, "light.kitchen") == "off"
    await page.get_by_role("button", name="Talk").hover()
    await page.mouse.down()
    # As long as the button is held, nothing is final: these are partials, and the second goes on where the first ends.
    await page.locator(".words.growing", has_text="turn on").wait_for()
    await page.locator(".words.growing", has_text=COMMAND).wait_for()
    await page.mouse.up()
    await page.get_by_text("Kitchen Light: on").wait_for()
    await page.locator(".reply", has_text="Turned on the light").wait_for()
    assert await state_of(page, "light.kitchen") == "on"


async def leave_it_listening_and_interrupt_it(page: Any) -> None:
    """The microphone is closed while one looks at something else, and opened anew."""
    await page.get_by_text("Hold and speak, or tap").wait_for()
    await go_to(page, "rooms")
    await go_to(page, "talk")
    await page.evaluate("probe.heard.length = probe.sounded.length = 0")
    await page.get_by_role("radio", name="Wake word").check()
    await page.locator(".words", has_text=QUESTION).wait_for()
    await page.locator(".outcome", has_text="interrupted").wait_for()
    await page.get_by_text("Kitchen Light: off").wait_for()
    assert await state_of(page, "light.kitchen") == "off"


async def falls_silent_where_the_voice_begins(page: Any) -> None:
    """By the clock of the page's audio: nothing of the reply sounds after the pause at the voice's onset."""
    heard, sounded = await page.evaluate("[probe.heard, probe.sounded]")
    reply = [report for report in sounded if report["turn"] == sounded[0]["turn"]]
    onset = next(each["at"] for each in heard if each["at"] > reply[0]["at"] and each["level"] > LOUD_DBFS)
    before, after = ([each["samples"] for each in reply if (each["at"] > onset) is so] for so in (False, True))
    assert 0 < before[-1] <= after[0]
    silence = [report for report in reply if report["samples"] == after[-1]]
    assert len(silence) == 2, "the pause, and the end when words were heard: where the reply was paused it ends"
    assert reply[-1] == silence[-1]
    assert silence[-1]["done"]


async def pair_a_second_satellite_and_announce_to_it(page: Any, house: WebHouse, folder: Path) -> None:
    speaker = folder / "speaker.wav"
    satellite = {
        "name": "den",
        "area": "Bedroom",
        "microphone": "null",
        "speaker": {"device": "wav", "file": str(speaker), "timeline": str(folder / "speaker.jsonl")},
    }
    await go_to(page, "rooms")
    await page.get_by_role("button", name="Pair a satellite").click()
    code = await page.locator(".code").get_attribute("aria-label")
    await house.ends.pair(satellite, code)
    await page.get_by_text("den is paired").wait_for()
    await page.get_by_role("button", name="Close").click()
    await house.ends.start_satellite(satellite)
    await page.get_by_role("article", name="den").get_by_role("button", name="Announce").click()
    await page.get_by_label("What shall be said?").fill(ANNOUNCEMENT)
    await page.get_by_role("button", name="Say it").click()

    async def spoken() -> bool | None:
        pcm = speaker.read_bytes()[WAV_HEADER_BYTES:] if speaker.exists() else b""
        return bool(np.any(np.abs(np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)) > SPEECH)) or None

    await until("the satellite announces", spoken, PATIENCE_S, house.ends.programs)


@once_more
async def test_a_house_is_talked_with_and_a_second_satellite_joins_it():
    command, wake_word, question, interruption = (clip.sound for clip in user_says_in_turn(*SAID))
    with scratch_folder() as folder:  # another one, if it has to be done once more
        microphone = folder / "microphone.wav"
        recording(microphone, 1.0, command, 1.0)
        async with web_house(folder) as house, browsing(microphone) as person:
            await person.context.add_init_script(path=SOUND_PROBE)
            page = await house.enter(person)
            await hold_the_button_and_speak(page)
            recording(microphone, 1.0, wake_word, 0.3, question, LISTENS_S, interruption, 1.0)
            await leave_it_listening_and_interrupt_it(page)
            await falls_silent_where_the_voice_begins(page)
            await pair_a_second_satellite_and_announce_to_it(page, house, folder)
