"""`GET /api/settings`: the settings in effect, as `roomtone server --print-config` prints them."""

from collections.abc import Sequence

from pydantic import BaseModel

from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.shapes import Settings


def settings_endpoints(settings: BaseModel) -> Sequence[AnyEndpoint]:
    async def tell(_call: Call) -> Settings:
        return Settings(settings=settings.model_dump(mode="json"))

    summary = "The settings in effect, secrets masked"
    return any_of(Endpoint("GET", "/api/settings", "admin", summary, tell, answer=Settings))
