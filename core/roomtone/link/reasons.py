"""Why the system would not, in words."""

import os


def reason(problem: OSError) -> str:
    """For people, on one line."""
    if isinstance(problem, ConnectionError) and problem.errno:  # asyncio's own text names the call, not the cause
        return os.strerror(problem.errno)
    return problem.strerror or str(problem) or type(problem).__name__
