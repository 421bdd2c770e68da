"""The recogniser's side of the first worker process.

One decoder serves all utterances, each decoded as a whole every now and then while it grows: the mean of all that was
said so far normalises better than a running one, and once there is silence behind the words the result is final before
anyone asks for it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from roomtone.ears.formats import FRAME_MS, SAMPLE_BYTES
from roomtone_server.engines.stt import automata
from roomtone_server.engines.stt.sphinx.messages import MAX_UTTERANCE_BYTES, Message
from roomtone_server.engines.stt.sphinx.recogniser import TOLERANCE_MS, Recognised, Recogniser
from roomtone_server.engines.stt.sphinx.speech import ROOM_AFTER_MS, length_ms, sounds
from roomtone_server.grammar.automaton import Completeness

# An utterance is decoded again when it has grown by this much, and by many times as long as that takes: it may use a
# small part of one core, whatever the machine.
MIN_GROWTH_MS: Final = 600
GROWTH_PER_DECODING: Final = 40.0
# In a pause it is decoded as a whole once more, and followed until it sounds finished; every now and then as a whole
# again, for its mean changes, until so much silence follows that more changes the stretch no more: soon where what is
# followed makes no sentence, or cannot be.
PAUSE_MS: Final = 100
LOST_MS: Final = 120
MIN_FOLLOWED_MS: Final = 200
FOLLOWED_PER_DECODING: Final = 5.0  # meanwhile nothing is followed
SETTLED_AFTER_MS: Final = ROOM_AFTER_MS
LOOK_MS: Final = 60  # while there is nothing to follow


@dataclass(slots=True)
class Utterance:
    """One utterance being heard; it keeps the words that its home had when it began."""

    recogniser: Recogniser
    wake_phrase: str
    pcm: bytearray = field(default_factory=bytearray)
    heard: Recognised | None = None
    is_thorough: bool = False  # what was heard is no guess
    sent: tuple[str, bool] = ("", False)
    grown_ms: float = MIN_GROWTH_MS  # the length at which it is decoded again, while it sounds
    followed_ms: float = 0.0  # and in a pause
    heard_ms: int = 0  # the length at which it was decoded last
    due_ms: float = 0.0  # the length at which to look again

    def hear(self, *, in_haste: bool = False, anew: bool = False) -> None:
        """Decodes what there is; `anew`: even if next to nothing was said since the last time."""
        began = time.process_time()  # of this process: others make it no slower
        holds = in_haste or self.is_thorough or (self.heard is not None and self.heard.is_sentence)
        before = self.heard if holds and not anew else None
        self.heard = self.recogniser.recognise(bytes(self.pcm), self.wake_phrase, before, in_haste=in_haste)
        self.is_thorough = not in_haste
        if self.heard is not before:
            self.heard_ms = self.length_ms
        took_ms = (time.process_time() - began) * 1000
        self.grown_ms = self.length_ms + max(MIN_GROWTH_MS, GROWTH_PER_DECODING * took_ms)
        self.followed_ms = self.length_ms + max(MIN_FOLLOWED_MS, FOLLOWED_PER_DECODING * took_ms)

    def hear_ahead(self) -> None:
        """Decodes what there is if that is worth it: it has grown, or may be over."""
        found = sounds(bytes(self.pcm))
        end_ms = found[-1].end_ms if found else 0
        pauses = self.length_ms >= end_ms + PAUSE_MS
        is_followed = False
        if not pauses and self.length_ms >= self.grown_ms:
            self.hear(in_haste=True)
        elif pauses and found:
            is_followed = self._hear_pause(end_ms)
        self.due_ms = self.length_ms + (FRAME_MS if is_followed else LOOK_MS)

    def _hear_pause(self, end_ms: int) -> bool:
        """The last sound ended there. Whether the next frame of silence may tell more."""
        settled_ms = end_ms + SETTLED_AFTER_MS
        heard_ms = self.heard.stretch.end_ms if self.heard is not None and self.is_thorough else 0
        if self.heard is None or heard_ms < end_ms - TOLERANCE_MS:
            self.hear(anew=True)
        elif self.heard.is_finished or heard_ms >= settled_ms - TOLERANCE_MS:
            return False
        elif self.length_ms >= min(self.followed_ms, settled_ms):
            self.hear(anew=True)
        elif not self._follow(self.heard):
            self.followed_ms = min(self.followed_ms, self.heard_ms + LOST_MS)
        return True

    def _follow(self, heard: Recognised) -> bool:
        """Whether what is followed makes a sentence. To follow what the decoder has left would cost as much as to
        decode it once more by a newer mean, and tell less."""
        if not self.recogniser.is_amid(heard):
            return False
        followed = self.recogniser.follow(bytes(self.pcm), self.wake_phrase, heard)
        if followed.is_finished:
            self.heard = followed
        return followed.is_sentence

    @property
    def length_ms(self) -> int:
        return length_ms(self.pcm)

    @property
    def is_due(self) -> bool:
        return self.length_ms >= self.due_ms

    def partial(self) -> dict[str, Any] | None:
        """What was heard, when it is news and may become a sentence; as in messages.py."""
        if self.heard is None or self.recogniser.automaton.hint(self.heard.text) is Completeness.IMPOSSIBLE:
            return None
        news = (self.heard.text, self.heard.is_finished)
        if not self.heard.text or news == self.sent:
            return None
        self.sent = news
        samples = len(self.pcm) // SAMPLE_BYTES
        return {"text": self.heard.text, "finished": self.heard.is_finished, "samples": samples}

    def transcript(self) -> dict[str, Any]:
        """What was heard, when that is a whole sentence; as in messages.py."""
        if self.heard is None:
            return {"sounds": False, "text": "", "finished": True, "claim": None}
        if not self.heard.is_sentence:
            return {"sounds": True, "text": "", "finished": False, "claim": None}
        claim = asdict(self.heard.claim)
        return {"sounds": True, "text": self.heard.text, "finished": self.heard.is_finished, "claim": claim}


class Listener:
    """Does what messages ask; decoding for partials waits until none is left unread."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._recogniser: Recogniser | None = None
        self._utterances: dict[int, Utterance] = {}

    def do(self, message: Message) -> None:
        head = message.head
        match head["do"]:
            case "learn":
                self._learn(head)
            case "hear":
                assert self._recogniser is not None, "the engine teaches before it asks"
                self._recogniser.listen_for(head["wake_phrase"])
                self._utterances[head["id"]] = Utterance(self._recogniser, head["wake_phrase"])
            case "audio" if utterance := self._utterances.get(head["id"]):
                utterance.pcm += message.body[: MAX_UTTERANCE_BYTES - len(utterance.pcm)]
            case "transcribe" if utterance := self._utterances.get(head["id"]):
                utterance.hear()
                self._send(Message({"is": "transcript", "id": head["id"], **utterance.transcript()}))
            case "close":
                self._utterances.pop(head["id"], None)

    def work(self) -> bool:
        """Looks at one utterance that is due; whether there was one."""
        number = next((number for number, utterance in self._utterances.items() if utterance.is_due), None)
        if number is None:
            return False
        # Behind the others, so that none starves.
        utterance = self._utterances[number] = self._utterances.pop(number)
        utterance.hear_ahead()
        if partial := utterance.partial():
            self._send(Message({"is": "partial", "id": number, **partial}))
        return True

    def _learn(self, head: Mapping[str, Any]) -> None:
        file = Path(head["file"])
        self._recogniser = Recogniser(automata.read(file) or automata.make(file, head["vocabulary"]))
        for wake_phrase in head["wake_phrases"]:
            self._recogniser.listen_for(wake_phrase)
        self._send(Message({"is": "learned", "unsayable": sorted(self._recogniser.unsayable)}))
