"""A browser's speaker: the reply that it is given, and how far that has sounded there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone_server.ports.web.voice import messages as m
from roomtone_server.ports.web.voice.nearness import Nearness


@dataclass(frozen=True, slots=True)
class Heard:
    """What the browser tells of a reply, as far as it can be."""

    turn: int
    samples: int
    how: Literal["sounds", "over", "cut"]


class BrowserSpeaker:
    def __init__(self, tell: Callable[[m.ToBrowser], None], send: Callable[[bytes], None]) -> None:
        self._tell = tell
        self._send = send
        self._nearness = Nearness()
        self._turn: int | None = None  # whose reply sounds
        self._cut: int | None = None  # whose reply was silenced; the browser is yet to tell how far it came
        self._samples = 0  # sent
        self._is_whole = False  # all of it was sent
        self._is_paused = False

    def begin(self, turn: int, rate_hz: int) -> None:
        """Once more for the same turn, its reply goes on."""
        if turn != self._turn:
            self._turn, self._cut, self._samples = turn, None, 0
            self._nearness.begin(rate_hz)
        self._is_whole = self._is_paused = False
        self._tell(m.ReplyAudio(turn, rate_hz))

    def play(self, turn: int, pcm: bytes) -> None:
        """The next of it; what is of another turn is not wanted any more."""
        if turn == self._turn and not self._is_whole:
            self._samples += len(pcm) // SAMPLE_BYTES
            self._nearness.sent(pcm)
            self._send(pcm)

    def end(self, turn: int) -> None:
        """That was all of it."""
        if turn == self._turn and not self._is_whole:
            self._is_whole = True
            self._tell(m.ReplyAudioEnd(turn))

    def pause(self, turn: int) -> None:
        self._is_paused = True
        self._nearness.lose_track()
        self._tell(m.Pause(turn))

    def resume(self, turn: int) -> None:
        self._is_paused = False
        self._tell(m.Resume(turn))

    def flush(self, turn: int) -> None:
        self._turn, self._cut = None, turn
        self._nearness.lose_track()
        self._tell(m.Flush(turn))

    def told(self, played: m.Played) -> Heard | None:
        """No more can have sounded than was sent, and none of it is over before all was."""
        samples = min(played.samples, self._samples)
        if played.turn == self._cut:
            self._cut = None
            return Heard(played.turn, samples, "cut")
        if played.turn != self._turn:
            return None
        if played.done and self._is_whole:
            self._turn = None
            self._nearness.lose_track()
            return Heard(played.turn, samples, "over")
        if not self._is_paused:
            self._nearness.sounded(samples, None if played.at is None else played.at / 1000)
        return Heard(played.turn, samples, "sounds")

    def near(self, pcm: bytes, heard_at_s: float | None) -> bool | None:
        """Whether a frame of the microphone is louder than the reply's echo can be: see `Nearness.frame`."""
        return self._nearness.frame(pcm, heard_at_s)
