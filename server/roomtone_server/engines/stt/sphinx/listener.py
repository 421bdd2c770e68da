"""The recogniser's side of the first worker process.

One decoder serves all utterances, each decoded as a whole every now and then while it grows: the mean of all that was
said so far normalises better than a running one, and once there is silence behind the words the result is final before
anyone asks for it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from roomtone.ears.formats import FRAME_MS, SAMPLE_BYTES
from roomtone_server.engines.stt import automata
from roomtone_server.engines.stt.sphinx.messages import MAX_UTTERANCE_BYTES, Message
from roomtone_server.engines.stt.sphinx.recogniser import TOLERANCE_MS, Recognised, Recogniser, likely
from roomtone_server.engines.stt.sphinx.speech import ROOM_AFTER_MS, Stretch, length_ms, sounds
from roomtone_server.grammar.automaton import Completeness

# While it sounds, an utterance is decoded anew, for a better mean, when it has grown by this much, and by many times as
# long as that takes: it may use a small part of one core, whatever the machine.
MIN_GROWTH_MS: Final = 600
GROWTH_PER_DECODING: Final = 40.0
# The mean of so much is good enough to go on with: by it as many recorded commands are heard right as by that of all
# their speech.
ENOUGH_MS: Final = 1500
# In a pause, what has no such mean is decoded anew. It is followed until it sounds finished. Where it does not for so
# long, or makes no sentence, it is looked at once more: its mean changes until so much silence follows that more would
# change the stretch no more.
PAUSE_MS: Final = 100
LOST_MS: Final = 120
STALE_MS: Final = 400
SETTLED_MS: Final = ROOM_AFTER_MS - TOLERANCE_MS
LOOK_MS: Final = 60  # while there is no pause


@dataclass(slots=True)
class Utterance:
    """One utterance being heard; it keeps the words that its home had when it began."""

    recogniser: Recogniser
    wake_phrase: str
    pcm: bytearray = field(default_factory=bytearray)
    heard: Recognised | None = None  # the best that is known
    followed: Recognised | None = None  # what was decoded last; the decoder may be in the midst of it
    sent: tuple[str, bool] = ("", False)
    grown_ms: float = MIN_GROWTH_MS  # the length at which it is decoded anew, while it sounds
    sense_ms: int = 0  # the length at which it was decoded last, or made a sentence
    due_ms: float = 0.0  # the length at which to look again

    def hear(self, *, ahead: bool = False) -> None:
        """Makes the most of what there is; `ahead`: less, where more words are likely to come."""
        stretches = self._likely()
        if not stretches:
            self.heard = None
        elif self.heard is None or not self._is_known(self.heard, stretches[0]):
            self._look_again(stretches[0], in_haste=ahead and self._pause_ms() < PAUSE_MS)

    def _is_known(self, heard: Recognised, stretch: Stretch) -> bool:
        return heard.is_sentence and heard.stretch.nearly(stretch, TOLERANCE_MS)

    def _look_again(self, stretch: Stretch, *, in_haste: bool) -> None:
        followed = self._amid
        if followed is not None and followed.stretch.nearly(stretch, TOLERANCE_MS):
            if in_haste and self._has_enough(stretch):
                self.heard = followed
                return
            self.heard = self.recogniser.conclude(followed)
            if self.heard.is_sentence:
                return
        with self._decoding():
            found = self.recogniser.recognise(bytes(self.pcm), self.wake_phrase, in_haste=in_haste)
            self.heard = self.followed = found

    def hear_ahead(self) -> None:
        """Decodes what there is if that is worth it: it has grown, or may be over."""
        pause_ms, is_followed = self._pause_ms(), False
        if stretches := self._likely():
            if self._is_worth_decoding(stretches[0], pause_ms):
                if not self._has_ended(pause_ms):
                    with self._decoding():
                        self.followed = self.recogniser.begin(bytes(self.pcm), self.wake_phrase)
            elif (followed := self._amid) and (pause_ms >= PAUSE_MS or self._has_enough(stretches[0])):
                self.followed = self._follow(followed, pause_ms)
            self._note(pause_ms)
            is_followed = pause_ms >= PAUSE_MS and self._amid is not None and not self._is_over(pause_ms)
        self.due_ms = self.length_ms + (FRAME_MS if is_followed else LOOK_MS)

    def _is_worth_decoding(self, stretch: Stretch, pause_ms: int) -> bool:
        """Whether to decode all of it anew."""
        followed, end_ms = self.followed, self.length_ms - pause_ms
        mean_until_ms = followed.mean_until_ms if followed is not None else 0
        if pause_ms < PAUSE_MS:
            enough_ms = stretch.start_ms + ENOUGH_MS
            due_ms = min(self.grown_ms, enough_ms) if mean_until_ms < enough_ms else self.grown_ms
            return self.length_ms >= due_ms and not self._has_enough(stretch)
        if mean_until_ms < end_ms - TOLERANCE_MS and not self._has_enough(stretch):
            return True
        if self._is_over(pause_ms) or mean_until_ms >= end_ms + SETTLED_MS:
            return False
        if self._amid is not None:
            return pause_ms >= STALE_MS
        return self.length_ms >= self.sense_ms + LOST_MS

    def _has_ended(self, pause_ms: int) -> bool:
        """Whether what was followed long enough is as likely to have ended as to go on: that is known at once."""
        if (followed := self._amid) is None or pause_ms < STALE_MS:
            return False
        self.followed = self.recogniser.follow(bytes(self.pcm), followed)
        if not self.followed.is_finished:
            self.followed = self.recogniser.conclude(self.followed)
        return self.followed.is_finished

    def _follow(self, followed: Recognised, pause_ms: int) -> Recognised:
        """What it is by now. What has made no sentence for long is taken for something that has ended."""
        grown = self.recogniser.follow(bytes(self.pcm), followed)
        pause_began_ms = self.length_ms - pause_ms + PAUSE_MS
        if grown.is_sentence:
            self.sense_ms = self.length_ms
        elif self.length_ms >= max(self.sense_ms, pause_began_ms) + LOST_MS:
            return self._settled(grown)
        return grown

    def _settled(self, followed: Recognised) -> Recognised:
        """The likeliest sentence, or else a beginning: the likeliest stretch may be only the end of it."""
        self.sense_ms = self.length_ms
        concluded = self.recogniser.conclude(followed)
        if concluded.is_sentence or len(self._likely()) == 1:
            return concluded
        with self._decoding():
            return self.recogniser.recognise(bytes(self.pcm), self.wake_phrase) or concluded

    def _note(self, pause_ms: int) -> None:
        """In a pause a sentence is known until a better one is."""
        if self.followed is not None and (
            self.followed.is_sentence
            or self.heard is None
            or pause_ms < PAUSE_MS
            or self.heard.stretch.end_ms < self.length_ms - pause_ms - TOLERANCE_MS
        ):
            self.heard = self.followed

    def _is_over(self, pause_ms: int) -> bool:
        """Whether all that was said sounds like a sentence that has ended."""
        said_ms = self.length_ms - pause_ms - TOLERANCE_MS
        return self.heard is not None and self.heard.is_finished and self.heard.stretch.end_ms >= said_ms

    def _has_enough(self, stretch: Stretch) -> bool:
        """Whether the decoder is in the midst of it, by a mean that is good enough."""
        if (followed := self._amid) is None or abs(followed.stretch.start_ms - stretch.start_ms) > TOLERANCE_MS:
            return False
        return followed.mean_until_ms >= stretch.start_ms + ENOUGH_MS

    @property
    def _amid(self) -> Recognised | None:
        """What the decoder is in the midst of, where that is of this utterance."""
        return self.followed if self.recogniser.is_amid(self.followed) else None

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        began = time.process_time()  # of this process: others make it no slower
        yield
        took_ms = (time.process_time() - began) * 1000
        self.grown_ms = self.length_ms + max(MIN_GROWTH_MS, GROWTH_PER_DECODING * took_ms)
        self.sense_ms = self.length_ms

    def _likely(self) -> list[Stretch]:
        return likely(bytes(self.pcm), self.wake_phrase)

    def _pause_ms(self) -> int:
        """How much silence there is behind the last sound."""
        found = sounds(bytes(self.pcm))
        return self.length_ms - found[-1].end_ms if found else 0

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
                utterance.hear(ahead=head["ahead"])
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
