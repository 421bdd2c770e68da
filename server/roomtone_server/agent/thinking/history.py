"""What was said in each conversation, as a language model is told of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from roomtone_server.agent.base import Request
from roomtone_server.engines.base import ChatMessage

# What makes up new conversations all day must not fill the memory.
MAX_CONVERSATIONS: Final = 64
# Of each conversation, the oldest exchanges beyond these are forgotten. Some four characters make a token: this much is
# a quarter of a context of 8,192 tokens, beside the home, its tools, and what they return.
MAX_EXCHANGES: Final = 40
MAX_CHARACTERS: Final = 8_000
# Nobody says more in one breath; what a recogniser makes of an evening's television must not fill the prompt.
MAX_REQUEST_CHARACTERS: Final = 2_000

INTERRUPTED: Final = "[interrupted by the user]"
# Models are used to answers: each exchange ends with one.
NOTHING_SAID: Final = "[nothing was said]"

# A request, and all that came of it: an exchange is kept or forgotten whole, so that no call loses its result.
Exchange = tuple[ChatMessage, ...]


@dataclass(slots=True)
class _Conversation:
    exchanges: list[Exchange]
    until: float


class History:
    """Each conversation until there was silence for so long. A request of none has no history."""

    def __init__(self, lasts_s: float, monotonic: Callable[[], float]) -> None:
        self._lasts_s = lasts_s
        self._monotonic = monotonic
        self._conversations: dict[str, _Conversation] = {}

    def messages(self, request: Request) -> Sequence[ChatMessage]:
        """The oldest first."""
        found = self._find(request)
        return [] if found is None else [message for exchange in found.exchanges for message in exchange]

    def note(self, request: Request, answer: Sequence[ChatMessage]) -> None:
        """Keeps what was said, and what came of it; beyond the limits the oldest is forgotten."""
        if not request.conversation:
            return
        found = self._find(request)
        last = () if answer and _is_said(answer[-1]) else (ChatMessage("assistant", NOTHING_SAID),)
        exchanges = [*(found.exchanges if found else ()), (_request(request.text), *answer, *last)]
        self._conversations.pop(request.conversation, None)
        while len(self._conversations) >= MAX_CONVERSATIONS:
            del self._conversations[next(iter(self._conversations))]
        self._conversations[request.conversation] = _Conversation(
            _trimmed(exchanges), self._monotonic() + self._lasts_s
        )

    def cut_short(self, request: Request) -> None:
        """Of the last reply, if that is what was interrupted, keeps what was heard of it."""
        found = self._find(request)
        if found is None or request.cut_short is None:
            return
        *before, last = found.exchanges[-1]
        if last.text == NOTHING_SAID or _letters(last.text).startswith(_letters(request.cut_short)):
            heard = f"{request.cut_short} {INTERRUPTED}".lstrip()
            found.exchanges[-1] = (*before, replace(last, text=heard))

    def forget(self, request: Request) -> None:
        """Nothing of the conversation is left."""
        self._conversations.pop(request.conversation, None)

    def going_on(self) -> Iterator[tuple[str, Sequence[Exchange], float]]:
        """Each conversation that is remembered, and for how many seconds yet."""
        for conversation, found in self._conversations.items():
            if (left_s := found.until - self._monotonic()) >= 0:
                yield conversation, found.exchanges, left_s

    def take_up(self, conversation: str, exchanges: Sequence[Exchange], left_s: float) -> None:
        """A conversation of before; one that is over by now is forgotten."""
        if conversation and exchanges and len(self._conversations) < MAX_CONVERSATIONS:
            until = self._monotonic() + min(left_s, self._lasts_s)
            self._conversations[conversation] = _Conversation(_trimmed(list(exchanges)), until)

    def _find(self, request: Request) -> _Conversation | None:
        found = self._conversations.get(request.conversation)
        return found if found is not None and self._monotonic() <= found.until else None


def _request(text: str) -> ChatMessage:
    return ChatMessage("user", text[:MAX_REQUEST_CHARACTERS])


def _trimmed(exchanges: list[Exchange]) -> list[Exchange]:
    """The newest that fit; of a last one that does not, what was said."""
    kept = exchanges[-MAX_EXCHANGES:]
    if _characters(kept[-1]) > MAX_CHARACTERS:
        asked, *_, answered = kept[-1]
        kept[-1] = (asked, replace(answered, text=answered.text[:MAX_CHARACTERS]))
    while len(kept) > 1 and sum(map(_characters, kept)) > MAX_CHARACTERS:
        del kept[0]
    return kept


def _characters(exchange: Exchange) -> int:
    return sum(len(each.text) + sum(len(call.arguments) for call in each.calls) for each in exchange)


def _is_said(message: ChatMessage) -> bool:
    return message.role == "assistant" and not message.calls


def _letters(text: str) -> str:
    """What is heard of a text; its marks are not."""
    return "".join(filter(str.isalnum, text))
