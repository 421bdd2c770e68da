"""Conversations over a restart, for who wants that: written when the server stops, and gone once they were read."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from pydantic import TypeAdapter, ValidationError

from roomtone_server.agent.clocks import SYSTEM_CLOCKS
from roomtone_server.agent.thinking.history import Exchange, History
from roomtone_server.store.base import ConversationStore, StoredConversation

_LOGGER: Final = logging.getLogger(__name__)

_EXCHANGES: Final = TypeAdapter(list[Exchange])


@asynccontextmanager
async def over_restarts(
    history: History, store: ConversationStore, *, persists: bool, wall: Callable[[], float] = SYSTEM_CLOCKS.wall
) -> AsyncIterator[None]:
    """Within it the history goes on where it ended; what a server that died had in memory is lost. Without `persists`
    it begins anew, and nothing of earlier days stays in the store. Raises StoreError."""
    stored = await store.list()
    await store.clear()
    for each in stored if persists else ():
        try:
            history.take_up(each.id, _EXCHANGES.validate_json(each.exchanges), left_s=each.until - wall())
        except ValidationError:
            _LOGGER.warning("a conversation that was kept cannot be read, and is forgotten")
    yield
    for conversation, exchanges, left_s in history.going_on() if persists else ():
        kept = _EXCHANGES.dump_json(list(exchanges)).decode()
        await store.save(StoredConversation(conversation, kept, wall() + left_s))
