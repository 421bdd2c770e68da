"""The microphone of a stock satellite, as the runtime hears it: where an utterance begins, and which audio is of it.

Pure but for the wake engine that it feeds; `now` is monotonic, in seconds. Positions count what has come, at 16 kHz;
what was never sent is not in them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from roomtone.ears.base import WakeDetection, WakeEngine
from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.ears.level import SURVEYED_MS, snr_db, wake_levels
from roomtone.ears.resample import Framer, Resampler, to_mono
from roomtone.ears.ring import FrameRing
from roomtone_server.ports.plain import Sound, SoundEnded
from roomtone_server.ports.stock.words import HeardWord, WantsTurn, Word
from roomtone_server.runtime.session import Audio, Incoming, Released, Woken

PREROLL_SAMPLES: Final = 500 * SAMPLES_PER_MS  # a command in one breath with the wake word, as with our own satellites
# One that waits for a voice stops some seconds after it has heard one, in the middle of a command too, and begins anew
# with the next sound that it takes for a voice.
RESUMES_WITHIN_S: Final = 0.5
UNNAMED: Final = "wake word"  # of one that has heard it by itself, and does not say which
_VERSION: Final = re.compile(r"_v\d+(\.\d+)*$")  # openWakeWord's models are named hey_jarvis_v0.1


class RemoteEar:
    """Turns that the satellite begins have odd numbers, which only grow."""

    def __init__(self, make_wake: Callable[[], WakeEngine]) -> None:
        self._make_wake = make_wake
        self._wake: WakeEngine | None = None  # while it streams what a wake word is to be found in
        self._ring = FrameRing(SURVEYED_MS * SAMPLES_PER_MS)
        self._format = (0, 0)
        self._resampler = Resampler(RATE_HZ, RATE_HZ)
        self._framer = Framer()
        self._turn: int | None = None  # whose utterance its audio is
        self._last_turn = -1
        self._invited: int | None = None  # the turn that begins with its next audio
        self._word: str | None = None  # that it heard by itself; the audio is yet to come
        self._resumes_until: float | None = None  # it has stopped in the middle of an utterance
        self._resumes = False  # with silence that nobody heard, where its memory of the last seconds is empty

    @property
    def finds_words(self) -> bool:
        """Whether wake words are found here, and not by the satellite."""
        return self._wake is not None

    def hear(self, word: Word, now: float) -> Iterator[Incoming]:
        """What that means. Raises EngineMissing for audio in a format that cannot be converted here."""
        match word:
            case WantsTurn("wake"):
                self._listen_for_words()
            case WantsTurn("asr", wake_word_name=name):
                self.close()
                yield self._woken_there(name or self._word or "")
            case HeardWord(name):
                self._word = name
            case Sound():
                if self._word is not None and self._wake is None:
                    yield self._woken_there(self._word)
                for frame in self._frames(word):
                    yield from self._take(frame)
            case SoundEnded():
                self._resumes_until = now + (RESUMES_WITHIN_S if self._wake is not None else 0.0)
                yield from self.advance(now)
            case _:
                pass

    def next_deadline(self) -> float | None:
        return self._resumes_until

    def advance(self, now: float) -> Iterator[Incoming]:
        """What follows from the time alone."""
        if self._resumes_until is None or now < self._resumes_until:
            return
        if self._turn is not None:
            yield Released(self._turn)
        self._turn = self._resumes_until = None
        self._begin_stream()

    def stop(self, turn: int) -> None:
        """No more is wanted of this turn's utterance, or of the turn."""
        if turn == self._turn:
            self._turn = None
        if turn == self._invited:
            self._invited = None

    def invite(self, turn: int) -> bool:
        """The next audio is of this turn, without a wake word; False where none comes without one."""
        if self._wake is None:
            return False
        self._invited = turn
        return True

    def close(self) -> None:
        """Frees the wake engine, if there is one."""
        if self._wake is not None:
            self._wake.close()
            self._wake = None

    def _listen_for_words(self) -> None:
        if self._wake is None:
            self._wake = self._make_wake()
        if self._turn is None:
            self._begin_stream()
        self._resumes = self._turn is not None
        self._resumes_until = None

    def _begin_stream(self) -> None:
        """What comes next does not follow upon what came before."""
        self._ring.clear()
        self._framer, self._format = Framer(), (0, 0)
        if self._wake is not None:
            self._wake.reset()

    def _frames(self, sound: Sound) -> list[bytes]:
        if self._resumes:
            sound = replace(sound, pcm=_without_silence_before(sound.pcm, SAMPLE_BYTES * sound.channels))
            self._resumes = not sound.pcm
        if self._format != (sound.rate, sound.channels):
            self._format = (sound.rate, sound.channels)
            self._resampler = Resampler(sound.rate, RATE_HZ)
        return self._framer.process(self._resampler.process(to_mono(sound.pcm, sound.channels)))

    def _take(self, frame: bytes) -> Iterator[Incoming]:
        position = self._ring.position
        if self._invited is not None:
            self._turn, self._invited = self._invited, None
            yield Woken(self._turn, "", "", 1.0, position, position)
        self._ring.append(frame)
        if self._turn is not None:
            yield Audio(frame, position)
        detection = self._wake.process(frame) if self._wake is not None else None
        # The wake word said again is part of the utterance, but one said into an invitation begins a turn of its own.
        if detection is not None and (self._turn is None or self._turn % 2 == 0):
            yield from self._woken_here(detection)

    def _woken_here(self, detection: WakeDetection) -> Iterator[Incoming]:
        levels = wake_levels([frame for _, frame in self._ring.since(0)])
        preroll = self._ring.since(self._ring.position - PREROLL_SAMPLES)
        yield Woken(
            self._begin(),
            detection.name,
            detection.phrase,
            detection.score,
            self._ring.position,
            preroll[0][0],
            snr_db=snr_db(levels.word_dbfs, levels.room_dbfs),
        )
        for position, frame in preroll:
            yield Audio(frame, position)

    def _woken_there(self, name: str) -> Woken:
        self._word = None
        phrase = _VERSION.sub("", name).replace("_", " ")
        return Woken(self._begin(), name or UNNAMED, phrase, 1.0, self._ring.position, self._ring.position)

    def _begin(self) -> int:
        self._last_turn += 2
        self._turn, self._invited = self._last_turn, None
        return self._turn


def _without_silence_before(pcm: bytes, frame_bytes: int) -> bytes:
    """What was never heard is zeros; what was, hardly ever."""
    zeros = len(pcm) - len(pcm.lstrip(b"\0"))
    return pcm[zeros // frame_bytes * frame_bytes :]
