"""Our own satellites: paired, over TLS, in the words of `roomtone.link.events`."""

import logging
from collections.abc import AsyncGenerator

from wyoming.asr import Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.errors import FrameError, PeerGone
from roomtone.link import events
from roomtone.link.stream import Link
from roomtone_server.runtime.session import Audio, GivenUp, Incoming, Satellite, Sounded, Woken
from roomtone_server.turn.events import Outcome, Sound

_LOGGER = logging.getLogger(__name__)

# A reply longer than an event may carry is shown in pieces.
_SHOWN_CHARACTERS = 4000


class NativeSession:
    """A `runtime.session.VoiceSession` over one link."""

    def __init__(self, link: Link, satellite: Satellite) -> None:
        self._link = link
        self._satellite = satellite
        self._reply_rate_hz = 0

    @property
    def satellite(self) -> Satellite:
        return self._satellite

    async def incoming(self) -> AsyncGenerator[Incoming, None]:
        """Raises PeerGone and FrameError; events of a newer protocol that we do not know are passed over."""
        while True:
            incoming = _incoming(await self._link.receive())
            if incoming is not None:
                yield incoming

    def stop_listening(self, turn: int) -> None:
        self._tell(events.Heard(turn))

    def show_partial(self, turn: int, text: str) -> None:  # noqa: ARG002 - Wyoming's own event has no turn
        self._send(TranscriptChunk(text).event())

    def show_transcript(self, turn: int, text: str) -> None:  # noqa: ARG002 - as above
        self._send(Transcript(text).event())

    def show_reply(self, turn: int, text: str) -> None:
        for start in range(0, len(text), _SHOWN_CHARACTERS):
            self._tell(events.Reply(turn, text[start : start + _SHOWN_CHARACTERS]))

    def chime(self, sound: Sound) -> None:
        self._tell(events.Chime(sound))

    def begin_reply(self, turn: int, rate_hz: int) -> None:  # noqa: ARG002 - as above
        self._reply_rate_hz = rate_hz
        self._send(AudioStart(rate_hz, SAMPLE_BYTES, 1).event())

    def play(self, turn: int, pcm: bytes) -> None:  # noqa: ARG002 - as above
        self._send(AudioChunk(self._reply_rate_hz, SAMPLE_BYTES, 1, pcm).event())

    def end_reply(self, turn: int) -> None:  # noqa: ARG002 - as above
        self._send(AudioStop().event())

    def flush(self, turn: int) -> None:
        self._tell(events.Flush(turn))

    def invite(self, turn: int, seconds: float) -> None:
        self._tell(events.Listen(turn, seconds))

    def end_turn(self, turn: int, outcome: Outcome, text: str) -> None:
        self._tell(events.TurnEnded(turn, outcome, text))

    def _tell(self, message: events.Message) -> None:
        self._send(events.event_of(message))

    def _send(self, event: Event) -> None:
        try:
            self._link.send(event)
        except PeerGone as problem:
            _LOGGER.debug("not sent: %s", problem)  # `incoming` ends with the same error


def _incoming(event: Event) -> Incoming | None:
    if AudioChunk.is_type(event.type):
        return _audio(event)
    match events.parse(event):
        case events.Wake() as wake:
            return Woken(wake.turn, wake.name, wake.phrase, wake.score, wake.sample, wake.first_sample)
        case events.Played(turn, samples, done):
            return Sounded(turn, samples, done)
        case events.Cancel(turn):
            return GivenUp(turn)
        case _:
            return None


def _audio(event: Event) -> Audio:
    """Raises FrameError for anything but whole samples of the house's format, with their time."""
    data, pcm = event.data, event.payload or b""
    audio_format = (data.get("rate"), data.get("width"), data.get("channels"))
    if audio_format != (RATE_HZ, SAMPLE_BYTES, 1):
        raise FrameError("a microphone's audio-chunk is not 16 kHz, 16 bit, mono")
    timestamp_ms = data.get("timestamp")
    if type(timestamp_ms) is not int or timestamp_ms < 0:
        raise FrameError("a microphone's audio-chunk has no timestamp in ms")
    if len(pcm) % SAMPLE_BYTES:
        raise FrameError("an audio-chunk ends in the middle of a sample")
    return Audio(pcm, timestamp_ms * SAMPLES_PER_MS)
