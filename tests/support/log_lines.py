"""What a module logs, as it comes, to be waited for."""

import asyncio
import contextlib
import logging


class LogLines(logging.Handler):
    PATIENCE_S = 30  # of a test, for what is about to happen

    def __init__(self):
        super().__init__()
        self._lines = asyncio.Queue()

    def emit(self, record):
        self._lines.put_nowait(record.getMessage())

    async def says(self, words):
        """The next line with these words."""
        async with asyncio.timeout(self.PATIENCE_S):
            while words not in (line := await self._lines.get()):
                pass
        return line


@contextlib.contextmanager
def log_lines(module):
    """From INFO on, those that are logged in this event loop."""
    lines, logger = LogLines(), logging.getLogger(module.__name__)
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(lines)
    try:
        yield lines
    finally:
        logger.removeHandler(lines)
        logger.setLevel(level)
