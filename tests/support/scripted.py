"""A satellite and engines whose timing a test writes down, for the runtime on virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES
from roomtone.errors import EngineError, PeerGone
from roomtone_server.agent.base import Due, Finished, Intent, Prepared, ReplyPart, Request, Said
from roomtone_server.engines.base import HearingRequest, Partial, SpeechRequest, Transcript
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.session import Audio, GivenUp, Incoming, Satellite, Sounded, Woken

SPEECH = b"\x40\x1f" * FRAME_SAMPLES  # the scripted voice detector takes anything but zeros for speech
SILENCE = bytes(FRAME_BYTES)
RATE_HZ = 22_050


class LoudnessVad:
    def process(self, frame: bytes) -> float:
        assert len(frame) == FRAME_BYTES
        return 1.0 if any(frame) else 0.0

    def reset(self) -> None:
        pass


class ScriptedSatellite:
    """A `VoiceSession`: a test speaks into it, and reads what came back, with the time at which it came."""

    def __init__(self, id_: str = "s1", name: str = "Kitchen", *, plays: bool = True) -> None:
        self.satellite = Satellite(id_, name, name)
        self.log: list[tuple] = []
        self.times: list[float] = []
        self._incoming: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._noted = asyncio.Event()
        self._plays = plays
        self._played = 0
        self.position = 0
        self.invited: int | None = None
        self.granted: list[tuple[int, float]] = []  # turns, and for how long their chimes wait

    async def incoming(self) -> AsyncGenerator[Incoming, None]:
        while (message := await self._incoming.get()) is not None:
            yield message
        raise PeerGone("the satellite was switched off")

    def send(self, message: Incoming) -> None:
        self._incoming.put_nowait(message)

    def switch_off(self) -> None:
        self._incoming.put_nowait(None)

    def wake(self, turn: int, word: str = "okay_nabu") -> None:
        self.send(Woken(turn, word, word.replace("_", " "), 0.9, self.position, self.position))

    async def stream(self, frame: bytes, ms: int) -> None:
        """Audio at the speed of a microphone."""
        for _ in range(ms // FRAME_MS):
            await asyncio.sleep(FRAME_MS / 1000)
            self.send(Audio(frame, self.position))
            self.position += FRAME_SAMPLES

    async def utter(self, turn: int, ms: int = 1000) -> None:
        """A wake word, an utterance, and the silence after it."""
        self.wake(turn)
        await self.stream(SPEECH, ms)
        await self.stream(SILENCE, 1000)

    def of(self, kind: str) -> list[tuple]:
        return [entry[1:] for entry in self.log if entry[0] == kind]

    async def until(self, kind: str, count: int = 1) -> None:
        while len(self.of(kind)) < count:
            self._noted.clear()
            await self._noted.wait()

    def _note(self, *entry: object) -> None:
        self.log.append(entry)
        self._noted.set()
        self.times.append(asyncio.get_running_loop().time())

    def grant(self, turn: int, settles_s: float) -> None:
        self.granted.append((turn, settles_s))

    def stop_listening(self, turn: int) -> None:
        self._note("heard", turn)

    def show_partial(self, turn: int, text: str) -> None:
        self._note("partial", turn, text)

    def show_transcript(self, turn: int, text: str) -> None:
        self._note("transcript", turn, text)

    def show_reply(self, turn: int, text: str) -> None:
        self._note("reply", turn, text)

    def chime(self, sound: str) -> None:
        self._note("chime", sound)

    def begin_reply(self, turn: int, rate_hz: int) -> None:
        self._played = 0
        self._note("begin", turn, rate_hz)

    def play(self, turn: int, pcm: bytes) -> None:
        self._played += len(pcm) // 2
        self._note("play", turn, len(pcm) // 2)

    def end_reply(self, turn: int) -> None:
        self._note("end-reply", turn)
        if self._plays:
            self.send(Sounded(turn, self._played, done=True))

    def plays_to_the_end(self, turn: int) -> None:
        """Of one that does not by itself."""
        self.send(Sounded(turn, self._played, done=True))

    def flush(self, turn: int) -> None:
        self._note("flush", turn)

    def invite(self, turn: int, seconds: float) -> None:
        self.invited = turn
        self._note("invite", turn, seconds)

    def end_turn(self, turn: int, outcome: str, text: str) -> None:
        self._note("ended", turn, outcome, text)

    def give_up(self, turn: int) -> None:
        self.send(GivenUp(turn))


@dataclass
class ScriptedStt:
    text: str = "turn on the light"
    spoken: bool = True
    final_after_s: float = 0.02
    feed_takes_s: float = 0.0
    fails: str = ""
    open: int = 0
    heard_bytes: int = 0
    requests: list[HearingRequest] = field(default_factory=list)
    learned: list[Vocabulary] = field(default_factory=list)

    async def start(self) -> None:
        pass

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        self.learned.append(vocabulary)
        return []

    async def hear(self, request: HearingRequest) -> "ScriptedHearing":
        if self.fails:
            raise EngineError(self.fails)
        self.requests.append(request)
        return ScriptedHearing(self)

    async def close(self) -> None:
        pass


class ScriptedHearing:
    def __init__(self, stt: ScriptedStt) -> None:
        self._stt = stt
        self._over = asyncio.Event()
        self._closed = False
        stt.open += 1

    async def feed(self, pcm: bytes) -> None:
        self._stt.heard_bytes += len(pcm)
        await asyncio.sleep(self._stt.feed_takes_s)

    async def partials(self) -> AsyncGenerator[Partial, None]:
        words = self._stt.text.split()
        for count in range(1, len(words) + 1):
            yield Partial(" ".join(words[:count]), count)
        await self._over.wait()

    async def preview(self) -> Transcript:
        """Of what had been said when it was asked for."""
        transcript = Transcript(self._stt.text, spoken=self._stt.spoken)
        await asyncio.sleep(self._stt.final_after_s)
        return transcript

    async def finish(self) -> Transcript:
        transcript = await self.preview()
        self._over.set()
        return transcript

    async def close(self) -> None:
        self._over.set()
        if not self._closed:
            self._closed = True
            self._stt.open -= 1


@dataclass
class ScriptedTts:
    """Speaks any text in `seconds`, in chunks of 100 ms, as fast as it is asked."""

    seconds: float = 1.0
    rate_hz: int = RATE_HZ
    delay_s: float = 0.0  # to its first sound
    speaking: int = 0
    asked: list[str] = field(default_factory=list)

    async def start(self) -> None:
        pass

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        self.speaking += 1
        self.asked.append(request.text)
        try:
            await asyncio.sleep(self.delay_s)
            if request.text:
                for _ in range(round(self.seconds * 10)):
                    yield bytes(RATE_HZ // 10 * 2)
        finally:
            self.speaking -= 1

    async def close(self) -> None:
        pass


@dataclass
class ScriptedAgent:
    """Says one thing. `finished` and `breaks` decide how it ends."""

    reply: str = "Turned on the light"
    finished: Finished = field(default_factory=lambda: Finished(understood=True))
    takes_s: float = 0.005
    speculative: bool = True
    breaks: Exception | None = None
    asked: list[Request] = field(default_factory=list)
    committed: list[str] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)

    async def start(self) -> None:
        pass

    async def prepare(self, request: Request) -> Prepared:
        self.asked.append(request)
        return Prepared(request, Intent("HassTurnOn", {"name": "light"}), self.speculative, reply=self.reply)

    async def think_ahead(self, prepared: Prepared) -> None:
        pass

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        await asyncio.sleep(self.takes_s)
        if self.breaks is not None:
            raise self.breaks
        self.committed.append(prepared.request.text)
        if self.reply:
            yield Said(self.reply)
        yield self.finished

    async def due(self) -> AsyncGenerator[Due, None]:
        for due in self.dues:
            yield due
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


def parts(**instead: object) -> Parts:
    chosen = {
        "stt": ScriptedStt(),
        "make_vad": LoudnessVad,
        "agent": ScriptedAgent(),
        "hints": Hints(Path()),  # knows nothing: every text is free speech
        **instead,
        "tts": Replies(instead.get("tts", ScriptedTts())),
    }
    return Parts(**chosen)
