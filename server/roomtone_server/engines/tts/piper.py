"""Text-to-speech by Piper: neural voices, one file each.

    tts: {engine: piper, voice: en_US-ryan-low, speed: 1.1}

A voice is made sentence by sentence: the first is heard while the second is made. onnxruntime lets go of the GIL, and
what Piper finds phonemes with is an espeak of its own, which does not meet ours: it needs a thread, and no process.
"""

import contextlib
import functools
import importlib.util
import logging
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.engines import EngineSettings, EngineSpec, ModelWanted, Surroundings
from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone.paths import cache_dir, state_dir
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.tts.chunks import CHUNK_MS, Chunks
from roomtone_server.engines.tts.piper_files import FOLDER, SUFFIX, VoiceFile, Voices
from roomtone_server.engines.tts.services import fitting
from roomtone_server.engines.tts.speech_thread import SpeechThread, Take
from roomtone_server.engines.tts.texts import is_sayable, lacking, plain
from roomtone_server.languages.codes import best_code
from roomtone_server.languages.language import language_of

if TYPE_CHECKING:
    from piper import PiperVoice, SynthesisConfig

MAX_CHUNKS_AHEAD: Final = 12_000 // CHUNK_MS  # 12 s, 0.5 MB for each reply
MAX_LOADED: Final = 3  # guards memory: a voice is a file of 20 to 75 MB

_PHONEMES: Final = re.compile(r"\[{2,}|\]{2,}")  # what stands between such brackets Piper takes for phonemes


class PiperSettings(EngineSettings):
    voice: str = Field(default="", description="the path of an .onnx file, or an installed voice; else one that fits")
    voices: dict[str, str] = Field(default_factory=dict, description="language code -> voice, where it has its own")
    speaker: int | str | None = Field(default=None, description="of a voice that has several: its number or name")
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    noise: float | None = Field(default=None, ge=0, le=2, description="how the sound varies; else the voice's own")
    noise_w: float | None = Field(default=None, ge=0, le=2, description="how the rhythm varies; else the voice's own")
    sentence_silence_ms: int = Field(default=200, ge=0, le=5000, description="between two sentences")
    threads: int = Field(default=0, ge=0, le=64, description="0: one for each core")


class Piper:
    """piper-tts behind the TextToSpeech Protocol."""

    def __init__(self, settings: PiperSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._language = surroundings.language
        self._files = Voices(surroundings.state, surroundings.cache)
        self._thread = SpeechThread("piper", MAX_CHUNKS_AHEAD)
        self._loaded: OrderedDict[Path, PiperVoice] = OrderedDict()  # the thread's own
        self._own: VoiceFile | None = None  # of the house's language: the one to which `speaker` belongs

    @property
    def rate_hz(self) -> int:
        assert self._own is not None, "not started"
        return self._own.rate_hz

    async def start(self) -> None:
        self._thread.open()
        try:
            self._own = await self._thread.run(self._prepare)
        except BaseException:
            await self.close()
            raise

    async def voices(self) -> list[Voice]:
        self._thread.check_open()
        return [
            Voice(name, file.languages, speakers=tuple(sorted(file.speakers)))
            for name, file in sorted(self._files.known.items())
        ]

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        self._thread.check_open()
        file = self._file_for(request)
        file.speaker_id(request.speaker or None)
        if not is_sayable(request.text):
            return
        say = functools.partial(self._say, file, _PHONEMES.sub(" ", plain(request.text)), request.speaker)
        async with contextlib.aclosing(self._thread.speak(say)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def close(self) -> None:
        # What is being said ends with its sentence.
        await self._thread.close()
        self._loaded.clear()

    def _prepare(self) -> VoiceFile:
        """Finds the voices, and loads the one that will be asked for most: nobody should wait for it later."""
        settings = self._settings
        self._files.find(name for name in (settings.voice, *settings.voices.values()) if name)
        file = self._file_for(SpeechRequest("", self._language, settings.voice))
        file.speaker_id(settings.speaker)
        self._load(file)
        return file

    def _file_for(self, request: SpeechRequest) -> VoiceFile:
        """The voice of a request. Raises EngineError: a language or a voice that it lacks."""
        known = self._files.known
        code = best_code(self._settings.voices, request.language)
        if name := request.voice or (self._settings.voices[code] if code else ""):
            return self._files[name]
        # Among those that fit equally, the one of the settings stands first, then the best of the language.
        best = [name for name in language_of(request.language).piper if name in known and not self._settings.voice]
        languages = {name: known[name].languages for name in dict.fromkeys((*best, *known))}
        if name := fitting(languages, request.language):
            return known[name]
        if not known:
            raise self._files.lacking("")
        raise lacking("piper", request.language, (code for codes in languages.values() for code in codes))

    def _say(self, file: VoiceFile, text: str, speaker: str, take: Take) -> None:
        """On the thread, until all is said or `take` returns False."""
        voice = self._load(file)
        chunks = Chunks(self.rate_hz, file.rate_hz)
        silence = bytes(SAMPLE_BYTES * (file.rate_hz * self._settings.sentence_silence_ms // 1000))
        try:
            for number, sentence in enumerate(voice.synthesize(text, self._manner(file, voice, speaker))):
                pcm = silence * (number > 0) + sentence.audio_int16_bytes
                if not all(take(chunk) for chunk in chunks.feed(pcm)):
                    return
        except Exception as problem:  # as below; without its words, which may be those of the text
            raise EngineError(f"piper failed to speak with {file.path} ({type(problem).__name__})") from problem
        for chunk in chunks.finish():
            take(chunk)

    def _manner(self, file: VoiceFile, voice: "PiperVoice", speaker: str) -> "SynthesisConfig":
        from piper import SynthesisConfig

        settings = self._settings
        return SynthesisConfig(
            speaker_id=file.speaker_id(speaker or (settings.speaker if file is self._own else None)),
            length_scale=voice.config.length_scale / settings.speed,
            noise_scale=settings.noise,
            noise_w_scale=settings.noise_w,
        )

    def _load(self, file: VoiceFile) -> "PiperVoice":
        """The voice, ready to speak; of those that are loaded the one not heard for longest goes."""
        voice = self._loaded.pop(file.path, None) or _open(file, self._settings.threads)
        self._loaded[file.path] = voice
        if len(self._loaded) > MAX_LOADED:
            self._loaded.popitem(last=False)
        return voice


def _open(file: VoiceFile, threads: int) -> "PiperVoice":
    """Raises EngineError."""
    import onnxruntime
    from piper import PiperConfig, PiperVoice

    logging.getLogger("piper").setLevel(logging.ERROR)  # it tells each phoneme that the voice lacks: parts of the text
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors; its warnings, on stderr, are for those who make voices
    # Else its threads burn all cores for a while after each sentence, waiting for the next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(file.path), options, providers=["CPUExecutionProvider"])
        voice = PiperVoice(session, PiperConfig.from_dict(file.config))
        for _ in voice.synthesize("a"):  # the first time takes longest; and a voice that is broken says so here
            pass
    except Exception as problem:  # onnxruntime has a class for each of its statuses, and no root of them
        raise EngineError(f"the voice {file.path} cannot be used: {problem}") from problem
    return voice


def _missing() -> str | None:
    return None if importlib.util.find_spec("piper") else remedy("piper")


def _unfit(language: str) -> str | None:
    """By the voices' names alone, which begin with their language."""
    installed = Voices(state_dir() / "server", cache_dir()).installed
    if best_code((name.partition("-")[0] for name in installed), language):
        return None
    return f"no voice for {language!r} is installed: `roomtone models pull --for {language}`"


def _lacks(settings: PiperSettings, surroundings: Surroundings) -> list[ModelWanted]:
    installed = Voices(surroundings.state, surroundings.cache).installed
    named = [name for name in (settings.voice, *settings.voices.values()) if name and not name.endswith(SUFFIX)]
    if named or settings.voice or best_code((name.partition("-")[0] for name in installed), surroundings.language):
        return [ModelWanted(FOLDER, name) for name in named if name not in installed]
    return [ModelWanted(FOLDER, language=surroundings.language)]


def _make(settings: PiperSettings, surroundings: Surroundings) -> TextToSpeech:
    return Piper(settings, surroundings)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec(
    name="piper", settings=PiperSettings, make=_make, missing=_missing, rank=30, unfit=_unfit, lacks=_lacks
)
