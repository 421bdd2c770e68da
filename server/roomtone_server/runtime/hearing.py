"""One turn's utterance, from its audio to what the turn machine is told of it: edges of speech, words, transcripts."""

from collections.abc import Callable
from typing import Protocol

from roomtone.ears.vad.edges import SpeechEdge
from roomtone_server.engines.base import Partial, Transcript
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.listening import Ear
from roomtone_server.turn import events as turn


class Witness(Protocol):
    """Who is told what was heard, each time before the machine is."""

    def edge_found(self, turn_id: int, edge: SpeechEdge) -> None: ...

    def words_heard(self, turn_id: int, heard: Partial) -> str:
        """The words that count of it."""

    def transcribed(self, turn_id: int, revision: int, heard: Transcript) -> Transcript:
        """What counts of it."""


class Utterance:
    """Heard in one turn. Feed it to `take`, and run `listen` beside that until it is finished."""

    def __init__(
        self, turn_id: int, ear: Ear, hints: Hints, witness: Witness, post: Callable[[turn.Event], None]
    ) -> None:
        self.turn = turn_id
        self.ear = ear
        self._hints = hints
        self._witness = witness
        self._post = post
        self._is_over = False

    def take(self, pcm: bytes, first_sample: int) -> None:
        """The next audio. Raises EngineError when the recogniser is far behind."""
        for edge in self.ear.take(pcm, first_sample):
            self._witness.edge_found(self.turn, edge)
            kind = turn.SpeechStarted if edge.speaking else turn.SpeechEnded
            self._post(kind(self.turn, edge.sample))
        self._post(turn.AudioReached(self.turn, self.ear.reached, self.ear.newest_db))

    def finish(self, revision: int, *, known: bool) -> None:
        """The endpoint: `listen` settles the transcript as this revision, or ends where that is known."""
        self.ear.stop() if known else self.ear.finish(revision)
        self.give_up()

    def give_up(self) -> None:
        """Its words are of no use any more; those that the recogniser has yet to say too."""
        self._is_over = True

    async def listen(self) -> None:
        """Tells of words as they are heard, and in the end of the transcript. Raises EngineError."""
        heard = await self.ear.listen(self._show)
        if heard is not None:
            heard = self._witness.transcribed(self.turn, self.ear.revision, heard)
            self._post(turn.FinalReady(self.turn, self.ear.revision, heard.text, heard.spoken))

    async def preview(self, revision: int) -> Transcript:
        """The transcript of what was said so far, when it has been told as this revision. Raises EngineError."""
        heard = self._witness.transcribed(self.turn, revision, await self.ear.preview())
        hint = self._hints.of(heard.text, finished=heard.finished)
        self._post(turn.PreviewReady(self.turn, revision, heard.text, hint.key, hint.completeness, heard.spoken))
        return heard

    def _show(self, heard: Partial) -> None:
        if self._is_over:
            return
        hint = self._hints.of(self._witness.words_heard(self.turn, heard), finished=heard.finished)
        self._post(turn.PartialReady(self.turn, hint.key, hint.completeness))
