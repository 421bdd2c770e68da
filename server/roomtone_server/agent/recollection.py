"""What the agent remembers of each conversation for a while: what it asked, what it was about, what it did and said."""

from collections.abc import Callable

from roomtone_server.agent.base import Request
from roomtone_server.agent.confirmation import OpenQuestions
from roomtone_server.agent.context import Context
from roomtone_server.agent.deeds import together
from roomtone_server.agent.planning import Deed
from roomtone_server.agent.ready import Ready
from roomtone_server.agent.recent import Recent
from roomtone_server.agent.settings import AgentSettings


class Recollection:
    """All of it is in memory only, and bounded."""

    def __init__(self, settings: AgentSettings, monotonic: Callable[[], float]) -> None:
        self.questions: OpenQuestions[Ready] = OpenQuestions(settings.confirm_within_s, monotonic)
        self.context = Context(settings.context_lasts_s, monotonic)
        self._deeds: Recent[tuple[Request, Deed]] = Recent(settings.context_lasts_s, monotonic)
        self._replies: Recent[str] = Recent(settings.context_lasts_s, monotonic)

    def note_deed(self, request: Request, deed: Deed) -> None:
        """All that one request does is taken back together."""
        last_request, last = self._deeds.find(request.conversation) or (None, None)
        if last is not None and last_request is request:
            deed = together(last, deed)
        self._deeds.note(request.conversation, (request, deed))

    def last_deed(self, request: Request) -> Deed | None:
        """Of the conversation."""
        found = self._deeds.find(request.conversation)
        return None if found is None else found[1]

    def forget_deed(self, request: Request) -> None:
        self._deeds.forget(request.conversation)

    def note_reply(self, request: Request, text: str) -> None:
        self._replies.note(_listener(request), text)

    def last_reply(self, request: Request) -> str:
        """Empty when nothing was said lately."""
        return self._replies.find(_listener(request)) or ""


def _listener(request: Request) -> str:
    """To whom a reply is given: the satellite that says it, or the conversation in which it is written."""
    return request.satellite or request.conversation
