"""Work begun before the endpoint is certain: which revision of it there is, and whether it still holds. Pure.

A revision is the transcript of the utterance as it is now, the agent's reply to it, and that reply's first audio. The
endpoint commits it, if what was heard is still the same; more speech discards it. Nothing of it has an effect.
"""

from dataclasses import dataclass
from typing import Final

from roomtone_server.turn.events import PreviewReady

AWAITED_MS: Final = 640  # of audio: a transcript that takes longer is asked for once more, and waited for in the end
MAX_REVISIONS: Final = 3  # of one turn: a restless room must not keep both cores busy


@dataclass(slots=True)
class Speculation:
    """What is prepared for one utterance."""

    revision: int | None = None  # that is being prepared, or is ready
    preview: PreviewReady | None = None  # its transcript, once that is there
    begun_at_ms: int = 0  # of the utterance's audio
    made: int = 0
    _key: str = ""  # of the words it was begun on
    _was_finished: bool = False  # they made a command, and sounded so
    in_pause: bool = False  # speech that resumes makes it worthless: nobody has heard yet what is said

    @property
    def may_begin(self) -> bool:
        return self.revision is None and self.made < MAX_REVISIONS

    @property
    def is_awaited(self) -> bool:
        """Whether a transcript is on its way."""
        return self.revision is not None and self.preview is None

    def begin(self, revision: int, key: str, pause_ms: int, *, at_ms: int, finished: bool) -> None:
        self.revision, self.preview, self._key, self.in_pause = revision, None, key, pause_ms > 0
        self.begun_at_ms, self._was_finished = at_ms, finished
        self.made += 1

    def drop(self) -> int | None:
        """Forgets it; the revision to be discarded, if there was one."""
        revision, self.revision, self.preview = self.revision, None, None
        return revision

    def contradicts(self, key: str, *, finished: bool) -> bool:
        """Whether newer words are others than those that it rests on, or sound finished now, and were turned down when
        they did not. Words that come before its transcript are older than that."""
        if self.preview is None:
            return False
        return self.asked_too_soon(finished=finished) or key != (self.preview.key or self._key)

    def asked_too_soon(self, *, finished: bool) -> bool:
        """Whether its transcript was turned down, and the words sound finished now, but did not then."""
        return self.preview is not None and not self.preview.text and finished and not self._was_finished
