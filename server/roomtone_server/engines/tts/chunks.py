"""PCM as an engine or a server makes it, in pieces of any size, made into what `TextToSpeech` promises. No I/O."""

from typing import Final

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.ears.resample import Resampler, to_mono

CHUNK_MS: Final = 100
CRUMB_MS: Final = 20  # what is shorter waits for more, so that a server's small pieces do not become small events

_AUDIBLE: Final = 100  # of 32,768: -50 dBFS
_KEPT_LEAD_IN_MS: Final = 5  # a voice swells into its first sound


class Chunks:
    """One speech: int16 in, cut anywhere; mono chunks of CRUMB_MS to CHUNK_MS out, from the first audible sound on."""

    def __init__(self, rate_hz: int, from_hz: int = 0, channels: int = 1) -> None:
        """`rate_hz` comes out; `from_hz`, the same unless given, goes in. Raises EngineMissing: see `Resampler`."""
        self._rate_hz = rate_hz
        self._frame_bytes = channels * SAMPLE_BYTES
        self._channels = channels
        self._resampler = Resampler(from_hz or rate_hz, rate_hz)
        self._torn = b""  # the begin of a sample whose rest is to come
        self._ready = bytearray()
        self._begun = False

    def feed(self, pcm: bytes) -> list[bytes]:
        """The chunks that are whole now."""
        audio = self._torn + pcm
        whole = len(audio) - len(audio) % self._frame_bytes
        self._torn = audio[whole:]
        self._take(self._resampler.process(to_mono(audio[:whole], self._channels)))
        return self._cut(least_ms=CRUMB_MS)

    def finish(self) -> list[bytes]:
        """The rest; nothing may be fed after it."""
        self._take(self._resampler.finish())
        return self._cut(least_ms=0)

    def _take(self, pcm: bytes) -> None:
        if not self._begun:
            pcm = without_lead_in(pcm, self._rate_hz)
            self._begun = bool(pcm)
        self._ready += pcm

    def _cut(self, least_ms: int) -> list[bytes]:
        size, least = self._bytes_of(CHUNK_MS), self._bytes_of(least_ms)
        cut = [bytes(self._ready[at : at + size]) for at in range(0, len(self._ready), size)]
        keep = cut.pop() if cut and len(cut[-1]) < least else b""
        self._ready[:] = keep
        return cut

    def _bytes_of(self, ms: int) -> int:
        return self._rate_hz * ms // 1000 * SAMPLE_BYTES


def without_lead_in(pcm: bytes, rate_hz: int) -> bytes:
    """Mono int16 from just before its first audible sample; nothing when there is none. Voices begin with 50 to 300 ms
    of silence, for which nobody who asked something should wait."""
    samples = memoryview(pcm).cast("h")
    first = next((at for at, sample in enumerate(samples) if abs(sample) > _AUDIBLE), None)
    return b"" if first is None else pcm[SAMPLE_BYTES * max(0, first - rate_hz * _KEPT_LEAD_IN_MS // 1000) :]
