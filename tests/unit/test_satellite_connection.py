"""Where a satellite dials, and in which order."""

import asyncio
from dataclasses import replace

import pytest
from support.server_end import free_port, serving

from roomtone.errors import LinkError, PeerGone, PinMismatch
from roomtone.link.discovery import FoundServer
from roomtone.link.pairing import Credentials
from roomtone.link.security import client_context
from roomtone_satellite import connection
from roomtone_satellite.connection import credentials_path, dial_first, find, remember
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


async def test_what_speaks_no_tls_of_ours_is_passed_over(tmp_path):
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with serving(tmp_path) as server, await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        addresses = [other.sockets[0].getsockname()[:2], ("127.0.0.1", server.port)]
        async with dial_first(addresses, client_context(), server.identity.fingerprint) as link:
            assert link.port == server.port


async def test_what_is_no_name_of_a_host_is_said_so():
    with pytest.raises(PeerGone, match=r"attic\.\.lan:1 cannot be reached: that is no name of a host"):
        async with dial_first([("attic..lan", 1)], client_context(), PIN):
            pass


async def test_where_the_server_was_seen_is_kept_unless_the_satellite_was_paired_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMTONE_STATE", str(tmp_path))
    paired = Credentials("7", "token", "0" * 64, "house", "10.0.0.9", 9)
    paired.save(credentials_path())
    remember(paired, "10.0.0.1", 5)
    moved = replace(paired, host="10.0.0.1", port=5)
    assert Credentials.load(credentials_path()) == moved
    anew = replace(paired, token="another")
    anew.save(credentials_path())
    remember(moved, "10.0.0.2", 6)
    assert Credentials.load(credentials_path()) == anew
