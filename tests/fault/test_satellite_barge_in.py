"""Somebody speaks into a reply at a whole satellite, against a server's end: what crosses the link, and what sounds."""

from array import array
from contextlib import asynccontextmanager

from support.satellite_parts import WORD, Bench, frame
from support.scripted import LoudnessVad
from support.server_end import say, serving, speak

from roomtone.ears.formats import FRAME_BYTES
from roomtone.link.events import Flush, Heard, Interrupt, Played, Reply, TurnEnded, Wake
from roomtone.link.pairing import Credentials
from roomtone.satellite.course import State
from roomtone_satellite.connection import credentials_path, pair_with
from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings
from roomtone_satellite.settings import ServerSettings

STORY = array("h", [1 + n // 160 for n in range(160 * 60)]).tobytes()  # 1.2 s at 8 kHz; each 20 ms has a number
QUIET, VOICE = bytes(FRAME_BYTES), frame(3000)
COUGH_FRAMES, LASTING_FRAMES = 6, 13


class Kept(NullSpeaker):
    """Remembers what has sounded."""

    def __init__(self) -> None:
        super().__init__(NullSpeakerSettings(rate_hz=8_000))
        self.audio = b""

    async def write(self, pcm, turn):
        self.audio += pcm
        await super().write(pcm, turn)

    def flush(self):
        never = super().flush()
        self.audio = self.audio[: len(self.audio) - 2 * never]
        return never


@asynccontextmanager
async def telling_a_story(folder, barge_in):
    """A satellite and its server, while a reply sounds in turn 1."""
    async with serving(folder) as server:
        await pair_with(ServerSettings(host="127.0.0.1", port=server.port), server.code(), name="bench", area=None)
        assert Credentials.load(credentials_path())
        async with Bench(server, Kept(), vad=LoudnessVad(), barge_in=barge_in).running() as bench:
            link = await bench.meet(server)
            bench.microphone.hear(QUIET, WORD)
            await server.next(Wake)
            say(link, Heard(1), Reply(1, "once upon a time"))
            speak(link, STORY, 8_000)
            await server.next(Played)
            yield server, bench, link


async def hear(bench, *frames):
    bench.microphone.hear(*frames)
    await bench.microphone.has_heard_all()


async def whole(server):
    """The report that a reply has sounded."""
    while not (played := await server.next(Played)).done:
        pass
    return played


async def until_told(server, bench):
    """The story to its end."""
    played = await whole(server)
    assert (played.turn, played.samples) == (1, 60 * 160)
    assert bench.speaker.audio.endswith(STORY)


async def test_a_cough_pauses_it_and_the_server_is_not_asked(tmp_path):
    async with telling_a_story(tmp_path, "speech") as (server, bench, _):
        await hear(bench, *[VOICE] * COUGH_FRAMES)
        assert bench.satellite.state is State.HUSHED
        sounded = len(bench.speaker.audio)
        assert (await server.next(Played)).samples <= sounded // 2
        await hear(bench, *[QUIET] * (LASTING_FRAMES - COUGH_FRAMES))
        assert bench.satellite.state is State.PLAYING, "250 ms after it began it is over"
        await until_told(server, bench)


async def test_a_voice_is_streamed_and_without_words_nothing_of_the_story_is_lost(tmp_path):
    async with telling_a_story(tmp_path, "speech") as (server, bench, link):
        await hear(bench, *[QUIET] * 30, *[VOICE] * LASTING_FRAMES)
        asked = await server.next(Interrupt)
        assert (asked.turn, asked.interrupts, asked.paused) == (3, 1, True)
        assert asked.sample == 32 * 320
        assert asked.first_sample == asked.sample - 8_000
        say(link, Flush(3), TurnEnded(3, "nothing-said"))
        chunks = await server.utterance()
        assert [chunk.timestamp * 16 for chunk in chunks] == [
            asked.first_sample + 320 * number for number in range(len(chunks))
        ]
        assert [chunk.audio for chunk in chunks] == [QUIET] * 25 + [VOICE] * LASTING_FRAMES
        await until_told(server, bench)


async def test_words_end_it_and_the_stream_goes_on(tmp_path):
    async with telling_a_story(tmp_path, "speech") as (server, bench, link):
        await hear(bench, *[VOICE] * LASTING_FRAMES)
        await server.next(Interrupt)
        say(link, Flush(1), TurnEnded(1, "interrupted"))
        stopped = await server.next(Played)
        assert stopped.done
        assert stopped.samples * 2 <= len(bench.speaker.audio)
        await hear(bench, VOICE, QUIET)
        assert bench.satellite.state is State.LISTENING
        say(link, Heard(3), Reply(3, "it is four"))
        chunks = await server.utterance()
        assert [chunk.audio for chunk in chunks][-2:] == [VOICE, QUIET]
        speak(link, frame(7)[:320], 8_000)
        answered = await whole(server)
        assert (answered.turn, answered.samples) == (3, 160)


async def test_a_wake_word_while_it_is_paused(tmp_path):
    async with telling_a_story(tmp_path, "speech") as (server, bench, _):
        await hear(bench, *[VOICE] * LASTING_FRAMES, WORD)
        assert (await server.next(Interrupt)).turn == 3
        assert (await server.next(Wake)).turn == 5


async def test_in_mode_wake_the_story_sounds_on_while_a_voice_is_heard(tmp_path):
    async with telling_a_story(tmp_path, "wake") as (server, bench, link):
        await hear(bench, *[VOICE] * LASTING_FRAMES)
        assert not (await server.next(Interrupt)).paused
        assert bench.satellite.state is State.INTERRUPTED
        say(link, TurnEnded(3, "nothing-said"))
        await until_told(server, bench)


async def test_nobody_listens_for_voices_when_nothing_plays(tmp_path):
    async with telling_a_story(tmp_path, "speech") as (server, bench, _):
        await until_told(server, bench)
        await hear(bench, *[VOICE] * 30)
        assert bench.satellite.state is State.THINKING
