"""The Wyoming services of others, as processes on loopback."""

import asyncio
import contextlib
import socket
import sys

PATIENCE_S = 60


@contextlib.asynccontextmanager
async def wyoming_program(module, *options):
    """Where it listens, once it does: tcp://HOST:PORT."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        free_port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{free_port}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--uri", address, *options, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while b"Ready" not in (line := await process.stderr.readline()):
                assert line, "it ended"
            while not await _answers(free_port):  # noqa: ASYNC110 - it says so a little too early, and nothing then
                await asyncio.sleep(0.02)
        yield address
    finally:
        process.terminate()
        await process.communicate()


async def _answers(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
