"""The API of a server, put together of its parts: each takes of the server what it needs."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomtone_server.home.base import HomeSettings
from roomtone_server.models.manifest import Model
from roomtone_server.ports.web.api.endpoint import AnyEndpoint
from roomtone_server.ports.web.api.happenings import Happenings, event_endpoints
from roomtone_server.ports.web.api.health import health_endpoints
from roomtone_server.ports.web.api.home import home_endpoints
from roomtone_server.ports.web.api.live import Live
from roomtone_server.ports.web.api.models import KnownModels, model_endpoints
from roomtone_server.ports.web.api.pulls import pulling
from roomtone_server.ports.web.api.satellite_control import SatelliteControl
from roomtone_server.ports.web.api.satellites import satellite_endpoints
from roomtone_server.ports.web.api.settings import settings_endpoints
from roomtone_server.ports.web.api.sound.stt import stt_endpoints
from roomtone_server.ports.web.api.sound.tts import tts_endpoints
from roomtone_server.ports.web.api.speech import speech_endpoints
from roomtone_server.ports.web.api.turns import turn_endpoints
from roomtone_server.store.turns import SqliteTurnStore

if TYPE_CHECKING:
    from roomtone_server.models.fetching import Progress
    from roomtone_server.web import Furnished


@dataclass(frozen=True, slots=True)
class Api:
    endpoints: Sequence[AnyEndpoint]
    happenings: Happenings  # to be told beside all else


async def open_api(stack: AsyncExitStack, server: "Furnished") -> Api:
    """What it needs ends with the stack."""
    around, chosen = server.equipment.around, server.equipment.chosen
    turns, live = SqliteTurnStore(server.mind.database), Live()
    home, house, tts = chosen.home.settings, server.house, server.equipment.tts
    native = server.native
    assert isinstance(home, HomeSettings)

    async def fetch(model: Model, progress: "Progress") -> None:
        from roomtone_server.models.pulling import pull  # a server that fetches nothing starts without

        await pull([model], around.cache, server.settings, progress)

    pulls = await stack.enter_async_context(pulling(fetch))
    models = KnownModels(server.settings.models.manifest, around.cache, chosen.by_kind())
    endpoints = [
        *speech_endpoints(house, tts, chosen.tts.name, server.settings.language),
        *tts_endpoints(tts, server.settings.first_language),
        *stt_endpoints(house.parts),
        *turn_endpoints(turns),
        *home_endpoints(server.mind.home, home.confirm),
        *satellite_endpoints(house, native.satellites, turns),
        *SatelliteControl(house, native.satellites, native.window, native.fingerprint).endpoints(),
        *model_endpoints(models, pulls),
        *health_endpoints(server.health.owners_report, models, pulls),
        *settings_endpoints(server.settings),
        *event_endpoints(live),
    ]
    return Api(endpoints, Happenings(live, house, server.mind.home, turns, server.health.report))
