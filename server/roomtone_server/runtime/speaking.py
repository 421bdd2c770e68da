"""A reply on its way out: text to audio, paced so that the satellite never holds more than it needs."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from roomtone_server.engines.base import SpeechRequest
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.session import VoiceSession

# So far ahead of the speaker is the audio sent: enough for jitter, little enough that "stop" is immediate.
AHEAD_S: Final = 0.2


class Pacer:
    """When the next audio may be sent. Pure; `now` is monotonic, in seconds."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._sounds_until = 0.0

    def delay(self, now: float) -> float:
        """How long to wait before the next chunk is sent."""
        return max(0.0, self._sounds_until - now - AHEAD_S)

    def sent(self, samples: int, now: float) -> None:
        """Takes note of a chunk; after a pause the speaker starts anew."""
        self._sounds_until = max(self._sounds_until, now) + samples / self._rate_hz

    def remaining(self, now: float) -> float:
        """How long what was sent has still to sound."""
        return max(0.0, self._sounds_until - now)


class Speaker:
    """Speaks one turn's reply, piece by piece."""

    def __init__(self, session: VoiceSession, tts: Replies, turn: int, on_first_audio: Callable[[], None]) -> None:
        self._session = session
        self._tts = tts
        self._turn = turn
        self._on_first_audio = on_first_audio
        self._pacer = Pacer(tts.rate_hz)
        self._begun = False

    async def say(self, request: SpeechRequest) -> None:
        """Returns when all of it is on its way, AHEAD_S before it has sounded. Raises EngineError."""
        clock = asyncio.get_running_loop().time
        async with aclosing(self._tts.speak(request)) as chunks:
            async for pcm in chunks:
                if not self._begun:
                    self._begun = True
                    self._session.begin_reply(self._turn, self._tts.rate_hz)
                    self._on_first_audio()
                if (delay := self._pacer.delay(clock())) > 0:
                    await asyncio.sleep(delay)
                self._session.play(self._turn, pcm)
                self._pacer.sent(len(pcm) // 2, clock())

    def finish(self) -> float:
        """The reply is complete; how many seconds of it have still to sound."""
        if not self._begun:
            return 0.0
        self._session.end_reply(self._turn)
        return self._pacer.remaining(asyncio.get_running_loop().time())
