"""Recordings as they come, in whatever container, to what is heard: 16 kHz, mono, int16.

FFmpeg reads them, through PyAV, the extra `audio`. What it is given comes from elsewhere: it sees bytes in memory and
no others, may take them for a sound file and nothing that names further files, and stops at a length and at a time.
"""

import io
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone_server.ports.web.api.endpoint import refusal
from roomtone_server.ports.web.api.shapes import Fault
from roomtone_server.ports.web.problems import Problem

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer

MAX_RECORDING_BYTES: Final = 10 * 2**20  # guards memory: half a minute of 24-bit stereo at 48 kHz
MAX_DURATION_S: Final = 30.0  # guards the recogniser: an utterance, not a lecture
MAX_DECODING_S: Final = 10.0  # guards a core: a file can be slow to decode by design
MAX_FRAME_SAMPLES: Final = 192_000  # of one decoded frame: a second of the finest sound
MAX_SOURCE_HZ: Final = 384_000

# Containers that hold sound themselves. Playlists, and whatever else leads to other files or hosts, are not among them.
_CONTAINERS: Final = (
    "wav,w64,mp3,ogg,matroska,webm,mov,mp4,m4a,3gp,flac,aac,aiff,caf,amr,au,ac3,eac3,asf,avi,mpegts,rm,tta"
)
_OPTIONS: Final = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "", "probesize": "262144"}


def decoded(recording: bytes) -> bytes:
    """The sound of a recording. Blocks for up to MAX_DECODING_S. Raises Problem."""
    import av

    try:
        with av.open(io.BytesIO(recording), "r", options=_OPTIONS, metadata_errors="replace") as container:
            pcm = b"".join(_sound(container, time.monotonic() + MAX_DECODING_S))
    except av.FFmpegError as problem:
        raise _not_heard("this is no recording, or one in a format that is not known here") from problem
    if not pcm:
        raise _not_heard("there is no sound in it")
    return pcm


def _sound(container: "InputContainer", until: float) -> Iterator[bytes]:
    """In pieces, of at most MAX_DURATION_S together."""
    import av

    resampler = av.AudioResampler("s16", "mono", RATE_HZ)
    left_bytes = round(MAX_DURATION_S * RATE_HZ) * SAMPLE_BYTES
    for frame in _frames(container, until):
        for made in resampler.resample(frame):
            pcm = made.to_ndarray().tobytes()
            left_bytes -= len(pcm)
            if left_bytes < 0:
                detail = f"a recording may last {MAX_DURATION_S:g} s"
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too long", detail)
            yield pcm


def _frames(container: "InputContainer", until: float) -> "Iterator[av.AudioFrame | None]":
    """Of the first stream of sound; None at their end."""
    if not container.streams.audio:
        return
    stream = container.streams.audio[0]
    _check_rate(stream)
    for packet in container.demux(stream):
        for frame in packet.decode():
            if frame.samples > MAX_FRAME_SAMPLES:
                raise _not_heard("it is not made as recordings are")
            yield frame
        if time.monotonic() > until:
            raise _not_heard(f"it takes more than {MAX_DECODING_S:g} s to decode")
    yield None


def _check_rate(stream: "AudioStream") -> None:
    if not 0 < (stream.rate or 0) <= MAX_SOURCE_HZ:
        raise _not_heard("its sample rate is not known")


def _not_heard(what: str) -> Problem:
    return refusal(Fault(where="body", what=what))
