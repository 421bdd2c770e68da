"""Sound cards, through PortAudio. PyAudio is imported only when such a device is opened or looked for."""

import asyncio
import ctypes
import threading
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import closing, suppress
from typing import Any, Final, Literal

from pydantic import Field

from roomtone.ears.formats import FRAME_MS, RATE_HZ, SAMPLE_BYTES
from roomtone.ears.resample import Framer, Resampler, to_mono
from roomtone.errors import DeviceError
from roomtone.settings import Settings
from roomtone_satellite.devices.base import BLOCK_MS, IDLE_FRAMES

INSTALL: Final = "install Debian's portaudio19-dev, then pip install 'roomtone[pyaudio]'"

# Two seconds: a loop that is further behind than that has lost the words anyway.
MAX_WAITING_BLOCKS: Final = 100
_SILENT_CARD_S: Final = 3.0  # a card that delivers or takes nothing for so long was unplugged
_AHEAD_MS: Final = 80  # before the card, which may take several blocks at once; a flush takes it all back
_MAX_CHANNELS: Final = 2

# Kept for ever: the libraries call them whenever they like.
_ALSA_SAYS_NOTHING: Final = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)(lambda *_: None)
_JACK_SAYS_NOTHING: Final = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda _: None)

Direction = Literal["input", "output"]


class PyAudioMicrophoneSettings(Settings):
    device: Literal["pyaudio"]
    name: str | int | None = None  # part of the device's name, or its index; None: the system's default
    rate_hz: int | None = Field(
        default=None, ge=8_000, le=192_000
    )  # None: 16 kHz where the card can, else its own rate


class PyAudioSpeakerSettings(Settings):
    device: Literal["pyaudio"]
    name: str | int | None = None
    rate_hz: int | None = Field(default=None, ge=8_000, le=192_000)  # None: the card's own rate


def missing(direction: Direction) -> str | None:
    """Why no sound card can be used; None when one can. Opens PortAudio for a moment."""
    try:
        cards(direction)
    except DeviceError as problem:
        return str(problem)
    return None


def cards(direction: Direction) -> list[str]:
    """The names of the sound cards, first that which is used when the settings name none. Opens PortAudio for a moment.
    Raises DeviceError when there is none."""
    with closing(_PortAudio()) as library:
        default = str(library.find(direction, None)["name"])
        others = (str(info["name"]) for info in library.able(direction))
        return [default, *(name for name in others if name != default)]


class PyAudioMicrophone:
    """PortAudio calls from a thread of its own; blocks cross to the loop through a bounded queue, oldest dropped."""

    def __init__(self, settings: PyAudioMicrophoneSettings) -> None:
        self.eager = False
        self._settings = settings
        self._blocks: deque[bytes] = deque(maxlen=MAX_WAITING_BLOCKS)
        self._came = asyncio.Event()

    async def frames(self) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        self._blocks.clear()  # what a card that failed has left would be heard now
        self._came.clear()

        def take(block: bytes, *_: object) -> tuple[None, int]:
            self._blocks.append(block)
            if self.eager or len(self._blocks) >= IDLE_FRAMES:
                with suppress(RuntimeError):  # the loop has ended, and this thread has not heard of it yet
                    loop.call_soon_threadsafe(self._came.set)
            return None, library.go_on

        library = await asyncio.to_thread(_PortAudio)
        try:
            card = await asyncio.to_thread(library.open, "input", self._settings.name, self._settings.rate_hz, take)
            resampler, framer = Resampler(card.rate_hz, RATE_HZ), Framer()
            await asyncio.to_thread(library.start)
            while True:
                await _within(self._came, card.name)
                self._came.clear()
                while self._blocks:
                    mono = to_mono(self._blocks.popleft(), card.channels)
                    for frame in framer.process(resampler.process(mono)):
                        yield frame
        finally:
            await asyncio.to_thread(library.close)


class PyAudioSpeaker:
    """PortAudio takes what it needs from a small buffer, and silence when that is empty.

    What it has taken sounds some 40 ms later, always: a part of the echo's delay, and not of what is pending. Counted
    there, it would come and go with each reply, and look like a gap in it.
    """

    def __init__(self, settings: PyAudioSpeakerSettings) -> None:
        self._settings = settings
        self._rate_hz = settings.rate_hz or 0
        self._channels = 1
        self._buffer = bytearray()
        self._given = 0  # samples, with the silence that stood in for what was not there
        self._lock = threading.Lock()
        self._taken = asyncio.Event()
        self._library: _PortAudio | None = None
        self._card = "the speaker"

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    async def open(self) -> None:
        await self.close()
        self._library = library = await asyncio.to_thread(_PortAudio)
        self._given = 0
        loop = asyncio.get_running_loop()

        def give(_: None, frames: int, *__: object) -> tuple[bytes, int]:
            wanted = frames * SAMPLE_BYTES
            with self._lock:
                audio = bytes(self._buffer[:wanted])
                del self._buffer[:wanted]
                self._given += frames
            if audio:
                with suppress(RuntimeError):  # the loop has ended, and this thread has not heard of it yet
                    loop.call_soon_threadsafe(self._taken.set)
            return _spread(audio.ljust(wanted, b"\0"), self._channels), library.go_on

        try:
            card = await asyncio.to_thread(library.open, "output", self._settings.name, self._settings.rate_hz, give)
            self._rate_hz, self._channels, self._card = card.rate_hz, card.channels, card.name
            await asyncio.to_thread(library.start)
        except DeviceError:
            await self.close()  # PortAudio looks for cards anew only when nobody in this process has it open
            raise

    async def write(self, pcm: bytes, turn: int | None) -> None:  # noqa: ARG002 - the Protocol's signature
        with self._lock:
            self._buffer += pcm
        while self.pending() > self._rate_hz * _AHEAD_MS // 1000:
            self._taken.clear()
            await _within(self._taken, self._card)

    def pending(self) -> int:
        with self._lock:
            return len(self._buffer) // SAMPLE_BYTES

    def place(self) -> int | None:
        with self._lock:
            return self._given + len(self._buffer) // SAMPLE_BYTES

    def flush(self) -> int:
        with self._lock:
            samples = len(self._buffer) // SAMPLE_BYTES
            self._buffer.clear()
        return samples

    async def close(self) -> None:
        if self._library is not None:
            library, self._library = self._library, None
            await asyncio.to_thread(library.close)
        self.flush()


class _Card:
    def __init__(self, info: dict[str, Any], direction: Direction, rate_hz: int) -> None:
        self.name = f"the sound card {info['name']!r}"
        self.index = int(info["index"])
        self.channels = min(_MAX_CHANNELS, int(info[_channels_key(direction)]))
        self.rate_hz = rate_hz


class _PortAudio:
    """PortAudio, with the stream that was opened through it. Its calls block: they belong into a thread."""

    def __init__(self) -> None:
        try:
            import pyaudio
        except ImportError as problem:
            raise DeviceError(f"sound cards cannot be used: {problem}; {INSTALL}") from problem
        self._module = pyaudio
        _hush()
        self._stream: Any = None
        self.go_on: int = pyaudio.paContinue
        try:
            self._library = pyaudio.PyAudio()
        except OSError as problem:
            raise DeviceError(f"PortAudio does not start: {problem}") from problem

    def able(self, direction: Direction) -> list[dict[str, Any]]:
        """The descriptions of the devices that can do this at all."""
        every = (dict(self._library.get_device_info_by_index(n)) for n in range(self._library.get_device_count()))
        return [info for info in every if int(info[_channels_key(direction)]) > 0]

    def find(self, direction: Direction, name: str | int | None) -> dict[str, Any]:
        """The device's own description. Raises DeviceError, which names those that there are."""
        able = self.able(direction)
        if name is None:
            with suppress(OSError):
                if direction == "input":
                    return dict(self._library.get_default_input_device_info())
                return dict(self._library.get_default_output_device_info())
        for info in able:
            if name == info["index"] or (isinstance(name, str) and name.lower() in str(info["name"]).lower()):
                return info
        known = ", ".join(f"{info['index']}: {info['name']}" for info in able) or "none"
        wanted = f"no sound card for {direction}" if name is None else f"no sound card {name!r} for {direction}"
        raise DeviceError(f"there is {wanted}; there are: {known}")

    def open(self, direction: Direction, name: str | int | None, rate_hz: int | None, callback: Any) -> _Card:  # noqa: ANN401 - PyAudio's own type
        """Prepares a stream of int16; the callback will run in PortAudio's thread. Raises DeviceError."""
        info = self.find(direction, name)
        card = _Card(info, direction, rate_hz or self._rate(info, direction))
        try:
            self._stream = self._library.open(
                rate=card.rate_hz,
                channels=card.channels,
                format=self._module.paInt16,
                frames_per_buffer=card.rate_hz * (FRAME_MS if direction == "input" else BLOCK_MS) // 1000,
                stream_callback=callback,
                start=False,
                **{direction: True, f"{direction}_device_index": card.index},
            )
        except (OSError, ValueError) as problem:
            raise DeviceError(
                f"{card.name} cannot be opened at {card.rate_hz} Hz for {direction}: {problem}"
            ) from problem
        return card

    def start(self) -> None:
        """From now on the callback is called. Raises DeviceError."""
        try:
            self._stream.start_stream()
        except OSError as problem:
            raise DeviceError(f"the sound card cannot be started: {problem}") from problem

    def close(self) -> None:
        if self._stream is not None:
            with suppress(OSError):  # a card that was unplugged cannot be stopped, only forgotten
                self._stream.close()
            self._stream = None
        self._library.terminate()

    def _rate(self, info: dict[str, Any], direction: Direction) -> int:
        own_hz = round(float(info["defaultSampleRate"]))
        if direction == "output":
            return own_hz
        channels = min(_MAX_CHANNELS, int(info["maxInputChannels"]))
        with suppress(ValueError):
            self._library.is_format_supported(
                RATE_HZ,
                input_device=int(info["index"]),
                input_channels=channels,
                input_format=self._module.paInt16,
            )
            return RATE_HZ
        return own_hz


def _hush() -> None:
    """PortAudio tries every device there could be, and ALSA and JACK print a page about those that there are not."""
    with suppress(OSError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_ALSA_SAYS_NOTHING)
    with suppress(OSError):
        jack = ctypes.CDLL("libjack.so.0")
        jack.jack_set_error_function(_JACK_SAYS_NOTHING)
        jack.jack_set_info_function(_JACK_SAYS_NOTHING)


def _channels_key(direction: Direction) -> str:
    return "maxInputChannels" if direction == "input" else "maxOutputChannels"


def _spread(mono: bytes, channels: int) -> bytes:
    """One channel onto each of many, interleaved."""
    if channels == 1:
        return mono
    spread = bytearray(len(mono) * channels)
    for channel in range(channels):
        for byte in range(SAMPLE_BYTES):
            spread[channel * SAMPLE_BYTES + byte :: SAMPLE_BYTES * channels] = mono[byte::SAMPLE_BYTES]
    return bytes(spread)


async def _within(what: asyncio.Event, card: str) -> None:
    """Waits for a card. Raises DeviceError when it is no longer there."""
    try:
        async with asyncio.timeout(_SILENT_CARD_S):
            await what.wait()
    except TimeoutError:
        raise DeviceError(f"{card} has fallen silent: was it unplugged?") from None
