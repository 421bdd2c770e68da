"""Voices that nobody waits for: one that speaks into a reply, and, where that begins a turn, one in the room."""

from typing import Literal

from roomtone.ears.base import VoiceActivity
from roomtone.ears.vad.edges import EdgeFinder
from roomtone.satellite.events import VoiceHeard, VoiceLasted, VoiceStarted, VoiceStopped
from roomtone.satellite.voice import VoiceWatch
from roomtone_server.runtime.detectors import Detectors

Aim = Literal["reply", "room"]
Revealed = VoiceStarted | VoiceLasted | VoiceStopped | VoiceHeard


class Attention:
    """Has a voice detector while there is something to listen for, and not else: a browser costs little beside it."""

    def __init__(self, detectors: Detectors) -> None:
        self._detectors = detectors
        self._vad: VoiceActivity | None = None
        self._aim: Aim | None = None
        self._watch = VoiceWatch()
        self._edges = EdgeFinder()

    def turn_to(self, aim: Aim | None) -> None:
        """What to listen for from now on; None: nothing."""
        if aim == self._aim:
            return
        self._aim = aim
        if aim is not None:
            self.forget()
        elif self._vad is not None:
            self._detectors.give_back(self._vad)
            self._vad = None

    def forget(self) -> None:
        """What comes next does not follow upon what came before."""
        self._watch, self._edges = VoiceWatch(), EdgeFinder()
        if self._aim is not None:
            self._vad = self._vad or self._detectors.take()
            self._vad.reset()

    def frame(self, pcm: bytes, position: int, *, near: bool | None) -> Revealed | None:
        """What the next frame reveals, if anything; `near` as for `VoiceWatch`."""
        if self._vad is None:
            return None
        probability = self._vad.process(pcm)
        if self._aim == "reply":
            return self._watch.frame(probability, position, near=near)
        edge = self._edges.frame(probability, position)
        return VoiceHeard(edge.sample) if edge is not None and edge.speaking else None
