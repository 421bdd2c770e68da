"""Where a satellite dials, and in which order."""

import pytest
from support.server_end import free_port, serving

from roomtone.errors import LinkError, PeerGone, PinMismatch
from roomtone.link.discovery import FoundServer
from roomtone.link.security import client_context
from roomtone_satellite import connection
from roomtone_satellite.connection import dial_first, find
from roomtone_satellite.settings import ServerSettings

PIN = bytes(32)


def answering(monkeypatch, answer: FoundServer | LinkError | None) -> None:
    async def find_server(_fingerprint: bytes, _timeout_s: float) -> FoundServer | None:
        if isinstance(answer, LinkError):
            raise answer
        return answer

    monkeypatch.setattr(connection, "find_server", find_server)


async def test_the_address_of_the_settings_comes_alone(monkeypatch):
    answering(monkeypatch, FoundServer("x", ("10.0.0.1",), 1, PIN[:16]))
    assert await find(ServerSettings(host="attic", port=7), PIN, ("10.0.0.9", 9)) == [("attic", 7)]


async def test_where_it_announces_itself_comes_before_where_it_was_last_seen(monkeypatch):
    answering(monkeypatch, FoundServer("x", ("10.0.0.1", "fe80::1"), 5, PIN[:16]))
    assert await find(ServerSettings(), PIN, ("10.0.0.9", 9)) == [("10.0.0.1", 5), ("fe80::1", 5), ("10.0.0.9", 9)]


@pytest.mark.parametrize("answer", [None, LinkError("multicast does not work here")])
async def test_without_zeroconf_there_is_still_where_it_was_last_seen(monkeypatch, answer):
    answering(monkeypatch, answer)
    assert await find(ServerSettings(), PIN, ("10.0.0.9", 9)) == [("10.0.0.9", 9)]
    with pytest.raises(LinkError, match=r"--host|multicast"):
        await find(ServerSettings(), PIN)


async def test_an_address_with_nobody_or_an_impostor_is_passed_over(tmp_path):
    async with serving(tmp_path / "true") as server, serving(tmp_path / "false") as impostor:
        nobody = ("127.0.0.1", free_port())
        addresses = [nobody, ("127.0.0.1", impostor.port), ("127.0.0.1", server.port)]
        async with dial_first(addresses, client_context(), server.identity.fingerprint) as link:
            assert link.peer_fingerprint == server.identity.fingerprint
        with pytest.raises(PinMismatch):
            async with dial_first(addresses[1:2], client_context(), server.identity.fingerprint):
                pass
        with pytest.raises(PeerGone):
            async with dial_first(addresses[:2], client_context(), server.identity.fingerprint):
                pass
