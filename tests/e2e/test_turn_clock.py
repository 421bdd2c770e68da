"""A turn of a real satellite whose clock is not the server's: its record against the devices' own timelines."""

import asyncio
import json
import threading
import wave
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest
from support.links import HOST, MemorySatellites, dialled, identity, listening
from support.satellite_parts import WORD, ScriptedWake
from support.scripted import SILENCE, SPEECH, ScriptedTts, parts

from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ
from roomtone.link.admission import admit, greet
from roomtone.link.events import Played, Wake, event_of
from roomtone.link.pairing import Credentials, PairingWindow, new_token, token_hash
from roomtone_satellite.connection import Connection, credentials_path
from roomtone_satellite.devices.wav import WavMicrophone, WavMicrophoneSettings, WavSpeaker, WavSpeakerSettings
from roomtone_satellite.runtime import Parts, Satellite
from roomtone_satellite.settings import ChimeSettings, SatelliteSettings, ServerSettings
from roomtone_server.ports.native import NativeSession
from roomtone_server.runtime import session
from roomtone_server.runtime.house import House
from roomtone_server.telemetry.folding import fold

TOKEN = new_token()
ZERO_S, DRIFT = 86_400.0, 300e-6
FRAME_MS = 20.0
BEFORE, SPOKEN = [SILENCE] * 25 + [WORD] + [SILENCE] * 5, [SPEECH] * 40
REPLY_BEGINS = ("silence", "stt", "agent", "tts", "speaker")
NO_CHIMES = ChimeSettings(awake=False, invited=False, done=False, error=False, timer=False)


class OtherClock(asyncio.SelectorEventLoop):
    """An event loop by another clock: with another zero, and 300 ppm faster."""

    def time(self):
        return ZERO_S + super().time() * (1 + DRIFT)


def on_our_clock_ns(at_ns):
    return (at_ns - ZERO_S * 1e9) / (1 + DRIFT)


@asynccontextmanager
async def house_with(attend):
    """A server's end where one satellite is known; `attend` has each session that is let in. Yields its port."""
    known = MemorySatellites()
    await known.add("s1", "Kitchen", None, token_hash(TOKEN))

    async def handle(link):
        await admit(link, window=PairingWindow(), satellites=known, now=0.0, server_name="attic")
        await attend(NativeSession(link, session.Satellite("s1", "Kitchen", None)))

    async with listening(handle) as server:
        yield server.port


def credentials(port):
    return Credentials("s1", TOKEN, identity().fingerprint.hex(), "attic", HOST, port)


class SatelliteThread(threading.Thread):
    """A whole satellite with files for devices, on a loop of its own."""

    def __init__(self, folder, port):
        super().__init__(name="satellite")
        self.said, self.played = folder / "said.jsonl", folder / "played.jsonl"
        self._folder, self._port = folder, port
        self._over = threading.Event()
        with wave.open(str(folder / "said.wav"), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes(b"".join(BEFORE + SPOKEN))

    def run(self):
        with asyncio.Runner(loop_factory=OtherClock) as runner:
            runner.run(self._live())

    async def _live(self):
        connected, folder = asyncio.Event(), self._folder
        server = ServerSettings(host=HOST, port=self._port)
        microphone = WavMicrophoneSettings(
            device="wav", file=folder / "said.wav", wait_for_server=True, timeline=self.said
        )
        speaker = WavSpeakerSettings(device="wav", file=folder / "played.wav", timeline=self.played)
        devices = WavMicrophone(microphone, connected), WavSpeaker(speaker)
        connection = Connection(server, name="Kitchen", area=None)
        made = Parts(*devices, ScriptedWake(), connection, connected)
        satellite = Satellite(SatelliteSettings(name="Kitchen", server=server, chimes=NO_CHIMES), made)
        async with asyncio.TaskGroup() as tasks:
            living = tasks.create_task(satellite.run())
            await asyncio.to_thread(self._over.wait)
            living.cancel()

    def __enter__(self):
        credentials(self._port).save(credentials_path())
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()

    def heard_ns(self, sample):
        """When a sample of what was said sounded, on our clock."""
        began = json.loads(self.said.read_text())
        return on_our_clock_ns(began["at_ns"] + sample * 1e9 / RATE_HZ)

    def reply_ns(self):
        """When the first sample of the reply sounded, on our clock."""
        blocks = [json.loads(line) for line in self.played.read_text().splitlines()]
        return on_our_clock_ns(next(block["at_ns"] for block in blocks if block["turn"] == 1))


async def turn_of(trace):
    """The events of a turn, to its end."""
    events = [await trace.get()]
    while events[-1].what != "ended":
        events.append(await trace.get())
    return events


async def test_the_record_agrees_with_who_stands_in_the_room(tmp_path):
    house = House(parts(tts=ScriptedTts(seconds=0.5)))
    with house.parts.trace.watch() as trace:
        async with house_with(house.attend) as port:
            with SatelliteThread(tmp_path, port) as satellite:
                events = await turn_of(trace)
                record = fold(events, began_at=0.0)
    bound_ms = record.clock_error_ms + FRAME_MS
    assert record.round_trip_ms <= 2 * record.clock_error_ms, "the bound holds half a round trip"

    heard_ns = satellite.heard_ns((BEFORE.index(WORD) + 1) * FRAME_SAMPLES)
    assert events[0].data["happened_ns"] == pytest.approx(heard_ns, abs=bound_ms * 1e6)

    assert list(record.stages) == ["wake", "speech", *REPLY_BEGINS, "sound"]
    assert record.stages["speech"][1] == record.stages["silence"][0]
    follows = [record.stages[stage] for stage in (*REPLY_BEGINS, "sound")]
    assert all(ends == begins for (_, ends), (begins, _) in pairwise(follows))
    assert sum(end - begin for begin, end in follows[:-1]) == pytest.approx(record.v2v_ms, abs=0.5)

    v2v_ms = (satellite.reply_ns() - satellite.heard_ns(len(BEFORE + SPOKEN) * FRAME_SAMPLES)) / 1e6
    assert record.v2v_ms == pytest.approx(v2v_ms, abs=bound_ms)


async def placed_by_the_server(*claims_us):
    """What a server makes of moments that a satellite claims, on the clock of this process; None: it claims none."""
    came = asyncio.Queue()

    async def attend(admitted):
        async with aclosing(admitted.incoming()) as incoming:
            async for message in incoming:
                admitted.chime("done")
                came.put_nowait(message)

    async with house_with(attend) as port, dialled(port) as link:
        await greet(link, credentials(port), name="Kitchen", area=None)
        link.send(event_of(Played(1, 0, done=False)))
        await link.receive()  # the chime; the ping that came before it has been answered
        assert (await came.get()).sounded == session.SOMETIME, "nothing was known yet"
        for claim_us in claims_us:
            link.send(event_of(Wake(1, "okay_nabu", "okay nabu", 0.9, 16_000, 0, at_us=claim_us)))
        return [(await came.get()).heard for _ in claims_us]


def now_us():
    return round(asyncio.get_running_loop().time() * 1e6)


async def test_a_moment_is_placed_within_its_bound():
    claim_us = now_us()
    [heard] = await placed_by_the_server(claim_us)
    assert heard.at_s == pytest.approx(claim_us / 1e6, abs=heard.error_s + 1e-6)
    assert heard.told().keys() == {"round_trip_ms", "happened_ns", "clock_error_ms"}


async def test_a_satellite_that_tells_no_time_or_none_that_can_be_goes_on_working():
    an_hour_us = 3_600_000_000
    for heard in await placed_by_the_server(None, 0, now_us() + an_hour_us, now_us() - an_hour_us, 2**53 - 1):
        assert heard.at_s is None
        assert heard.told().keys() == {"round_trip_ms"}
