"""What `roomtone doctor` says of a satellite."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from roomtone.doctor import Check, Finding
from roomtone.errors import DeviceError, LinkError


def _devices() -> Iterator[Finding]:
    from roomtone_satellite.devices.choose import Picked, auto_microphone, auto_speaker, uses

    roles: tuple[tuple[str, Callable[[], Picked]], ...] = (("microphone", auto_microphone), ("speaker", auto_speaker))
    for role, auto in roles:
        try:
            picked = auto()
            yield Finding(role, "works", f"auto picks {picked.device}: {uses(picked)}")
        except DeviceError as problem:
            yield Finding(role, "note", "none was found", str(problem))


def _pairing() -> Iterator[Finding]:
    from roomtone.link.discovery import find_server
    from roomtone.link.pairing import Credentials
    from roomtone_satellite.connection import FIND_S, credentials_path

    try:
        credentials = Credentials.load(credentials_path())
    except LinkError as problem:
        yield Finding("pairing", "broken", str(problem), "roomtone satellite pair CODE")
        return
    if credentials is None:
        remedy = (
            "run `roomtone pair` on the server, then `roomtone satellite pair CODE` here; a satellite that Home "
            "Assistant drives needs no pairing"
        )
        yield Finding("pairing", "note", "this satellite is not paired", remedy)
        return
    yield Finding("pairing", "works", f"paired with {credentials.server}")
    try:
        found = asyncio.run(find_server(bytes.fromhex(credentials.fingerprint), FIND_S))
    except LinkError as problem:
        yield Finding("server", "degraded", str(problem), "give its address in the settings, under `server`")
        return
    if found:
        yield Finding("server", "works", f"announces itself at {found.hosts[0]}, port {found.port}")
    else:
        where = f"not heard in this network; last seen at {credentials.host}, port {credentials.port}"
        yield Finding("server", "degraded", where, "start it, or give its address in the settings, under `server`")


def _echo() -> Iterator[Finding]:
    from roomtone.ears.formats import SAMPLES_PER_MS
    from roomtone_satellite.echo import load_alignment

    if (alignment := load_alignment()) is None:
        yield Finding("echo", "note", "its delay is not known yet: found out in the first reply, or now", _MEASURE)
    else:
        yield Finding("echo", "works", f"comes {alignment.delay_samples / SAMPLES_PER_MS:.0f} ms after its sound")


_MEASURE: Final = "roomtone satellite echo (seven seconds, aloud)"

CHECKS: Final[Sequence[Check]] = (_devices, _pairing, _echo)
