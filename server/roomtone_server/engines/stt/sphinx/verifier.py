"""The verifier's side of the second worker process: a phone loop over the same audio as the recogniser's.

Phones are decoded while the audio comes: when the recogniser claims to have heard a sentence, those to compare it with
are there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from roomtone.ears.formats import FRAME_BYTES
from roomtone_server.engines.stt.sphinx.distance import Segment, doubt, is_speech
from roomtone_server.engines.stt.sphinx.messages import MAX_UTTERANCE_BYTES, Message
from roomtone_server.engines.stt.sphinx.phone_loop import NORMALISED_BY_MS, PhoneLoop
from roomtone_server.engines.stt.sphinx.recogniser import WAKE_LEAD_MS, Claim, claim_of
from roomtone_server.engines.stt.sphinx.speech import Stretch, length_ms, utterances

LOOK_EVERY_BYTES: Final = 5 * FRAME_BYTES  # then a verdict has at most so much left to decode
# What loudness says of the start moves by so much as an utterance grows; a click that was taken for it lies farther.
SAME_START_MS: Final = 200


@dataclass(slots=True)
class Utterance:
    """One utterance being heard, and a loop that hears it from where its speech begins."""

    lead_ms: int
    pcm: bytearray = field(default_factory=bytearray)
    loop: PhoneLoop = field(default_factory=PhoneLoop)
    start_ms: int | None = None  # where the loop began
    normalised_by_ms: int = 0  # how much it had then
    heard_bytes: int = 0
    due_bytes: int = LOOK_EVERY_BYTES

    @property
    def is_due(self) -> bool:
        return len(self.pcm) >= self.due_bytes

    @property
    def length_ms(self) -> int:
        return length_ms(self.pcm)

    def listen(self) -> None:
        """Decodes what has come since, once enough has to normalise it."""
        self.due_bytes = len(self.pcm) + LOOK_EVERY_BYTES
        stretches = utterances(bytes(self.pcm), self.lead_ms)
        if stretches and self.length_ms - stretches[0].start_ms >= NORMALISED_BY_MS:
            self._hear(stretches[0].start_ms)

    def verdict(self, claim: Claim | None) -> tuple[float | None, bool]:
        """The doubt of a claim, and whether anybody spoke."""
        if claim is not None:
            heard = self._hear(claim.stretch.start_ms)
            return doubt(claim.segments, heard), is_speech(heard)
        stretches = utterances(bytes(self.pcm), self.lead_ms)
        return None, bool(stretches) and is_speech(self._hear(stretches[0].start_ms))

    def _hear(self, start_ms: int) -> list[Segment]:
        """What is heard from there on, up to now.

        As long as there was too little to normalise a short word by, it is heard anew with what has come: else the
        first who asked would decide for all who ask later.
        """
        has_moved = self.start_ms is None or abs(start_ms - self.start_ms) > SAME_START_MS
        has_grown = self.normalised_by_ms < NORMALISED_BY_MS and self.heard_bytes < len(self.pcm)
        if has_moved or has_grown:
            stretch = Stretch(start_ms, self.length_ms)
            self.start_ms, self.normalised_by_ms = start_ms, stretch.length_ms
            self.loop.begin(stretch.of(bytes(self.pcm)), start_ms)
        else:
            self.loop.hear(bytes(self.pcm[self.heard_bytes :]))
        self.heard_bytes = len(self.pcm)
        return self.loop.segments()


class Verifier:
    """Does what messages ask. Raises RuntimeError when pocketsphinx does not load."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._utterances: dict[int, Utterance] = {}
        self._spare = PhoneLoop()  # one takes a dozen milliseconds to make: now, not when somebody speaks
        send(Message({"is": "ready"}))

    def do(self, message: Message) -> None:
        head = message.head
        match head["do"]:
            case "hear":
                is_busy = any(each.loop is self._spare for each in self._utterances.values())
                loop = PhoneLoop() if is_busy else self._spare
                self._utterances[head["id"]] = Utterance(WAKE_LEAD_MS if head["wake_phrase"] else 0, loop=loop)
            case "audio" if utterance := self._utterances.get(head["id"]):
                utterance.pcm += message.body[: MAX_UTTERANCE_BYTES - len(utterance.pcm)]
            case "verify":
                self._verify(head["id"], head["asked"], claim_of(head["claim"]))
            case "close":
                self._utterances.pop(head["id"], None)

    def work(self) -> bool:
        """Decodes what came of one utterance; whether there was one that grew."""
        utterance = next((each for each in self._utterances.values() if each.is_due), None)
        if utterance is not None:
            utterance.listen()
        return utterance is not None

    def _verify(self, number: int, asked: int, claim: Claim | None) -> None:
        """An utterance that it did not hear, since it was started in the midst of it, is not doubted."""
        utterance = self._utterances.get(number)
        doubted, spoken = utterance.verdict(claim) if utterance else (None, True)
        self._send(Message({"is": "verified", "asked": asked, "doubt": doubted, "spoken": spoken}))
