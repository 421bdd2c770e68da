"""Players of a Home Assistant make room for a voice: over its WebSocket, with states that arrive when they arrive."""

from support.home_assistant_double import SOON_S, serving

from roomtone.engines import EngineChoice, Surroundings, choose
from roomtone_server.bench.programs import until
from roomtone_server.home.base import Order, ServiceCall
from roomtone_server.home.ducking import DuckingHome
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.ducked import SqliteDuckedStore

SPEAKER = "media_player.office_speaker"  # at a volume of 0.4


def volume(home):
    return next(each.attributes["volume_level"] for each in home.entities() if each.id == SPEAKER)


async def is_at(level, home):
    async def is_so():
        return volume(home) == level or None

    await until(f"the volume is {level}", is_so, SOON_S, [])


async def test_from_the_wake_to_the_end_and_louder_in_between(tmp_path):
    behind = VirtualHome(VirtualHomeSettings(), Surroundings(tmp_path, tmp_path))
    await behind.start()
    async with serving(behind) as double, Database.open(tmp_path / FILE_NAME) as database:
        double.faults.knows_no_intent = True
        choice = EngineChoice("home-assistant", double.settings())
        home = DuckingHome(
            choose("home", choice).make(Surroundings(tmp_path, tmp_path)), 0.5, SqliteDuckedStore(database)
        )
        await home.start()
        await home.call(ServiceCall("media_player.media_play", SPEAKER))

        async def plays():
            return next((True for each in home.entities() if each.id == SPEAKER and each.state == "playing"), None)

        await until("it plays", plays, SOON_S, [])
        home.talk_began("Office")
        await is_at(0.2, behind)
        assert volume(home) == 0.4
        await home.call(ServiceCall("media_player.volume_up", SPEAKER), Order("HassSetVolumeRelative"))
        assert volume(behind) == 0.5, "a step above what it was"
        home.talk_ended("Office")
        await is_at(0.5, home)
        home.talk_began("Office")
        await is_at(0.25, behind)
        await home.close()
        assert volume(behind) == 0.5, "also when the server stops"
    await behind.close()
