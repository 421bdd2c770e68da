"""How often people are cut off when they pause, and how long the server waits when they have finished.

    python bench/endpoint.py COMMANDS/manifest.jsonl --home home.yaml [--with extendable_ms=400] [--late 40] [--show]

The manifest is that of `roomtone bench v2v`; every line needs `speech_ms`. Each English command is heard as it is, and
then with a pause at each place between two words at which a person may hesitate: 200 ms where what was said is a
command already, and may go on ("turn on the lights" ... "in the kitchen"), 400 ms where it is none yet ("set a timer
for" ... "five minutes"). A pause is filled with the recording's own room. Where words end, a forced alignment says.

The real ear, turn machine and recogniser, on audio time: whatever takes time took none, but that transcripts that are
asked for ahead come `--late` ms of audio later. Every run is the same.

An endpoint is early when it falls before the speech ends, as the manifest has it, and the command is cut off when what
was heard by then leads elsewhere than what was said. Of all others, S is the silence that the endpoint says it waited
for, and `waited` is from the end of speech to the endpoint.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
from pocketsphinx import Config, Decoder

from roomtone.ears.base import VoiceActivity
from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone_server.bench.home import read_home
from roomtone_server.bench.judge import Judge, Verdict
from roomtone_server.bench.manifest import Clip, read_manifest
from roomtone_server.bench.sound import Samples, room_tone
from roomtone_server.engines.base import HearingRequest, Partial, Transcript
from roomtone_server.engines.stt.pocketsphinx import PocketSphinxSettings
from roomtone_server.engines.stt.sphinx import listener, verification, verifier
from roomtone_server.engines.stt.sphinx.hearing import judged
from roomtone_server.engines.stt.sphinx.lexicon import pronounce
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser, claim_of
from roomtone_server.grammar.compiler import compile_automaton
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.grammar.words import words
from roomtone_server.languages.language import language_of
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.listening import Ear
from roomtone_server.runtime.parts import EndpointSettings, TurnSettings
from roomtone_server.turn import events
from roomtone_server.turn.events import Completeness
from roomtone_server.turn.machine import TurnMachine

LANGUAGE = "en"
AREA = "Kitchen"
PAUSES_MS = {Completeness.EXTENDABLE: 200, Completeness.OPEN: 400}
FADE = RATE_HZ * 5 // 1000  # samples
DIP_WITHIN_MS = 40  # around where the alignment says that a word ends
TAIL_MS = 2500  # of room behind each command
FRAME_OF_ALIGNMENT_MS = 10
SETTLED = 20  # rounds of the event loop: several times what one frame causes


@dataclass(frozen=True)
class Spoken:
    """A command as it is said, with a pause or without."""

    clip: Clip
    sound: Samples  # with room behind it
    speech_end: int
    pause_after: str = ""  # the words before the pause
    completeness: Completeness = Completeness.COMPLETE  # of these words


@dataclass(frozen=True)
class Ended:
    """How the turn of a command ended."""

    spoken: Spoken
    heard: str
    is_right: bool  # what was heard leads to the same as what was said
    endpoint: int | None  # the sample at which the decision fell; None: it never did
    s_ms: int = 0

    @property
    def is_early(self) -> bool:
        return self.endpoint is not None and self.endpoint < self.spoken.speech_end

    @property
    def is_cut_off(self) -> bool:
        return self.is_early and not self.is_right

    @property
    def waited_ms(self) -> float:
        assert self.endpoint is not None
        return (self.endpoint - self.spoken.speech_end) / SAMPLES_PER_MS


# --- the recogniser, on audio time -----------------------------------------------------------------------------------


class Hearing:
    """Both workers of the embedded engine, in this process: what is fed has been heard."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._utterance = listener.Utterance(recogniser, "")
        self._verified = verifier.Utterance(0)
        self._partials: asyncio.Queue[Partial | None] = asyncio.Queue()

    async def feed(self, pcm: bytes) -> None:
        self._utterance.pcm += pcm
        self._verified.pcm += pcm
        if self._verified.is_due:
            self._verified.listen()
        if self._utterance.is_due:
            self._utterance.hear_ahead()
            if partial := self._utterance.partial():
                self._partials.put_nowait(Partial(**partial))

    async def partials(self) -> AsyncGenerator[Partial, None]:
        while (partial := await self._partials.get()) is not None:
            yield partial

    async def preview(self) -> Transcript:
        return self._transcript(ahead=True)

    async def finish(self) -> Transcript:
        return self._transcript(ahead=False)

    def _transcript(self, *, ahead: bool) -> Transcript:
        self._utterance.hear(ahead=ahead)
        found = self._utterance.transcript()
        if not found["sounds"]:
            return Transcript("", spoken=False)
        verdict = verification.Verdict(*self._verified.verdict(claim_of(found["claim"])))
        return judged(found, verdict, PocketSphinxSettings().reject_from)

    async def close(self) -> None:
        self._partials.put_nowait(None)


@dataclass(frozen=True)
class Engine:
    """A SpeechToText that has learned its home already."""

    recogniser: Recogniser

    async def start(self) -> None:
        pass

    async def learn(self, vocabulary: Vocabulary) -> list[str]:  # noqa: ARG002 - as above
        return []

    async def hear(self, request: HearingRequest) -> Hearing:  # noqa: ARG002 - one language, no wake word
        return Hearing(self.recogniser)

    async def close(self) -> None:
        pass


# --- one command -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """What turns are run on."""

    engine: Engine
    hints: Hints
    vad: VoiceActivity
    judge: Judge
    endpoint: EndpointSettings
    late_ms: int


class Turn:
    """Plays a command to the turn machine, frame by frame, until the endpoint."""

    def __init__(self, server: Server) -> None:
        self._hints, self._judge = server.hints, server.judge
        self._late = server.late_ms * SAMPLES_PER_MS
        self._machine = TurnMachine(TurnSettings(server.endpoint))
        self._ear = Ear(server.vad, server.engine, HearingRequest(LANGUAGE, area=AREA))
        self._previews: list[tuple[int, events.PreviewReady]] = []  # from which sample on they are known
        self._heard: dict[int, str] = {}  # by revision
        self._endpoint: events.FinishHearing | None = None

    async def run(self, spoken: Spoken) -> Ended:
        self._post(events.WakeHeard(1, 0, word=False))
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._ear.listen(self._take_partial))
            for start in range(0, len(spoken.sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
                await self._hear(spoken.sound[start : start + FRAME_SAMPLES].tobytes(), start)
                if self._endpoint is not None or self._machine.turn is None:
                    break
            heard = await self._transcript(listening)
        is_right = self._judge.verdict(spoken.clip.text, heard) is Verdict.RIGHT
        if self._endpoint is None:
            return Ended(spoken, heard, is_right, None)
        return Ended(spoken, heard, is_right, self._endpoint.sample, self._endpoint.silence_ms)

    async def _transcript(self, listening: asyncio.Task[Transcript | None]) -> str:
        """What the turn is answered by."""
        if self._endpoint is not None and self._endpoint.known:
            self._ear.stop()
            return self._heard[self._endpoint.revision]
        self._ear.finish(0)
        heard = await listening
        return "" if heard is None else heard.text

    async def _hear(self, pcm: bytes, start: int) -> None:
        for edge in self._ear.take(pcm, start):
            kind = events.SpeechStarted if edge.speaking else events.SpeechEnded
            self._post(kind(1, edge.sample))
        for _ in range(SETTLED):
            await asyncio.sleep(0)
        for known_from, preview in [*self._previews]:
            if self._ear.reached >= known_from:
                self._previews.remove((known_from, preview))
                self._heard[preview.revision] = preview.text
                self._post(preview)
        self._post(events.AudioReached(1, self._ear.reached, self._ear.newest_db))
        while (revision := self._wanted()) is not None:
            await self._preview(revision)

    def _take_partial(self, partial: Partial) -> None:
        hint = self._hints.of(partial.text, finished=partial.finished)
        self._post(events.PartialReady(1, hint.key, hint.completeness))

    async def _preview(self, revision: int) -> None:
        heard = await self._ear.preview()
        hint = self._hints.of(heard.text, finished=heard.finished)
        preview = events.PreviewReady(1, revision, heard.text, hint.key, hint.completeness, heard.spoken)
        self._previews.append((self._ear.reached + self._late, preview))

    def _post(self, event: events.Event) -> None:
        self._machine.receive(event, 0.0)

    def _wanted(self) -> int | None:
        """The revision that the machine wants prepared; an endpoint is noted."""
        wanted = None
        for command in self._machine.commands():
            match command:
                case events.Prepare(_, revision):
                    wanted = revision
                case events.FinishHearing() if self._endpoint is None:
                    self._endpoint = command
        return wanted


# --- pauses ----------------------------------------------------------------------------------------------------------


class Aligner:
    """Where each word of a known text ends in its recording."""

    def __init__(self) -> None:
        self._decoder = Decoder(Config(lm=None, loglevel="FATAL"))

    def ends(self, sound: Samples, said: Sequence[str]) -> list[int] | None:
        """In samples, one for each word; None when it cannot tell."""
        for word in said:
            if self._decoder.lookup_word(word) is None:
                if (phones := pronounce(word)) is None:
                    return None
                self._decoder.add_word(word, phones)
        self._decoder.set_align_text(" ".join(said))
        self._decoder.start_utt()
        self._decoder.process_raw(sound.tobytes(), full_utt=True)
        self._decoder.end_utt()
        per_frame = FRAME_OF_ALIGNMENT_MS * SAMPLES_PER_MS
        found = [
            (segment.word.partition("(")[0], (segment.end_frame + 1) * per_frame)
            for segment in self._decoder.seg() or []
            if segment.word[0] not in "<[+("
        ]
        return [end for _, end in found] if [word for word, _ in found] == list(said) else None


def with_pauses(clip: Clip, aligner: Aligner, hints: Hints) -> Iterator[Spoken]:
    """The command with a pause at one place, for each place."""
    whole = without_pause(clip)
    said = words(clip.text, LANGUAGE)
    ends = aligner.ends(np.frombuffer(clip.pcm, np.int16), said)
    for count, end in enumerate((ends or [])[:-1], start=1):
        before = " ".join(said[:count])
        completeness = hints.of(before).completeness
        if (pause_ms := PAUSES_MS.get(completeness)) is not None:
            pause = pause_ms * SAMPLES_PER_MS
            sound = paused(whole.sound, dip(whole.sound, end), room_of(clip, pause))
            yield Spoken(clip, sound, whole.speech_end + pause, before, completeness)


def without_pause(clip: Clip) -> Spoken:
    assert clip.speech_ms, f"{clip.place}: `speech_ms` is missing"
    sound = np.frombuffer(clip.pcm, np.int16)
    room = room_of(clip, TAIL_MS * SAMPLES_PER_MS)
    return Spoken(clip, paused(sound, len(sound), room), clip.speech_ms[1] * SAMPLES_PER_MS)


def room_of(clip: Clip, samples: int) -> Samples:
    tone = room_tone(np.frombuffer(clip.pcm, np.int16))
    assert tone is not None, f"{clip.place}: there is no room to be heard in it"
    return np.resize(np.concatenate([tone, tone[::-1]]), samples)


def dip(sound: Samples, near: int) -> int:
    """The quietest moment thereabouts."""
    within, window = DIP_WITHIN_MS * SAMPLES_PER_MS, 5 * SAMPLES_PER_MS
    around = np.square(sound[max(0, near - within) : near + within].astype(np.float64))
    quietest = int(np.argmin(np.convolve(around, np.ones(window), "valid")))
    return max(0, near - within) + quietest + window // 2


def paused(sound: Samples, at: int, room: Samples) -> Samples:
    """The room put in, with soft edges: the sound fades into it, and out of it."""
    before, after = sound[:at], sound[at:]
    parts = [part.astype(np.float64) for part in (before, room, after)]
    fade = np.linspace(0, 1, FADE)
    for one, other in pairwise(parts):
        size = min(FADE, len(one), len(other))
        if size:
            end, begin = one[-size:].copy(), other[:size].copy()
            one[-size:] = end * np.sqrt(1 - fade[:size] / 2) + begin[::-1] * np.sqrt(fade[:size] / 2)
            other[:size] = begin * np.sqrt(0.5 + fade[:size] / 2) + end[::-1] * np.sqrt(0.5 - fade[:size] / 2)
    return np.clip(np.rint(np.concatenate(parts)), -32_768, 32_767).astype(np.int16)


# --- all of them -----------------------------------------------------------------------------------------------------


def told(name: str, ended: Sequence[Ended]) -> str:
    """A row: how many were cut off, how long was waited for those that were not."""
    cut_off, early = sum(each.is_cut_off for each in ended), sum(each.is_early for each in ended)
    never, right = sum(each.endpoint is None for each in ended), sum(each.is_right for each in ended)
    rest = [each for each in ended if each.endpoint is not None and not each.is_early]
    s_ms, waited_ms = [each.s_ms for each in rest] or [0], [each.waited_ms for each in rest] or [0]
    return (
        f"{name:28}{len(ended):5}{early:7}{cut_off:9} ({cut_off / len(ended):5.1%}){never:7}{right:7}"
        f"{statistics.mean(s_ms):9.0f}{statistics.mean(waited_ms):9.0f}{statistics.median(waited_ms):9.0f}"
    )


def show(ended: Iterable[Ended]) -> None:
    for each in ended:
        if not each.is_right:
            spoken = each.spoken
            why = "no endpoint" if each.endpoint is None else "cut off" if each.is_cut_off else "misheard"
            place = f"{spoken.pause_after!r} ... ({spoken.completeness.value})" if spoken.pause_after else "no pause"
            print(f"  {why}: {spoken.clip.text!r}, {place}, heard {each.heard!r}, S {each.s_ms} ms")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--late", type=int, default=40, metavar="MS", help="how late a preview's transcript is")
    parser.add_argument("--with", dest="settings", action="append", default=[], metavar="KEY=MS", help="may recur")
    parser.add_argument("--show", action="store_true", help="what was cut off, or misheard")
    given = parser.parse_args()
    other: dict[str, Any] = {key: int(ms) for key, _, ms in (each.partition("=") for each in given.settings)}
    endpoint = replace(EndpointSettings(at_once=language_of(LANGUAGE).at_once), **other)
    with tempfile.TemporaryDirectory() as folder:
        home = await read_home(given.home, Path(folder), LANGUAGE)
        hints = Hints(Path(folder))
        await hints.learn(home.vocabulary)
        vad = choose("vad", EngineChoice()).make(Surroundings(Path(folder), Path(folder)))
    engine, aligner = Engine(Recogniser(compile_automaton(home.vocabulary))), Aligner()
    server = Server(engine, hints, vad, Judge(home.vocabulary, AREA), endpoint, given.late)
    clips = [clip for clip in read_manifest(given.manifest, LANGUAGE) if clip.text]
    whole, paused_ones = list[Ended](), list[Ended]()
    with click.progressbar(clips, label="hearing each command, with pauses", file=sys.stderr) as progress:
        for clip in progress:
            whole.append(await Turn(server).run(without_pause(clip)))
            paused_ones += [await Turn(server).run(spoken) for spoken in with_pauses(clip, aligner, hints)]
    print(f"{'':28}    n  early  cut off          never  right   mean S   waited   median  (ms)")
    print(told("as they are", whole))
    for completeness, pause_ms in PAUSES_MS.items():
        if those := [each for each in paused_ones if each.spoken.completeness is completeness]:
            print(told(f"{pause_ms} ms where {completeness.value}", those))
    if given.show:
        show([*whole, *paused_ones])


if __name__ == "__main__":
    asyncio.run(main())
