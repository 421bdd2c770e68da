"""Text that another program wants read aloud: cut where a conversation would cut it, so that what was spoken ahead is
found again.
"""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from dataclasses import replace

from roomtone_server.engines.base import SpeechRequest
from roomtone_server.runtime.replies import Replies
from roomtone_server.turn.sentences import SentenceSplitter


async def read_aloud(tts: Replies, texts: AsyncIterable[str], manner: SpeechRequest) -> AsyncGenerator[bytes, None]:
    """Audio as the text comes, in chunks of at most 100 ms at the voice's rate; `manner` says everything but the text.
    Raises EngineError."""
    splitter = SentenceSplitter(manner.language)
    async for text in texts:
        for piece in splitter.feed(text):
            async with aclosing(tts.speak(replace(manner, text=piece))) as chunks:
                async for pcm in chunks:
                    yield pcm
    for piece in splitter.finish():
        async with aclosing(tts.speak(replace(manner, text=piece))) as chunks:
            async for pcm in chunks:
                yield pcm
