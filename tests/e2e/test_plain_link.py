"""Plain Wyoming on loopback: peers that know nothing of ours, and those that may not come in."""

import asyncio
import logging
import math

import pytest
from support.links import HOST, PATIENT, Observed, bytes_from, events_from, plainly_dialled, plainly_listening, stranger
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler, AsyncTcpServer

from roomtone.errors import FrameError, PeerGone, PortUnusable
from roomtone.link.codec import encode
from roomtone.link.discovery import own_addresses
from roomtone.link.stream import Deadlines

CHUNK = Event("audio-chunk", {"rate": 16000, "width": 2, "channels": 1}, bytes(640))
SOON = Deadlines(60, 60, read_s=0.05, write_s=60, ping_s=math.inf)


async def echo(link):
    while True:
        link.send(await link.receive())


async def test_events_cross_between_two_of_our_ends():
    sent = [Event("small", {"n": n}) for n in range(200)] + [Event("big", {"text": "x" * 60_000}, bytes(65_536)), CHUNK]
    async with plainly_listening(echo) as server, plainly_dialled(server.port) as link:
        for event in sent:
            link.send(event)
        assert [await link.receive() for _ in sent] == sent
        assert link.peer_fingerprint == b""


async def test_the_wyoming_packages_own_client():
    async with plainly_listening(echo) as server, AsyncTcpClient(HOST, server.port) as client:
        await client.write_event(CHUNK)
        assert await client.read_event() == CHUNK


async def test_the_wyoming_packages_own_server():
    class Echoing(AsyncEventHandler):
        async def handle_event(self, event):
            await self.write_event(event)
            return True

    server = AsyncTcpServer(HOST, 0)
    await server.start(Echoing)
    port = server._server.sockets[0].getsockname()[1]
    async with plainly_dialled(port) as link:
        link.send(CHUNK)
        assert await link.receive() == CHUNK
    await server.stop()


@pytest.mark.parametrize("ping", [Event("ping"), Ping(text="are you there?").event()])
async def test_a_ping_is_answered_with_its_own_text_and_nothing_of_ours(ping):
    async with plainly_listening(echo) as server, stranger(server.port, tls=False) as (reader, writer):
        writer.write(encode(ping))
        answers = events_from(reader)
        assert await anext(answers) == Event("pong", ping.data)
        await answers.aclose()


async def test_our_pings_have_no_text():
    observed = Observed()
    async with plainly_listening(observed) as server, stranger(server.port, tls=False) as (reader, _):
        (await observed.links.get()).ping()
        events = events_from(reader)
        assert await anext(events) == Event("ping")
        await events.aclose()


async def test_a_peer_that_knows_no_ping_may_be_silent_and_is_asked_no_more():
    observed = Observed()
    deadlines = Deadlines(60, 60, read_s=0.05, write_s=60, ping_s=0.02)
    async with plainly_listening(observed, deadlines=deadlines) as server:
        async with stranger(server.port, tls=False) as (reader, writer):
            pings = events_from(reader)
            assert await anext(pings) == Event("ping")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):  # longer than the deadline, by far
                    await anext(pings)
            writer.write(encode(CHUNK))
            assert await observed.events.get() == CHUNK
            assert observed.ends.empty()
            await pings.aclose()
        assert isinstance(await observed.ends.get(), PeerGone)


async def test_a_peer_that_knows_pings_is_asked_again_and_again():
    deadlines = Deadlines(60, 60, read_s=60, write_s=60, ping_s=0.02)
    answering = plainly_listening(Observed(), deadlines=deadlines)
    async with answering as server, stranger(server.port, tls=False) as (reader, writer):
        pings = events_from(reader)
        for _ in range(4):
            assert await anext(pings) == Event("ping")
            writer.write(encode(Event("pong")))
        await pings.aclose()


@pytest.mark.parametrize("event", [Event("ping"), Event("pong"), Pong(text="1").event()])
async def test_a_peer_that_knows_pings_is_held_to_them(event):
    observed = Observed()
    async with plainly_listening(observed, deadlines=SOON) as server, stranger(server.port, tls=False) as (_, writer):
        writer.write(encode(event))
        problem = await observed.ends.get()
    assert isinstance(problem, PeerGone)
    assert "sent no whole event for 0.05 s" in str(problem)


async def test_half_an_event_has_its_deadline_whoever_sent_it():
    observed = Observed()
    async with plainly_listening(observed, deadlines=SOON) as server, stranger(server.port, tls=False) as (_, writer):
        writer.write(encode(CHUNK) + encode(CHUNK)[:-1])
        assert await observed.events.get() == CHUNK
        assert isinstance(await observed.ends.get(), PeerGone)


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"x" * 9000, b"\x16\x03\x01\x02\x00\x01\x00"])
async def test_bytes_that_are_no_events(said):
    observed = Observed()
    async with plainly_listening(observed) as server, stranger(server.port, tls=False) as (_, writer):
        writer.write(said + b"\n")
        assert isinstance(await observed.ends.get(), FrameError)


async def test_who_is_not_allowed_is_told_so_and_heard_no_further(caplog):
    caplog.set_level(logging.WARNING)
    ours = own_addresses()[0]
    if ours.startswith("127."):
        pytest.skip("this machine has loopback alone: nobody else can come")
    elsewhere = "203.0.113.1"  # so that it listens everywhere
    observed = Observed()
    async with plainly_listening(observed, allow=[elsewhere]) as server:
        for _ in range(2):
            async with plainly_dialled(server.port, host=ours) as link:
                link.send(CHUNK)
                event = await link.receive()
                assert (event.type, event.data["code"]) == ("error", "not-allowed")
                assert f"add {ours} to `home.allow`" in event.data["text"]
    assert observed.links.empty()
    assert len([text for text in caplog.messages if "refused" in text]) == 1
    async with (
        plainly_listening(echo, allow=[elsewhere, ours]) as server,
        plainly_dialled(server.port, host=ours) as link,
    ):
        link.send(CHUNK)
        assert await link.receive() == CHUNK


async def test_without_anybody_else_it_listens_on_loopback_alone():
    ours = own_addresses()[0]
    if ours.startswith("127."):
        pytest.skip("this machine has loopback alone")
    async with plainly_listening(echo) as server:
        with pytest.raises(PeerGone, match="cannot be reached"):
            async with plainly_dialled(server.port, host=ours):
                pytest.fail("it listened there")


async def test_nobody_is_there():
    with pytest.raises(PeerGone, match="cannot be reached"):
        async with plainly_dialled(1):
            pytest.fail("somebody was there")


async def test_a_port_that_is_taken():
    async with plainly_listening(echo) as server:
        with pytest.raises(PortUnusable, match="is in use"):
            async with plainly_listening(echo, port=server.port):
                pytest.fail("both listen")


async def test_leaving_ends_the_connection_behind_what_was_sent():
    async def say_one_thing(link):
        link.send(CHUNK)

    async with (
        plainly_listening(say_one_thing, deadlines=PATIENT) as server,
        stranger(server.port, tls=False) as (reader, _),
    ):
        assert b"".join([data async for data in bytes_from(reader)]) == encode(CHUNK)


async def test_connections_at_rest_leave_nothing_behind():
    async with plainly_listening(echo) as server:
        links = [plainly_dialled(server.port) for _ in range(8)]
        for link in links:
            await link.__aenter__()
        for link in links:
            await link.__aexit__(None, None, None)
    assert len(asyncio.all_tasks()) == 1


async def test_pings_are_seen_by_who_counts_them():
    async with plainly_listening(echo) as server, plainly_dialled(server.port) as link:
        link.send(Event("ping"))  # which the other end answers, and does not echo
        link.send(CHUNK)
        assert await link.receive() == CHUNK

    async def count(link):
        link.send(await link.receive(pings=True))

    async with plainly_listening(count) as server, stranger(server.port, tls=False) as (reader, writer):
        writer.write(encode(Event("ping")))
        assert [event.type async for event in events_from(reader)] == ["pong", "ping"]


async def test_who_may_be_silent_outlasts_who_may_not():
    observed, patient = Observed(), Observed()

    async def let_be_silent(link):
        assert (await link.receive(pings=True)).type == "ping"
        link.let_be_silent()
        await patient(link)

    async with (
        plainly_listening(let_be_silent, deadlines=SOON) as quiet,
        plainly_listening(observed, deadlines=SOON) as strict,
        stranger(quiet.port, tls=False) as (_, silent),
        stranger(strict.port, tls=False) as (_, other),
    ):
        silent.write(encode(Event("ping")))
        link = await patient.links.get()
        other.write(encode(Event("ping")))
        await observed.ends.get()
        assert patient.ends.empty()
        assert not link.answers_pings
