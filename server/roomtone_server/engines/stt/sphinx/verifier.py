"""The verifier's side of the second worker process: a phone loop over the same audio as the recogniser's.

An utterance is decoded once silence follows its words, as the recogniser's result becomes final: when that claims to
have heard a sentence, the phones to compare it with are there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter

from roomtone.ears.formats import FRAME_BYTES, RATE_HZ, SAMPLE_BYTES
from roomtone_server.engines.stt.sphinx.distance import Phones, doubt, is_speech
from roomtone_server.engines.stt.sphinx.messages import MAX_UTTERANCE_BYTES, Message
from roomtone_server.engines.stt.sphinx.phone_loop import PhoneLoop
from roomtone_server.engines.stt.sphinx.recogniser import TOLERANCE_MS, WAKE_LEAD_MS, Claim
from roomtone_server.engines.stt.sphinx.speech import ROOM_AFTER_MS, Stretch, sounds, utterances

LOOK_EVERY_BYTES: Final = 2 * FRAME_BYTES  # so that it decodes before the endpoint
SETTLED_AFTER_MS: Final = ROOM_AFTER_MS - TOLERANCE_MS  # more silence changes the stretch no more

_CLAIM: Final[TypeAdapter[Claim | None]] = TypeAdapter(Claim | None)


@dataclass(slots=True)
class Utterance:
    """One utterance being heard, and the phones of the stretch of it that was decoded last."""

    lead_ms: int
    pcm: bytearray = field(default_factory=bytearray)
    stretch: Stretch | None = None
    phones: Phones | None = None
    due_bytes: int = 0

    def settled(self) -> Stretch | None:
        """What is to be recognised, once silence follows it."""
        self.due_bytes = len(self.pcm) + LOOK_EVERY_BYTES
        pcm = bytes(self.pcm)
        stretches = utterances(pcm, self.lead_ms)
        if not stretches:
            return None
        silence_ms = len(pcm) * 1000 // (RATE_HZ * SAMPLE_BYTES) - sounds(pcm)[-1].end_ms
        return stretches[0] if silence_ms >= SETTLED_AFTER_MS else None

    def phones_of(self, stretch: Stretch, loop: PhoneLoop) -> Phones:
        if self.phones is None or self.stretch is None or not self.stretch.nearly(stretch, TOLERANCE_MS):
            self.phones, self.stretch = loop.phones(stretch.of(bytes(self.pcm))), stretch
        return self.phones

    def verdict(self, claim: Claim | None, loop: PhoneLoop) -> tuple[float | None, bool]:
        """The doubt of a claim, and whether anybody spoke."""
        if claim is not None:
            heard = self.phones_of(claim.stretch, loop)
            return doubt(claim.phones, heard), is_speech(heard)
        stretches = utterances(bytes(self.pcm), self.lead_ms)
        return None, bool(stretches) and is_speech(self.phones_of(stretches[0], loop))

    @property
    def is_due(self) -> bool:
        return len(self.pcm) >= self.due_bytes


class Verifier:
    """Does what messages ask. Raises RuntimeError when pocketsphinx does not load."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._loop = PhoneLoop()
        self._utterances: dict[int, Utterance] = {}
        send(Message({"is": "ready"}))

    def do(self, message: Message) -> None:
        head = message.head
        match head["do"]:
            case "hear":
                self._utterances[head["id"]] = Utterance(WAKE_LEAD_MS if head["wake_phrase"] else 0)
            case "audio" if utterance := self._utterances.get(head["id"]):
                utterance.pcm += message.body[: MAX_UTTERANCE_BYTES - len(utterance.pcm)]
            case "verify":
                self._verify(head["id"], head["asked"], _CLAIM.validate_python(head["claim"]))
            case "close":
                self._utterances.pop(head["id"], None)

    def work(self) -> bool:
        """Looks at one utterance that grew, and decodes it when it seems to have ended; whether there was one."""
        utterance = next((each for each in self._utterances.values() if each.is_due), None)
        if utterance is None:
            return False
        if stretch := utterance.settled():
            utterance.phones_of(stretch, self._loop)
        return True

    def _verify(self, number: int, asked: int, claim: Claim | None) -> None:
        """An utterance that it did not hear, since it was started in the midst of it, is not doubted."""
        utterance = self._utterances.get(number)
        doubted, spoken = utterance.verdict(claim, self._loop) if utterance else (None, True)
        self._send(Message({"is": "verified", "asked": asked, "doubt": doubted, "spoken": spoken}))
