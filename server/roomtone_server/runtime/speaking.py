"""A reply on its way out: text to pieces, pieces to audio, audio to the satellite, paced so that it never holds more
than it needs. The next piece is made while one sounds.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.ears.level import amplified, without_lead_in
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.runtime.recording import Audible, Recording, Voice
from roomtone_server.runtime.session import VoiceSession
from roomtone_server.turn.sentences import SentenceSplitter

# So far ahead of the speaker is the audio sent: enough for jitter, little enough that "stop" is immediate.
AHEAD_S: Final = 0.2
# What is made ahead waits here: some five seconds of chunks, and a few pieces of text.
MAX_WAITING_CHUNKS: Final = 50
MAX_WAITING_PIECES: Final = 8
# Who waits so long for the reply's first sentence begins to wonder whether anybody listens.
REASSURE_AFTER_S: Final = 1.5


class Pacer:
    """When the next audio may be sent. Pure; `now` is monotonic, in seconds."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._sounds_until = 0.0
        self._samples = 0  # sent

    def delay(self, samples: int, now: float) -> float:
        """How long to wait before the next chunk is sent, so that its end is at most AHEAD_S away."""
        return max(0.0, self._sounds_until + samples / self._rate_hz - now - AHEAD_S)

    def sent(self, samples: int, now: float) -> None:
        """Takes note of a chunk; after a pause the speaker starts anew."""
        self._sounds_until = max(self._sounds_until, now) + samples / self._rate_hz
        self._samples += samples

    def reached(self, samples: int, now: float) -> None:
        """So much has sounded. A speaker that paused is further behind than jitter can explain: it is waited for."""
        sounds_until = now + (self._samples - samples) / self._rate_hz
        if sounds_until > self._sounds_until + AHEAD_S:
            self._sounds_until = sounds_until

    def paused(self, seconds: float) -> None:
        """What had not sounded yet sounds so much later."""
        self._sounds_until += seconds

    def remaining(self, now: float) -> float:
        """How long what was sent has still to sound."""
        return max(0.0, self._sounds_until - now)


@dataclass(slots=True)
class _Spoken:
    """A piece of the reply, and how much audio of it was made."""

    text: str
    samples: int = 0
    is_reply: bool = True  # False: it is said while the reply is awaited


@asynccontextmanager
async def speaking(
    session: VoiceSession,
    voice: Voice,
    turn: int,
    language: str,
    on_first_audio: Callable[[], None],
    one_moment: str = "",
    gain: float = 1.0,
) -> AsyncIterator["Speaker"]:
    """A speaker for one turn's reply; what fails in it, or around it, ends both and is raised. `one_moment` is said
    once when the reply is long in coming; samples are multiplied by `gain`."""
    try:
        async with asyncio.TaskGroup() as tasks:
            speaker = Speaker(session, voice, turn, language, on_first_audio, gain)
            tasks.create_task(speaker.make(), name=f"turn {turn}: voice")
            tasks.create_task(speaker.send(), name=f"turn {turn}: reply")
            if one_moment:
                tasks.create_task(speaker.reassure(one_moment), name=f"turn {turn}: one moment")
            yield speaker
    except BaseExceptionGroup as problems:
        raise problems.exceptions[0] from None


@functools.lru_cache(maxsize=64)  # a reply is asked for as it is prepared, and as it is said
def pieces_of(text: str, language: str) -> tuple[str, ...]:
    """What a whole text is spoken as."""
    splitter = SentenceSplitter(language)
    return *splitter.feed(text), *splitter.finish()


def tokens_of_first_piece(tokens: Sequence[str], language: str) -> int:
    """With how many of its tokens a reply can begin to be spoken."""
    splitter = SentenceSplitter(language)
    return next((count for count, token in enumerate(tokens, start=1) if splitter.feed(token)), len(tokens))


class Speaker:
    """Speaks one reply, as `speaking` makes it."""

    def __init__(
        self,
        session: VoiceSession,
        voice: Voice,
        turn: int,
        language: str,
        on_first_audio: Callable[[], None],
        gain: float,
    ) -> None:
        self._session = session
        self._voice = voice
        self._turn = turn
        self._language = language
        self._on_first_audio = on_first_audio
        self._gain = gain
        self._splitter = SentenceSplitter(language)
        self._pieces: asyncio.Queue[_Spoken | None] = asyncio.Queue(MAX_WAITING_PIECES)
        self._chunks: asyncio.Queue[tuple[_Spoken, bytes] | None] = asyncio.Queue(MAX_WAITING_CHUNKS)
        self._pacer = Pacer(voice.rate_hz)
        self._spoken: list[_Spoken] = []
        self._begun = asyncio.Event()  # there is something to say, or nothing will come
        self._sent = asyncio.Event()
        self._flows = asyncio.Event()
        self._flows.set()
        self._held_since = 0.0
        self._sounded = 0
        self._recording: Recording | None = None  # where that is what speaks

    async def say(self, text: str, *, whole: bool = False) -> None:
        """The next of the reply's text, cut anywhere, unless it is `whole`; waits while enough is waiting. What speaks
        itself is always whole."""
        if isinstance(text, Audible):
            self._recording = text if isinstance(text, Recording) else None
            await self._put([text])
        elif whole:
            await self._put(pieces_of(text, self._language))
        else:
            await self._put(self._splitter.feed(text))

    async def reassure(self, text: str) -> None:
        """Says it if the reply has not begun after REASSURE_AFTER_S."""
        try:
            async with asyncio.timeout(REASSURE_AFTER_S):
                await self._begun.wait()
        except TimeoutError:
            await self._pieces.put(_Spoken(text, is_reply=False))

    async def _put(self, pieces: Iterable[str]) -> None:
        for piece in pieces:
            self._begun.set()
            await self._pieces.put(_Spoken(piece))

    async def finish(self) -> float:
        """That was all: returns when it is on its way, AHEAD_S before it has sounded, with the seconds that it still
        sounds."""
        await self._put(self._splitter.finish())
        self._begun.set()
        await self._pieces.put(None)
        await self._sent.wait()
        if not self._spoken:
            return 0.0
        self._session.end_reply(self._turn)
        return self._pacer.remaining(asyncio.get_running_loop().time())

    def hold(self) -> None:
        """The satellite has paused: nothing is sent until `resume`."""
        self._flows.clear()
        self._held_since = asyncio.get_running_loop().time()

    def resume(self) -> None:
        """The satellite goes on where it stopped."""
        self._pacer.paused(asyncio.get_running_loop().time() - self._held_since)
        self._flows.set()

    def reached(self, samples: int, *, done: bool) -> None:
        """The satellite reports that so much has sounded, or that it is `done`."""
        self._sounded = samples
        if done and self._recording is not None:
            self._recording.was_heard.set()
        self._pacer.reached(samples, asyncio.get_running_loop().time())

    @property
    def sounding(self) -> str:
        """What the microphone may hear of the reply just now: the piece that sounds, and its neighbours."""
        begins, now = 0, 0
        for index, spoken in enumerate(self._spoken):
            if begins <= self._sounded:
                now = index
            begins += spoken.samples
        return " ".join(spoken.text for spoken in self._spoken[max(0, now - 1) : now + 2])

    @property
    def heard(self) -> str:
        """What of the text has sounded, as far as is known: whole words."""
        samples = self._sounded
        heard: list[str] = []
        for spoken in self._spoken:
            words = spoken.text.split() if spoken.is_reply else []
            share = min(1.0, samples / spoken.samples) if spoken.samples else 0.0
            heard += words[: int(share * len(words))]
            samples -= spoken.samples
            if samples <= 0:
                break
        return " ".join(heard)

    async def make(self) -> None:
        """Text to audio, for as long as there is any; a reply begins with what can be heard. Raises EngineError."""
        begins = True
        while (spoken := await self._pieces.get()) is not None:
            async with aclosing(self._voice.speak(SpeechRequest(spoken.text, self._language))) as chunks:
                async for made in chunks:
                    pcm = without_lead_in(made) if begins else made
                    begins = False
                    spoken.samples += len(pcm) // SAMPLE_BYTES
                    await self._chunks.put((spoken, pcm))
                    await asyncio.sleep(0)  # what was spoken ahead is all there at once: its first chunk leaves first
        await self._chunks.put(None)

    async def send(self) -> None:
        """Audio to the satellite, until all was sent."""
        clock = asyncio.get_running_loop().time
        while (entry := await self._chunks.get()) is not None:
            spoken, pcm = entry
            samples = len(pcm) // SAMPLE_BYTES
            if delay_s := self._pacer.delay(samples, clock()):  # others go first through a sleep of nothing
                await asyncio.sleep(delay_s)
            while not self._flows.is_set():
                await self._flows.wait()
                await asyncio.sleep(self._pacer.delay(samples, clock()))
            if not self._spoken:
                self._session.begin_reply(self._turn, self._voice.rate_hz)
                self._on_first_audio()
            if not self._spoken or self._spoken[-1] is not spoken:
                self._spoken.append(spoken)
            self._session.play(self._turn, amplified(pcm, self._gain))
            self._pacer.sent(samples, clock())
        self._sent.set()
