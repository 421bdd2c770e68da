"""Recordings: WAV files of any rate as one kind of samples, and where speech ends in them."""

import wave
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import EngineMissing, UsageError

Samples = npt.NDArray[np.int16]  # mono

MAX_WAV_S: Final = 60.0  # a command is a sentence; the server hears at most 15 s of it
FULL_SCALE: Final = 32_768.0
AUDIBLE_DBFS: Final = -50.0

# Speech ends with the last window that is so far above the noise and so near to the loudest. Against the ends that are
# written down for 93 recorded commands in rooms: 0 ms off in the median, 50 ms at the 90th percentile.
_WINDOW: Final = RATE_HZ // 100  # samples, 10 ms
_ABOVE_NOISE_DB: Final = 12.0
_BELOW_LOUDEST_DB: Final = 28.0
_LOUDEST_PERCENT: Final = 95

_TONE_WINDOWS: Final = 30  # how long a stretch of room is looked for


def read_wav(path: Path) -> Samples:
    """A PCM WAV file of any rate, width and number of channels, at 16 kHz. Raises UsageError."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate_hz, frames = file.getparams()[:4]
            if frames > MAX_WAV_S * rate_hz:
                raise UsageError(f"{path} is longer than {MAX_WAV_S:g} s: cut it to the words")
            pcm = file.readframes(frames)
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from problem
    except (wave.Error, EOFError) as problem:
        raise UsageError(
            f"{path} is not a PCM WAV file ({str(problem) or 'it ends too early'}): convert it, "
            "for example with `ffmpeg -i FILE -ar 16000 -ac 1 -c:a pcm_s16le command.wav`"
        ) from problem
    samples = _mono(pcm, width, channels)
    if not samples.size:
        raise UsageError(f"{path} holds no sound")
    return resampled(samples, rate_hz)


def write_wav(path: Path, sound: Samples, rate_hz: int = RATE_HZ) -> None:
    """Raises OSError."""
    with path.open("wb") as stream, wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(rate_hz)
        file.writeframes(sound.tobytes())


def resampled(samples: npt.NDArray[np.float32] | Samples, from_hz: int) -> Samples:
    """At 16 kHz, from any rate; floats are in units of int16. Raises EngineMissing when another rate needs soxr."""
    at_16_khz = samples if from_hz == RATE_HZ else _soxr_resampled(samples.astype(np.float32), from_hz)
    clipped: Samples = np.clip(np.rint(at_16_khz), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return clipped


def _soxr_resampled(samples: npt.NDArray[np.float32], from_hz: int) -> npt.NDArray[np.float32]:
    try:
        import soxr
    except ImportError:
        raise EngineMissing(
            f"sound at {from_hz} Hz cannot be made into {RATE_HZ} Hz: pip install 'roomtone[demo]' brings soxr"
        ) from None
    at_16_khz: npt.NDArray[np.float32] = soxr.resample(samples, from_hz, RATE_HZ)
    return at_16_khz


def room_tone(sound: Samples) -> Samples | None:
    """The quietest 0.3 s of a recording: its room, when nobody speaks. None where there is no such stretch, since it
    is cut close to the words, or filled up with digital silence."""
    power = _powers(sound)
    if power.size <= _TONE_WINDOWS:
        return None
    stretches = np.convolve(power, np.full(_TONE_WINDOWS, 1 / _TONE_WINDOWS), "valid")
    quietest = int(np.argmin(stretches))
    room_db, loudest_db = 10 * np.log10([stretches[quietest] + 1, np.percentile(power, _LOUDEST_PERCENT) + 1])
    if stretches[quietest] < 1 or loudest_db - room_db < _ABOVE_NOISE_DB:
        return None
    return sound[quietest * _WINDOW :][: _TONE_WINDOWS * _WINDOW]


def as_loud_as(sound: Samples, model: Samples) -> Samples:
    """The sound, its loudest parts as loud as the model's."""
    loud, wanted = (float(np.percentile(_powers(each), _LOUDEST_PERCENT)) for each in (sound, model))
    scaled = sound * np.sqrt((wanted + 1) / (loud + 1))
    louder: Samples = np.clip(np.rint(scaled), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return louder


def last_speech_sample(sound: Samples) -> int:
    """Where the speech in a recording ends, by energy; 0 when there is only silence."""
    power = _powers(sound)
    if not power.any():
        return 0
    level_db = 10 * np.log10(power + 1)
    noise_db, loudest_db = np.percentile(level_db, [10, _LOUDEST_PERCENT])
    least_db = max(noise_db + _ABOVE_NOISE_DB, loudest_db - _BELOW_LOUDEST_DB)
    # A recording that is cut close to the words has no noise to measure: its quietest tenth is speech.
    speech = np.flatnonzero(level_db >= min(least_db, loudest_db - _ABOVE_NOISE_DB))
    return int(speech[-1] + 1) * _WINDOW


def _powers(sound: Samples) -> npt.NDArray[np.float64]:
    """The mean square of each window."""
    windows = sound[: sound.size - sound.size % _WINDOW].astype(np.float64).reshape(-1, _WINDOW)
    return np.asarray(np.mean(np.square(windows), axis=1))


def _mono(pcm: bytes, width: int, channels: int) -> npt.NDArray[np.float32]:
    """WAV samples of 1 to 4 bytes: unsigned if one byte, else signed and little-endian."""
    if width == 1:
        samples = (np.frombuffer(pcm, np.uint8).astype(np.float32) - 128) * 256
    else:
        octets = np.frombuffer(pcm[: len(pcm) - len(pcm) % width], np.uint8).reshape(-1, width)
        top_two = np.ascontiguousarray(octets[:, -2:])  # the lower bytes are below what int16 can say
        samples = top_two.view("<i2").reshape(-1).astype(np.float32)
    whole = samples.size - samples.size % channels
    mono: npt.NDArray[np.float32] = samples[:whole].reshape(-1, channels).mean(axis=1)
    return mono
