"""Servers that announce themselves by multicast DNS, and satellites that look for them, on this machine."""

import asyncio
import ipaddress
from contextlib import asynccontextmanager

import pytest
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from roomtone.errors import LinkError
from roomtone.link import discovery
from roomtone.link.discovery import (
    SERVICE,
    FoundServer,
    FoundService,
    advertise,
    advertise_service,
    find_server,
    find_servers,
    find_services,
    own_addresses,
)

PIN = bytes(range(32))
OTHER_PIN = bytes(range(100, 132))
STRANGERS_PORT = 4
SOON_S = 10.0  # ends as soon as it is found
A_WHILE_S = 1.0  # for what must not be there


async def test_a_server_is_found_by_its_fingerprint():
    async with advertise("Our house", 10760, fingerprint=PIN, area="Kitchen"):
        found = await find_server(PIN, SOON_S)
        assert found == FoundServer("Our house", tuple(own_addresses()), 10760, PIN[:16], "Kitchen")
        assert await find_server(PIN[:16], SOON_S) == found


async def test_a_server_on_one_address_announces_that_one():
    async with advertise("local", 10761, fingerprint=PIN, host="127.0.0.1"):
        found = await find_server(PIN, SOON_S)
        assert found is not None
        assert (found.hosts, found.area) == (("127.0.0.1",), None)


async def test_a_server_that_is_reached_elsewhere_announces_that():
    elsewhere = ("192.0.2.7", "192.0.2.8")
    async with advertise("a container", 20760, fingerprint=PIN, host=elsewhere):
        found = await find_server(PIN, SOON_S)
        assert found is not None
        assert (found.hosts, found.port) == (elsewhere, 20760)


async def test_two_servers_of_one_name_are_both_found():
    async with (
        advertise("Our house", 10760, fingerprint=PIN, host="127.0.0.1"),
        advertise("Our house", 10761, fingerprint=OTHER_PIN, host="127.0.0.1"),
    ):
        found = await find_servers(A_WHILE_S)
        ours = [server for server in found if server.fingerprint16 in {PIN[:16], OTHER_PIN[:16]}]
        assert [(server.name, server.port) for server in ours] == [("Our house", 10760), ("Our house", 10761)]


async def test_a_server_is_a_service_too_and_found_by_its_name():
    async with advertise("Our house", 10762, fingerprint=PIN, host="127.0.0.1"):
        found = await find_services(SERVICE, SOON_S, enough=lambda service: service.port == 10762)
        assert FoundService("Our house", ("127.0.0.1",), 10762) in found
        assert await find_services("_roomtone-none._tcp.local.", A_WHILE_S) == []


async def test_a_service_of_another_kind_announces_its_texts_and_no_other():
    kind = "_roomtone-one._tcp.local."
    async with advertise_service(kind, "Kitchen", 10764, texts={"area": "Kitchen\n"}, host="127.0.0.1"):
        assert await find_services(kind, SOON_S, enough=lambda _: True) == [
            FoundService("Kitchen", ("127.0.0.1",), 10764)
        ]
        zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
        info = await zeroconf.async_get_service_info(kind, f"Kitchen.{kind}")
        assert info.decoded_properties == {"area": "Kitchen"}
        assert info.server.startswith("roomtone-")
        await zeroconf.async_close()
    assert await find_services(kind, A_WHILE_S) == []


async def test_a_server_is_withdrawn_at_the_end():
    async with advertise("brief", 10760, fingerprint=PIN, host="127.0.0.1"):
        assert await find_server(PIN, SOON_S)
    assert await find_server(PIN, A_WHILE_S) is None


@pytest.mark.parametrize("rounds", [1, 3, 5, 20])
async def test_an_announcement_that_is_cut_short_leaves_nothing_open(rounds):
    async def announced():
        async with advertise("hasty", 10763, fingerprint=PIN, host="127.0.0.1"):
            pass

    announcing = asyncio.create_task(announced())
    for _ in range(rounds):
        await asyncio.sleep(0)
    announcing.cancel()
    await asyncio.wait({announcing})
    assert announcing.cancelled()


async def test_a_new_address_is_announced(monkeypatch):
    addresses = ["127.0.0.1"]
    monkeypatch.setattr(discovery, "own_addresses", lambda: list(addresses))
    monkeypatch.setattr(discovery, "ADDRESSES_S", 0.01)
    async with advertise("roaming", 10760, fingerprint=PIN):
        addresses.append("127.0.0.2")
        async with asyncio.timeout(SOON_S):
            while (found := await find_server(PIN, SOON_S)) is None or len(found.hosts) < 2:
                pass
        assert found.hosts == ("127.0.0.1", "127.0.0.2")


async def test_what_is_no_server_of_ours_is_not_found():
    strange = [{}, {"fp": "not hex"}, {"fp": "00"}, {"fp": None}, {"fp": PIN.hex()}]
    async with announced(*strange):
        assert not [server for server in await find_servers(A_WHILE_S) if server.port == STRANGERS_PORT]


async def test_what_a_stranger_announces_is_cleaned():
    async with announced({"fp": PIN[:16].hex(), "name": b"\x1b[2J\xff" + b"x" * 200, "area": b"\n"}):
        found = await find_server(PIN, SOON_S)
    assert found == FoundServer("[2J\ufffd" + "x" * 56, ("127.0.0.1",), STRANGERS_PORT, PIN[:16], None)


@asynccontextmanager
async def announced(*texts):
    """Services of our type, each with its TXT record, from somebody else."""
    zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
    try:
        for number, properties in enumerate(texts):
            info = ServiceInfo(
                SERVICE,
                f"stranger {number}.{SERVICE}",
                STRANGERS_PORT,
                properties=properties,
                parsed_addresses=["127.0.0.1"],
            )
            await (await zeroconf.async_register_service(info, cooperating_responders=True))
        yield
    finally:
        await zeroconf.async_close()


async def test_a_machine_without_multicast(monkeypatch):
    def refuse(**_):
        raise OSError(19, "No such device")

    monkeypatch.setattr(discovery, "AsyncZeroconf", refuse)
    with pytest.raises(LinkError, match="multicast does not work on this machine"):
        await find_servers(A_WHILE_S)
    with pytest.raises(LinkError, match="give addresses by hand"):
        async with advertise("deaf", 10760, fingerprint=PIN):
            pytest.fail("it announced")


def test_own_addresses_can_be_dialled():
    addresses = [ipaddress.ip_address(text) for text in own_addresses()]
    assert addresses
    assert not any(address.version == 6 and address.is_link_local for address in addresses)
    assert len({address.is_loopback for address in addresses}) == 1
