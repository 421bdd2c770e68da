"""Where a server keeps its things."""

from roomtone.engines import Surroundings
from roomtone.paths import cache_dir, make_private, state_dir
from roomtone_server.settings import ServerSettings


def surroundings(settings: ServerSettings) -> Surroundings:
    """The server's own folders on this machine; the state is readable by its owner only."""
    return Surroundings(make_private(state_dir() / "server"), make_private(cache_dir()), settings.first_language)
