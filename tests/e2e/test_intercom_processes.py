"""Two satellites that are processes of their own talk to each other, through the real link."""

import asyncio
import json
import signal
import time
import wave
from array import array
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from support.command_line import roomtone, start
from support.scripted import ScriptedAgent, ScriptedStt, parts

from roomtone.link.background import alongside
from roomtone.link.pairing import PairingCode, PairingWindow
from roomtone.link.security import make_certificate
from roomtone_server.ports.native import Doorkeeper, serve_native
from roomtone_server.runtime.house import House
from roomtone_server.store.database import Database
from roomtone_server.store.satellites import SqliteSatelliteStore

RATE_HZ = 16_000
QUIET_S, SAYS_S = 3, 2
LOUD = 8_000  # each sample of what is said
SILENT_CHIMES = {"awake": False, "invited": False, "done": False, "error": False, "timer": False}


def write_speech(path: Path) -> None:
    """Silence, and what the scripted voice detector takes for speech."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(bytes(2 * QUIET_S * RATE_HZ) + array("h", [LOUD] * (SAYS_S * RATE_HZ)).tobytes())


class Room:
    """A satellite's process, whose speaker writes a file."""

    def __init__(self, folder: Path, name: str, microphone: object) -> None:
        self.name = name
        self._folder = folder
        self._config = folder / "satellite.yaml"
        self._microphone = microphone
        folder.mkdir()

    @asynccontextmanager
    async def running(self, port: int, code: PairingCode, monkeypatch):
        settings = {
            "name": self.name,
            "server": {"host": "127.0.0.1", "port": port},
            "microphone": self._microphone,
            "speaker": {"device": "wav", "file": str(self._folder / "heard.wav"), "rate_hz": RATE_HZ},
            "chimes": SILENT_CHIMES,
        }
        self._config.write_text(json.dumps(settings))
        monkeypatch.setenv("ROOMTONE_STATE", str(self._folder))
        paired = await roomtone("satellite", "--config", self._config, "pair", str(code))
        assert paired.status == 0, paired.err
        process = await start("satellite", "--config", self._config)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = await process.communicate()
        assert process.returncode == 0, said.decode()

    def heard(self) -> array:
        with wave.open(str(self._folder / "heard.wav")) as file:
            return array("h", file.readframes(file.getnframes()))


async def until(condition, changes) -> None:
    async with aclosing(changes) as told:
        async for _ in told:
            if condition():
                return


async def test_what_is_said_at_one_sounds_at_the_other(tmp_path, monkeypatch):
    write_speech(tmp_path / "speech.wav")
    speech = {"device": "wav", "file": str(tmp_path / "speech.wav"), "wait_for_server": True}
    kitchen, attic = Room(tmp_path / "kitchen", "Kitchen", speech), Room(tmp_path / "attic", "Attic", "null")
    identity, window = make_certificate(tmp_path), PairingWindow()
    stt, agent = ScriptedStt(), ScriptedAgent()
    house = House(parts(stt=stt, agent=agent))
    async with Database.open(tmp_path / "roomtone.db") as database, alongside(house.intercoms.keep()):
        doorkeeper = Doorkeeper(SqliteSatelliteStore(database), window, "server")

        def code() -> PairingCode:
            return PairingCode(identity.fingerprint[:16], window.open(time.monotonic()))

        async with (
            serve_native(house, doorkeeper, identity, "127.0.0.1", 0) as port,
            attic.running(port, code(), monkeypatch),
            kitchen.running(port, code(), monkeypatch),
        ):
            async with asyncio.timeout(120):
                await until(lambda: len(house.satellites) == 2, house.changes())
                ids = {each.name: each.id for each in house.satellites}
                house.intercom(ids["Kitchen"], ids["Attic"])
                assert house.intercom_with(ids["Attic"]) == ids["Kitchen"]
                await until(lambda: house.intercom_with(ids["Attic"]) is None, house.changes())
    heard = attic.heard()
    assert sum(sample == LOUD for sample in heard) >= (SAYS_S - 0.1) * RATE_HZ
    assert LOUD not in kitchen.heard(), "nobody hears himself"
    assert (stt.requests, agent.asked) == ([], [])
