"""Turns as the trace tells them, written by hand: what happened, when in ms, and its data."""

from roomtone_server.telemetry.trace import TraceEvent

ZERO_NS = 5_000_000_000_000
MS = 1_000_000

# The microphone began 2000 ms before the clock's zero of these events; the network takes 20 ms.
TRANSIT_MS = 20
AHEAD_MS = 2000


def sample(at_ms):
    """What the microphone recorded at that time."""
    return (at_ms + AHEAD_MS) * 16


ANSWERED = (
    ("wake", 30, {"name": "okay_nabu", "score": 0.9, "sample": sample(0)}),
    ("speech-started", 460, {"sample": sample(400)}),
    ("partial", 800, {"text": "turn on"}),
    ("partial", 1300, {"text": "turn on the light"}),
    ("speech-ended", 1660, {"sample": sample(1600)}),
    ("endpoint", 2320, {"sample": sample(2300), "silence_ms": 700}),
    ("level", 2320, {"speech_dbfs": -21.0, "noise_dbfs": -48.0}),
    ("transcript", 2330, {"text": "turn on the light"}),
    ("intent", 2336, {"name": "HassTurnOn", "slots": {"name": "Kitchen Light"}}),
    ("action", 2338, {"entity": "light.kitchen", "service": "light.turn_on", "data": {}}),
    ("reply", 2340, {"text": "Turned on "}),
    ("reply", 2341, {"text": "the light"}),
    ("first-audio", 2352, {"rate_hz": 22_050}),
    ("sounded", 2402, {"samples": 441}),
    ("last-audio", 3200, {}),
    ("played", 3480, {"samples": 24_000}),
    ("ended", 3490, {"outcome": "answered", "text": ""}),
)


def trace(*happened, turn=1, satellite="k1"):
    return [TraceEvent(satellite, turn, ZERO_NS + at_ms * MS, what, data) for what, at_ms, data in happened]


def until(last, *more, without=()):
    """The answered turn up to the first event of a kind, without some kinds, and then something else."""
    kinds = [what for what, _, _ in ANSWERED]
    kept = ANSWERED[: kinds.index(last) + 1]
    return trace(*(entry for entry in kept if entry[0] not in without), *more)
