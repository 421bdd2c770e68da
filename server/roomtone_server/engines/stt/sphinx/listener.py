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

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone_server.engines.stt import automata
from roomtone_server.engines.stt.sphinx.messages import MAX_UTTERANCE_BYTES, Message
from roomtone_server.engines.stt.sphinx.recogniser import TOLERANCE_MS, Recognised, Recogniser
from roomtone_server.engines.stt.sphinx.speech import ROOM_AFTER_MS, length_ms, sounds
from roomtone_server.grammar.automaton import Completeness

# An utterance is decoded again when it has grown by this much, and by many times as long as that takes: it may use a
# small part of one core, whatever the machine.
MIN_GROWTH_S: Final = 0.6
GROWTH_PER_DECODING: Final = 40.0
# And once when so much silence follows it that more changes the stretch no more: it is final before anyone asks.
SETTLED_AFTER_MS: Final = ROOM_AFTER_MS
PAUSE_MS: Final = 100  # so much silence is not decoded before it has settled
LOOK_MS: Final = 60


@dataclass(slots=True)
class Utterance:
    """One utterance being heard; it keeps the words that its home had when it began."""

    recogniser: Recogniser
    wake_phrase: str
    pcm: bytearray = field(default_factory=bytearray)
    heard: Recognised | None = None
    is_thorough: bool = False  # what was heard is no guess
    sent: str = ""
    grown_ms: float = MIN_GROWTH_S * 1000  # the length at which it is decoded again
    settled_ms: int | None = None  # the end of the last sound, when it was decoded with the silence behind it
    due_ms: float = 0.0  # the length at which to look again

    def hear(self, *, in_haste: bool = False) -> None:
        """Decodes what there is."""
        began = time.process_time()  # of this process: others make it no slower
        before = self.heard if in_haste or self.is_thorough or (self.heard and self.heard.is_sentence) else None
        self.heard = self.recogniser.recognise(bytes(self.pcm), self.wake_phrase, before, in_haste=in_haste)
        self.is_thorough = not in_haste
        growth_s = max(MIN_GROWTH_S, GROWTH_PER_DECODING * (time.process_time() - began))
        self.grown_ms = self.length_ms + growth_s * 1000

    def hear_ahead(self) -> bool:
        """Decodes what there is if that is worth it: it has grown, and not by silence, or settled; whether it did."""
        found = sounds(bytes(self.pcm))
        end_ms = found[-1].end_ms if found else 0
        is_settled = bool(found) and self.length_ms >= end_ms + SETTLED_AFTER_MS
        is_new = self.settled_ms is None or abs(end_ms - self.settled_ms) > TOLERANCE_MS
        has_grown = self.length_ms >= self.grown_ms and self.length_ms < end_ms + PAUSE_MS
        is_worth_it = has_grown or (is_settled and is_new)
        if is_worth_it:
            self.hear(in_haste=not is_settled)
        if is_settled:
            self.settled_ms = end_ms
        self.due_ms = max(self.grown_ms, self.length_ms + LOOK_MS)
        if found and not is_settled:
            self.due_ms = min(self.due_ms, end_ms + SETTLED_AFTER_MS)
        return is_worth_it

    @property
    def length_ms(self) -> int:
        return length_ms(self.pcm)

    @property
    def is_due(self) -> bool:
        return self.length_ms >= self.due_ms

    def partial(self) -> str | None:
        """What was heard, when it is news and may become a sentence."""
        text = self.heard.text if self.heard is not None else ""
        if not text or text == self.sent or self.recogniser.automaton.hint(text) is Completeness.IMPOSSIBLE:
            return None
        self.sent = text
        return text

    def transcript(self) -> dict[str, Any]:
        """What was heard, when that is a whole sentence; as in messages.py."""
        if self.heard is None:
            return {"sounds": False, "text": "", "claim": None}
        if not self.heard.is_sentence:
            return {"sounds": True, "text": "", "claim": None}
        return {"sounds": True, "text": self.heard.text, "claim": asdict(self.heard.claim)}


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
        if utterance.hear_ahead() and (text := utterance.partial()):
            samples = len(utterance.pcm) // SAMPLE_BYTES
            self._send(Message({"is": "partial", "id": number, "text": text, "samples": samples}))
        return True

    def _learn(self, head: Mapping[str, Any]) -> None:
        file = Path(head["file"])
        self._recogniser = Recogniser(automata.read(file) or automata.make(file, head["vocabulary"]))
        for wake_phrase in head["wake_phrases"]:
            self._recogniser.listen_for(wake_phrase)
        self._send(Message({"is": "learned", "unsayable": sorted(self._recogniser.unsayable)}))
