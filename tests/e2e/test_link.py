"""Two real ends over TLS on loopback, behaving."""

import asyncio
import logging
import re
from contextlib import asynccontextmanager

import pytest
from support.links import HOST, PATIENT, Observed, dialled, events_from, identity, listening, stranger
from wyoming.event import Event
from wyoming.ping import Ping, Pong  # what an end sends that knows nothing of ours

from roomtone.errors import FrameError, HomeError, PeerGone, PinMismatch, PortUnusable
from roomtone.link.codec import encode
from roomtone.link.connection import FIRST_PINGS
from roomtone.link.security import client_context
from roomtone.link.stream import Deadlines, dial

CHUNK = Event("audio-chunk", {"rate": 16000, "width": 2, "channels": 1, "timestamp": 0}, bytes(640))


async def echo(link):
    while True:
        link.send(await link.receive())


async def test_events_cross_in_order_whatever_their_size():
    sent = [Event("small", {"n": n}) for n in range(200)] + [Event("big", {"text": "x" * 60_000}, bytes(65_536)), CHUNK]
    async with listening(echo) as server, dialled(server.port) as link:
        for event in sent:
            link.send(event)
        assert [await link.receive() for _ in sent] == sent


async def test_each_end_knows_the_other():
    observed = Observed()
    async with listening(observed) as server, dialled(server.port) as link:
        accepted = await observed.links.get()
        assert (link.host, link.port, link.peer) == (HOST, server.port, f"{HOST}:{server.port}")
        assert re.fullmatch(r"127\.0\.0\.1:\d+", accepted.peer)
        assert link.peer_fingerprint == identity().fingerprint
        assert accepted.peer_fingerprint == b""


async def test_every_address_is_served_over_ipv4_too():
    async with listening(echo, host=None) as server, dialled(server.port) as link:
        link.send(CHUNK)
        assert await link.receive() == CHUNK


async def test_pings_are_answered_and_stay_inside():
    async with listening(echo) as server, dialled(server.port) as link:
        link.send(Ping(text="are you there?").event())
        link.send(Pong(text="unasked").event())
        link.send(Event("after"))
        assert await link.receive() == Event("after")


@asynccontextmanager
async def asked(**options):
    """A server's link that has asked for its peer's clock, the peer's way to answer, and what it is asked."""
    observed = Observed()
    async with listening(observed, **options) as server, stranger(server.port) as (reader, writer):
        link = await observed.links.get()
        link.ping()
        pings = events_from(reader)

        async def answer(**pong):
            ping = await anext(pings)
            assert Ping.is_type(ping.type)
            writer.write(encode(Event("pong", {"text": ping.data["text"], **pong})))

        async def settled():
            writer.write(encode(Event("after")))
            assert await observed.events.get() == Event("after")

        yield link, answer, settled, observed
        await pings.aclose()


async def test_pongs_tell_the_peers_clock():
    async with asked() as (link, answer, settled, _):
        begun = asyncio.get_running_loop().time()
        for number in range(FIRST_PINGS):  # each upon the pong before it
            await answer(at_us=1_000_000 + number)
        await settled()
        now = asyncio.get_running_loop().time()
        placed = link.peer_clock.place(1.0, now)
        assert begun - placed.error_s <= placed.at <= now
        assert 0 < 2 * placed.error_s < 1.01 * (now - begun)
        assert link.peer_clock.round_trip_s < now - begun


async def test_each_end_tells_the_other_its_clock():
    observed = Observed()
    async with listening(observed) as server, dialled(server.port) as link:
        accepted = await observed.links.get()
        accepted.ping()
        accepted.send(Event("before"))
        assert await link.receive() == Event("before")
        link.send(Event("after"))
        assert await observed.events.get() == Event("after")
        now = asyncio.get_running_loop().time()
        placed = accepted.peer_clock.place(now, now)
        assert abs(placed.at - now) <= placed.error_s + 1e-6, "both are of one machine"


async def test_a_pong_without_a_clock_still_tells_the_distance():
    async with asked() as (link, answer, settled, _):
        await answer()
        await settled()
        assert link.peer_clock.round_trip_s > 0
        assert link.peer_clock.place(1.0, 1.0) is None


@pytest.mark.parametrize("pong", [{"text": "0"}, {"text": "2"}, {"text": None}, {"text": ""}])
async def test_a_pong_for_another_ping_tells_nothing(pong):
    async with asked() as (link, answer, settled, _):
        await answer(**pong, at_us=5)
        await settled()
        assert link.peer_clock.round_trip_s is None


@pytest.mark.parametrize("at_us", [-1, 2**53, 1.5, True, "now", [], {}])
async def test_a_pong_with_a_clock_that_is_none_ends_the_link(at_us):
    async with asked() as (_, answer, _, observed):
        await answer(at_us=at_us)
        problem = await observed.ends.get()
        assert isinstance(problem, FrameError)
        assert "a malformed pong: at_us" in str(problem)


async def test_answered_pings_keep_a_silent_link_alive():
    observed = Observed()
    brisk = Deadlines(60, 60, read_s=1, write_s=60, ping_s=0.05)
    async with listening(observed, deadlines=brisk) as server, stranger(server.port) as (reader, writer):
        pings = events_from(reader)
        for _ in range(30):  # longer than the silence that is allowed
            assert Ping.is_type((await anext(pings)).type)
            writer.write(encode(Pong().event()))
        writer.write(encode(Event("still here")))
        assert await observed.events.get() == Event("still here")
        await pings.aclose()


@pytest.mark.parametrize("length", [16, 32])
async def test_the_pin_is_a_fingerprint_or_its_first_half(length):
    async with listening(echo) as server, dialled(server.port, fingerprint=identity().fingerprint[:length]) as link:
        link.send(CHUNK)
        assert await link.receive() == CHUNK


@pytest.mark.parametrize("pin", [b"", identity().fingerprint[:1], bytes(16), bytes(32)])
async def test_another_pin_is_refused(pin):
    async with listening(echo) as server:
        with pytest.raises(PinMismatch, match="pair again"):
            async with dial(HOST, server.port, client_context(), fingerprint=pin, deadlines=PATIENT):
                pytest.fail("it connected")


async def test_nobody_there():
    async with listening(echo) as server:
        port = server.port
    with pytest.raises(PeerGone, match=rf"127\.0\.0\.1:{port} cannot be reached: Connection refused"):
        async with dialled(port):
            pytest.fail("it connected")


async def test_a_name_that_nobody_has():
    with pytest.raises(PeerGone, match=r"nobody\.invalid:1 cannot be reached"):
        async with dial("nobody.invalid", 1, client_context(), fingerprint=bytes(16), deadlines=PATIENT):
            pytest.fail("it connected")


async def test_a_port_in_use():
    async with listening(echo) as server:
        with pytest.raises(PortUnusable, match=rf"port {server.port} on 127\.0\.0\.1 is in use: stop the server"):
            async with listening(echo, port=server.port):
                pytest.fail("both listen")


async def test_an_address_that_is_not_ours():
    with pytest.raises(PortUnusable, match=r"cannot listen on port 0 of 192\.0\.2\.77"):
        async with listening(echo, host="192.0.2.77"):
            pytest.fail("it listens")


async def test_what_was_sent_before_closing_arrives():
    async def farewell(link):
        for n in range(100):
            link.send(Event("n", {"n": n}))
        link.close()

    async with listening(farewell) as server, dialled(server.port) as link:
        assert [(await link.receive()).data["n"] for _ in range(100)] == list(range(100))
        with pytest.raises(PeerGone, match="closed the connection"):
            await link.receive()
        with pytest.raises(PeerGone, match="closed the connection"):
            link.send(CHUNK)


async def test_a_closed_link_does_nothing_more():
    async with listening(echo) as server, dialled(server.port) as link:
        link.close()
        link.close()
        for call in (link.receive, link.drain):
            with pytest.raises(PeerGone, match="closed on this side"):
                await call()
        with pytest.raises(PeerGone, match="closed on this side"):
            link.send(CHUNK)


async def test_drain_waits_until_all_has_left():
    observed = Observed()
    async with listening(observed) as server, dialled(server.port) as link:
        await link.drain()
        for _ in range(100):
            link.send(CHUNK)
        await link.drain()
        assert link._outbox.take(1) == b""
        assert [await observed.events.get() for _ in range(100)] == [CHUNK] * 100


async def test_an_event_beyond_the_limits_is_the_senders_error():
    async with listening(echo) as server, dialled(server.port) as link:
        with pytest.raises(FrameError, match="payload: 70000 bytes"):
            link.send(Event("big", {}, bytes(70_000)))
        link.send(CHUNK)
        assert await link.receive() == CHUNK


async def test_leaving_the_server_ends_its_links():
    async with listening(echo) as server, dialled(server.port) as link:
        link.send(CHUNK)
        await link.receive()
        port = server.port
        async with listening(echo) as other, dialled(other.port) as second:
            second.send(CHUNK)
            await second.receive()
        with pytest.raises(PeerGone):
            await second.receive()
        link.send(CHUNK)
        assert await link.receive() == CHUNK
    with pytest.raises(PeerGone):
        async with dialled(port):
            pytest.fail("it still listens")


@pytest.mark.parametrize(
    ("problem", "level", "said"),
    [
        (PeerGone("it left"), logging.INFO, "ended: it left"),
        (HomeError("the home is on fire"), logging.ERROR, "ended: the home is on fire"),
        (ExceptionGroup("tasks", [PeerGone("it left"), HomeError("on fire")]), logging.ERROR, "ended: on fire"),
        (RuntimeError("a bug"), logging.ERROR, "fault of this program"),
    ],
)
async def test_a_handlers_error_ends_its_own_link_only(problem, level, said, caplog):
    async def handler(link):
        event = await link.receive()
        if event.type == "fail":
            raise problem
        link.send(event)
        await link.receive()

    caplog.set_level(logging.INFO, "roomtone.link")
    async with listening(handler) as server, dialled(server.port) as failing, dialled(server.port) as other:
        failing.send(Event("fail"))
        with pytest.raises(PeerGone):
            await failing.receive()
        other.send(CHUNK)
        assert await other.receive() == CHUNK
    assert any(record.levelno == level and said in record.getMessage() for record in caplog.records)


async def test_what_the_block_raises_comes_out_as_it_is():
    async with listening(echo) as server:
        with pytest.raises(KeyError):
            async with dialled(server.port):
                raise KeyError


async def test_a_cancelled_owner_leaves_nothing():
    async with listening(echo) as server:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), dialled(server.port) as link:
                await link.receive()
