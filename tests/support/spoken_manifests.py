"""Manifests of recordings, for tests of the bench that reads them; and a recogniser that hears what it was told to."""

import json
import wave
from dataclasses import dataclass, field

from support.scripted import ScriptedHearing, ScriptedStt
from support.sound import noise

from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineSettings, EngineSpec
from roomtone.errors import EngineError
from roomtone_server.engines.base import Transcript

NOISE = noise(0.1)


def write_wav(path, pcm, rate_hz=RATE_HZ):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return path


def entry(text, kind="generated", file="a.wav", language="en", **more):
    return {"file": file, "language": language, "text": text, "kind": kind, **more}


def write_manifest(folder, *entries, pcm=NOISE):
    """Each entry is an object, or a line as it stands; the recordings of the objects hold `pcm`."""
    for each in entries:
        if isinstance(each, dict) and "file" in each:
            write_wav(folder / each["file"], pcm)
    path = folder / "manifest.jsonl"
    lines = [each if isinstance(each, str) else json.dumps(each) for each in entries]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


class ToldSettings(EngineSettings):
    hears: tuple[Transcript, ...] = ()  # one utterance after the other
    dies_at: int | None = None  # the utterance in which it does
    cannot_hear: tuple[str, ...] = ()
    reject_from: float = 1.0


@dataclass
class Told(ScriptedStt):
    settings: ToldSettings = field(default_factory=ToldSettings)

    async def learn(self, vocabulary):
        await super().learn(vocabulary)
        return list(self.settings.cannot_hear)

    async def hear(self, request):
        number = len(self.requests)
        await super().hear(request)
        return ToldHearing(self, self.settings.hears[number], dies=number == self.settings.dies_at)


class ToldHearing(ScriptedHearing):
    def __init__(self, stt, transcript, *, dies):
        super().__init__(stt)
        self._transcript = transcript
        self._dies = dies

    async def feed(self, pcm):
        await super().feed(pcm)
        if self._dies:
            raise EngineError("its worker process ended with status -11")

    async def finish(self):
        await super().finish()
        return self._transcript


TOLD = EngineSpec("told", ToldSettings, lambda settings, _: Told(settings=settings, final_after_s=0), lambda: None)
