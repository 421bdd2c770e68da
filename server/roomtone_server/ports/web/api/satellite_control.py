"""What the satellites are made to do from the page or a script: paired, renamed, set, spoken through, sent away."""

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from roomtone.errors import SatelliteAway, SatelliteUnable
from roomtone.link.pairing import WINDOW_S, PairingCode, PairingWindow
from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.requests import (
    Announce,
    ChangeSatellite,
    Intercom,
    Mute,
    OneSatellite,
    Volume,
)
from roomtone_server.ports.web.api.shapes import Announced
from roomtone_server.ports.web.api.shapes import PairingCode as PairingCodeTold
from roomtone_server.ports.web.auth.limits import Tries
from roomtone_server.ports.web.auth.turnstile import TRIED, Turnstile
from roomtone_server.ports.web.problems import Problem
from roomtone_server.runtime.house import EVERYWHERE, House
from roomtone_server.runtime.remote import Remote
from roomtone_server.store.base import PairedSatellite, SatelliteStore

ALL: Final = "all"  # instead of a satellite's id, where something is to be said everywhere

_UNKNOWN: Final = {404: "No such satellite."}
_UNABLE: Final = _UNKNOWN | {409: "It is not connected, cannot do that, or not now: the detail says which."}


class SatelliteControl:
    """The endpoints of one server."""

    def __init__(self, house: House, paired: SatelliteStore, window: PairingWindow, fingerprint: bytes) -> None:
        """`fingerprint` is of the certificate that satellites pin."""
        self._house = house
        self._paired = paired
        self._window = window
        self._fingerprint = fingerprint
        self._turnstile = Turnstile(Tries())

    def endpoints(self) -> Sequence[AnyEndpoint]:
        one, path = OneSatellite, "/api/satellites/{id}"
        return any_of(
            Endpoint(
                "POST",
                "/api/pairing",
                "admin",
                "Let a satellite in: a code for it",
                self._pair,
                answer=PairingCodeTold,
                refusals=TRIED,
            ),
            Endpoint(
                "POST",
                f"{path}/announce",
                "control",
                'Say something there; with the id "all", everywhere',
                self._announce,
                one,
                Announce,
                answer=Announced,
                refusals=_UNKNOWN,
            ),
            Endpoint(
                "POST", f"{path}/listen", "control", "Listen, without a wake word", self._listen, one, refusals=_UNABLE
            ),
            Endpoint(
                "POST",
                f"{path}/intercom",
                "control",
                "Let two rooms talk to each other",
                self._connect,
                one,
                Intercom,
                refusals=_UNABLE,
            ),
            Endpoint("DELETE", f"{path}/intercom", "control", "End an intercom", self._hang_up, one, refusals=_UNABLE),
            Endpoint("POST", f"{path}/mute", "control", "Mute, or unmute", self._mute, one, Mute, refusals=_UNABLE),
            Endpoint("POST", f"{path}/volume", "control", "Volume", self._volume, one, Volume, refusals=_UNABLE),
            Endpoint(
                "PATCH",
                path,
                "control",
                "Rename, move to another area, set thresholds of wake words",
                self._change,
                one,
                ChangeSatellite,
                refusals=_UNABLE,
            ),
            Endpoint("DELETE", path, "admin", "Take the trust in it back", self._revoke, one, refusals=_UNKNOWN),
        )

    async def _pair(self, call: Call) -> PairingCodeTold:
        """The code before it is void."""
        self._turnstile.enter(call.request)  # each code opens the door to five wrong ones
        secret = self._window.open(time.monotonic())
        code = PairingCode(self._fingerprint[:16], secret)
        return PairingCodeTold(code=str(code), expires_s=WINDOW_S)

    async def _announce(self, call: Call[OneSatellite, Announce]) -> Announced:
        where = EVERYWHERE if call.parameters.id == ALL else call.parameters.id
        if where:
            await self._known(where)
        present = [each for each in self._house.present() if where in (EVERYWHERE, each.satellite.id)]
        asked = call.body
        self._house.announce(
            where, asked.text, "done", expects_answer=asked.expects_answer, language=asked.language or ""
        )
        return Announced(satellites=[each.satellite.id for each in present if not each.remote.is_muted])

    async def _listen(self, call: Call[OneSatellite]) -> None:
        await self._known(call.parameters.id)
        self._house.listen(call.parameters.id)

    async def _connect(self, call: Call[OneSatellite, Intercom]) -> None:
        for each in (call.parameters.id, call.body.satellite):
            await self._known(each)
        self._house.intercom(call.parameters.id, call.body.satellite)

    async def _hang_up(self, call: Call[OneSatellite]) -> None:
        await self._known(call.parameters.id)
        self._house.end_intercom(call.parameters.id)

    async def _mute(self, call: Call[OneSatellite, Mute]) -> None:
        (await self._remote(call.parameters.id)).mute(muted=call.body.muted)

    async def _volume(self, call: Call[OneSatellite, Volume]) -> None:
        (await self._remote(call.parameters.id)).set_volume(call.body.volume)

    async def _change(self, call: Call[OneSatellite, ChangeSatellite]) -> None:
        """All of it or nothing: what cannot be is refused before anything is done."""
        satellite_id, asked = call.parameters.id, call.body
        paired, renames = await self._known(satellite_id), asked.model_fields_set & {"name", "area"}
        if renames and paired is None:
            raise SatelliteUnable("this satellite is called as the settings, or the browser, call it")
        if asked.thresholds:
            self._house.presence(satellite_id).remote.set_thresholds(asked.thresholds)
        if renames and paired is not None:
            name = asked.name or paired.name
            area = asked.area if "area" in asked.model_fields_set else paired.area
            await self._paired.rename(satellite_id, name, area)
            self._house.rename(satellite_id, name, area)

    async def _revoke(self, call: Call[OneSatellite]) -> None:
        if not await self._paired.remove(call.parameters.id):
            raise _nobody()
        self._house.dismiss(call.parameters.id)

    async def _remote(self, satellite_id: str) -> Remote:
        await self._known(satellite_id)
        return self._house.presence(satellite_id).remote

    async def _known(self, satellite_id: str) -> PairedSatellite | None:
        """As it was paired; None for one of another kind that is connected. Raises Problem."""
        paired = await self._paired.find(satellite_id)
        if paired is None:
            try:
                self._house.presence(satellite_id)
            except SatelliteAway:
                raise _nobody() from None
        return paired


def _nobody() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "No such satellite", "GET /api/satellites lists them all")
