"""A server's links to peers that are broken, slow, gone or hostile."""

import asyncio
import logging
import os
import resource
import socket
import ssl
import struct
from contextlib import ExitStack

import pytest
from support.links import HOST, PATIENT, Observed, bytes_from, dialled, events_from, listening, stranger
from wyoming.event import Event

from roomtone.errors import FrameError, LinkError, PeerGone
from roomtone.link import stream
from roomtone.link.codec import encode
from roomtone.link.outbox import MAX_AUDIO_BYTES, MAX_CONTROL_BYTES
from roomtone.link.security import client_context
from roomtone.link.stream import Deadlines

CHUNK = Event("audio-chunk", {"rate": 16000, "width": 2, "channels": 1, "timestamp": 0}, bytes(640))


def impatient(**deadlines):
    return Deadlines(**{**{name: getattr(PATIENT, name) for name in PATIENT.__slots__}, **deadlines})


async def talk(link):
    """Sends audio for as long as the link takes it."""
    while True:
        link.send(CHUNK)
        await asyncio.sleep(0)


async def assert_still_serves(server):
    async with dialled(server.port) as link:
        link.send(CHUNK)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "header line: not JSON"),
        (b'{"type": "a", "data_length": 100000000000}\n', "data_length must be an integer from 0 to 65536"),
        (b'{"type": "a", "payload_length": -5}\n', "payload_length must be an integer"),
        (b"x" * 9000, "header line: more than 8192 bytes"),
        (b'{"type":' + b"[" * 8000 + b"\n", "nested deeper"),
    ],
)
async def test_bytes_that_are_no_events(said, complaint):
    observed = Observed()
    async with listening(observed) as server:
        async with stranger(server.port) as (reader, writer):
            writer.write(encode(CHUNK) + said)
            assert await observed.events.get() == CHUNK
            problem = await observed.ends.get()
            assert isinstance(problem, FrameError)
            assert complaint in str(problem)
            with pytest.raises((ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        await assert_still_serves(server)


async def test_a_peer_that_hangs_up_inside_an_event():
    observed = Observed()
    async with listening(observed) as server, stranger(server.port) as (_, writer):
        writer.write(encode(CHUNK)[:-1])
        writer.close()
        problem = await observed.ends.get()
    assert isinstance(problem, PeerGone)
    assert "closed the connection, in the middle of an event" in str(problem)


async def test_a_peer_that_resets():
    observed = Observed()
    async with listening(observed) as server:
        async with stranger(server.port) as (_, writer):
            await observed.links.get()
            reset = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        assert isinstance(await observed.ends.get(), PeerGone)


async def test_a_peer_that_vanishes():
    observed = Observed()
    async with listening(observed, deadlines=impatient(read_s=0.05)) as server, stranger(server.port):
        problem = await observed.ends.get()
    assert isinstance(problem, PeerGone)
    assert "sent no whole event for 0.05 s" in str(problem)


async def test_a_peer_that_drips_bytes_is_cut_off_all_the_same():
    observed = Observed()
    deadlines = impatient(read_s=0.2, ping_s=0.01)
    async with listening(observed, deadlines=deadlines) as server, stranger(server.port) as (reader, writer):
        async for ping in events_from(reader):
            assert ping.type == "ping"
            writer.write(b" ")  # one more byte of a header line that will never end
        problem = await observed.ends.get()
    assert isinstance(problem, PeerGone)
    assert "sent no whole event for 0.2 s" in str(problem)


async def test_audio_that_grows_old_is_dropped():
    observed = Observed()
    async with listening(observed) as server, dialled(server.port) as link:
        accepted = await observed.links.get()
        accepted.send(Event("audio-start", {"rate": 16000, "width": 2, "channels": 1}))
        for position in range(300):  # without a pause, so that nothing can leave meanwhile
            accepted.send(Event("audio-chunk", {**CHUNK.data, "timestamp": 20 * position}, CHUNK.payload))
        accepted.send(Event("audio-stop"))
        got = [await link.receive()]
        while got[-1].type != "audio-stop":
            got.append(await link.receive())
        assert got[0].type == "audio-start"
        assert [event.data["timestamp"] for event in got[1:-1]] == [20 * n for n in range(accepted.dropped_chunks, 300)]
        assert 0 < sum(len(encode(event)) for event in got[1:-1]) <= MAX_AUDIO_BYTES


async def test_a_peer_that_lets_events_pile_up_is_disconnected():
    observed = Observed()
    async with listening(observed) as server, dialled(server.port) as link:
        accepted = await observed.links.get()
        event = Event("roomtone-reply", {"turn": 1, "text": "x" * 1000})
        for _ in range(MAX_CONTROL_BYTES // len(encode(event))):
            accepted.send(event)
        with pytest.raises(PeerGone, match="too many events wait"):
            accepted.send(event)
        with pytest.raises(PeerGone, match="too many events wait"):
            await accepted.receive()
        with pytest.raises(PeerGone):
            await link.receive()


async def test_a_peer_that_does_not_read():
    observed = Observed()
    async with (
        listening(observed, deadlines=impatient(write_s=0.05)) as server,
        stranger(server.port, receive_buffer=4096),
    ):
        accepted = await observed.links.get()
        with pytest.raises(PeerGone, match=r"does not read: nothing left for 0\.05 s"):
            await talk(accepted)
        assert "does not read" in str(await observed.ends.get())
        assert accepted.dropped_chunks > 0


async def test_a_peer_that_does_not_read_is_left_behind_at_the_end():
    async def leave(link):
        for _ in range(5000):
            link.send(CHUNK)
            await asyncio.sleep(0)

    async with listening(leave) as server, stranger(server.port, receive_buffer=4096) as (reader, _):
        await reader.readexactly(1)


@pytest.mark.parametrize("first", [b"", b"\x16\x03", b"SSH-2.0-OpenSSH_9.2p1\r\n"])
async def test_a_peer_without_tls(first, caplog):
    caplog.set_level(logging.INFO, "roomtone.link")
    async with listening(Observed(), deadlines=impatient(handshake_s=0.05)) as server:
        async with stranger(server.port, tls=False) as (reader, writer):
            writer.write(first)
            async for _ in bytes_from(reader):
                pass
        await assert_still_serves(server)
    assert "no link to 127.0.0.1" in caplog.text


async def test_a_peer_with_an_old_tls():
    old = client_context()
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with listening(Observed()) as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(HOST, server.port, ssl=old, server_hostname="")
        await assert_still_serves(server)


async def test_a_server_without_tls():
    async def answer(reader, writer):
        await reader.read(1)
        writer.write(b"220 mail\r\n")
        writer.close()

    async with await asyncio.start_server(answer, HOST, 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        with pytest.raises(LinkError, match=r"find no common TLS 1\.3"):
            async with dialled(port):
                pytest.fail("it connected")


async def test_a_server_that_does_not_answer():
    with socket.create_server((HOST, 0)) as deaf, pytest.raises(PeerGone, match="did not complete the TLS handshake"):
        async with dialled(deaf.getsockname()[1], deadlines=impatient(handshake_s=0.05)):
            pytest.fail("it connected")


@pytest.mark.parametrize("cap", ["max_connections", "max_per_address"])
async def test_connections_are_capped(cap, caplog):
    observed = Observed()
    async with listening(observed, **{cap: 2}) as server:
        async with stranger(server.port, tls=False), dialled(server.port) as second:
            await observed.links.get()
            with pytest.raises(PeerGone):
                async with dialled(server.port):
                    pytest.fail("a third was let in")
            assert "turned 127.0.0.1 away: 2 connections, 2 of them its own" in caplog.text
            second.close()
            await observed.ends.get()
        while True:  # the places are free as soon as the server has noticed
            try:
                await assert_still_serves(server)
                break
            except PeerGone:
                await asyncio.sleep(0)


async def test_a_flood_does_not_take_the_loop():
    observed = Observed()
    turns = 0

    async def count_turns():
        nonlocal turns
        while observed.events.qsize() < 5000:
            turns += 1
            await asyncio.sleep(0)

    async with listening(observed) as server, stranger(server.port) as (_, writer), asyncio.TaskGroup() as tasks:
        tasks.create_task(count_turns())
        writer.write(b'{"type":"a"}\n' * 5000)
    assert turns >= 5000 // 64


async def test_a_server_without_file_descriptors_goes_on_when_it_has_some(monkeypatch):
    said = asyncio.Queue()
    monkeypatch.setattr(stream._LOGGER, "error", lambda text, *values: said.put_nowait(text % values))
    monkeypatch.setattr(stream, "_ACCEPT_PAUSE_S", 0.01)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with listening(Observed()) as server:
        with socket.create_connection((HOST, server.port)) as client:
            next_free = os.dup(client.fileno())
            os.close(next_free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, hard))
            try:
                assert await said.get() == "cannot accept connections for a moment: Too many open files"
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await assert_still_serves(server)


async def test_a_machine_that_does_not_answer():
    with socket.create_server((HOST, 0), backlog=0) as full, ExitStack() as waiting:
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        with pytest.raises(PeerGone, match=r"did not answer within 0\.05 s: is the server running"):
            async with dialled(full.getsockname()[1], deadlines=impatient(connect_s=0.05)):
                pytest.fail("it connected")
