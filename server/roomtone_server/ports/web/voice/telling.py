"""What the trace tells of a turn, for the browser whose turn it is: what the server does while somebody waits."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final, cast, get_args

from roomtone_server.ports.web.voice import messages as m
from roomtone_server.telemetry.trace import TraceEvent

STAGES: Final = frozenset(get_args(m.StageName))
MAX_TURNS: Final = 4  # that may be told of at once: two, and what is late of others
NS_PER_MS: Final = 1_000_000


class Telling:
    """One satellite's."""

    def __init__(self) -> None:
        self._began_ns: OrderedDict[int, int] = OrderedDict()  # by turn

    def event_of(self, traced: TraceEvent) -> m.ToBrowser | None:
        """None for what the browser learns otherwise."""
        began_ns = self._began_ns.setdefault(traced.turn, traced.at_ns)
        if len(self._began_ns) > MAX_TURNS:
            self._began_ns.popitem(last=False)
        data: Mapping[str, Any] = traced.data
        match traced.what:
            case "intent":
                return m.Intent(traced.turn, data["name"], data["slots"])
            case "action":
                return m.Action(traced.turn, data["entity"], data["service"], data["data"])
            case stage if stage in STAGES:
                at_ms = round((traced.at_ns - began_ns) / NS_PER_MS, 1)
                return m.Stage(traced.turn, cast("m.StageName", stage), at_ms)
            case _:
                return None
