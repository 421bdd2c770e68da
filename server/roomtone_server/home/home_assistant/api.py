"""What a Home Assistant is asked over HTTP, since its websocket does not have it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json, to_json

from roomtone.errors import HomeError, HomeGone
from roomtone_server.home.home_assistant.connection import TokenRefused, refused
from roomtone_server.home.home_assistant.settings import Place

if TYPE_CHECKING:
    import aiohttp

MAX_ANSWER_BYTES: Final = 2**20  # guards memory


class Api:
    def __init__(self, place: Place, session: "aiohttp.ClientSession") -> None:
        """The session is its maker's to close."""
        self._place = place
        self._session = session

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as JSON has it
        """The answer; None where it stumbled over the request (500), which it does before it acts. Raises HomeError."""
        import aiohttp

        headers = {"Authorization": f"Bearer {self._place.token}", "Content-Type": "application/json"}
        url, name = f"{self._place.api_url}/{path}", self._place.name
        try:
            async with self._session.post(url, data=to_json(body), headers=headers, allow_redirects=False) as response:
                told = await self._bounded(response.content)
        except (aiohttp.ClientError, OSError) as problem:
            raise HomeGone(f"{name} was lost") from problem
        match response.status:
            case 200:
                return self._decoded(told)
            case 401 | 403:
                raise TokenRefused(refused(self._place))
            case 500:
                return None
            case status:
                raise HomeError(f"{name} does not take it ({status})")

    async def _bounded(self, content: "aiohttp.StreamReader") -> bytes:
        told = bytearray()
        async for piece in content.iter_any():
            told += piece
            if len(told) > MAX_ANSWER_BYTES:
                raise HomeError(f"{self._place.name} answers with more than {MAX_ANSWER_BYTES:,} bytes")
        return bytes(told)

    def _decoded(self, told: bytes) -> Any:  # noqa: ANN401 - as JSON has it
        try:
            return from_json(told)
        except ValueError as problem:
            raise HomeError(f"{self._place.name} answers as no Home Assistant does: is that its address?") from problem
