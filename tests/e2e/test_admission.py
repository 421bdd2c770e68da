"""Who is let in, over real links: codes, tokens, versions, and a man in the middle."""

import asyncio
import datetime as dt
import ssl
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.links import HOST, PATIENT, MemorySatellites, bytes_from, dialled, identity, listening, stranger
from wyoming.event import Event

import roomtone
from roomtone.errors import CodeRefused, FrameError, LinkError, PeerGone, PinMismatch, TokenRefused, VersionMismatch
from roomtone.link.admission import Admitted, admit, greet, pair
from roomtone.link.codec import encode
from roomtone.link.events import PROTOCOL, Hello, Pair, Paired, Refused, Welcome, event_of, parse
from roomtone.link.pairing import WINDOW_S, PairingCode, PairingWindow
from roomtone.link.security import client_context, fingerprint_of
from roomtone.link.stream import Deadlines, dial, serve

CHUNK = Event("audio-chunk", {"rate": 16000, "width": 2, "channels": 1, "timestamp": 0}, bytes(640))


@dataclass
class House:
    """A server's handler: it admits, and keeps what came of it and whatever was said after."""

    window: PairingWindow = field(default_factory=PairingWindow)
    satellites: MemorySatellites = field(default_factory=MemorySatellites)
    now: float = 0.0
    admitted: asyncio.Queue = field(default_factory=asyncio.Queue)
    refused: asyncio.Queue = field(default_factory=asyncio.Queue)
    heard: list = field(default_factory=list)

    def code(self):
        return PairingCode(identity().fingerprint[:16], self.window.open(self.now))

    async def __call__(self, link):
        try:
            who = await admit(
                link, window=self.window, satellites=self.satellites, now=self.now, server_name="Our house"
            )
        except LinkError as problem:
            self.refused.put_nowait(problem)
            raise
        self.admitted.put_nowait(who)
        while True:
            self.heard.append(await link.receive())


async def paired(house, port):
    async with dialled(port) as link:
        credentials = await pair(link, house.code(), name="Kitchen speaker", area="Kitchen")
    await house.admitted.get()
    return credentials


async def test_a_satellite_pairs_and_comes_back():
    house = House()
    async with listening(house) as server:
        code = house.code()
        async with dialled(server.port, fingerprint=code.fingerprint16) as link:
            credentials = await pair(link, PairingCode.parse(str(code)), name="Kitchen\nspeaker\x1b[2J", area="Kitchen")
        who = await house.admitted.get()
        assert who == Admitted(credentials.satellite, "Kitchen speaker [2J", "Kitchen", was_paired=True)
        assert (credentials.server, credentials.host, credentials.port) == ("Our house", HOST, server.port)
        assert bytes.fromhex(credentials.fingerprint) == identity().fingerprint
        kept = house.satellites.known[credentials.satellite]
        assert credentials.token not in repr(kept)
        async with dialled(server.port) as link:
            welcome = await greet(link, credentials, name="Moved", area=None)
            assert welcome == Welcome(PROTOCOL, f"roomtone {roomtone.__version__}", "Our house")
        assert await house.admitted.get() == Admitted(credentials.satellite, "Moved", None, was_paired=False)


async def test_a_code_is_good_once():
    house = House()
    async with listening(house) as server:
        code = house.code()
        async with dialled(server.port) as link:
            await pair(link, code, name="first", area=None)
        async with dialled(server.port) as link:
            with pytest.raises(CodeRefused, match=r"refused this satellite: .*was used: run `roomtone pair`"):
                await pair(link, code, name="second", area=None)
            with pytest.raises(PeerGone):
                await link.receive()
        assert isinstance(await house.refused.get(), CodeRefused)
        assert len(house.satellites.known) == 1


async def test_a_code_expires():
    house = House()
    async with listening(house) as server:
        code = house.code()
        house.now += WINDOW_S
        async with dialled(server.port) as link:
            with pytest.raises(CodeRefused, match="expired"):
                await pair(link, code, name="late", area=None)


async def test_five_wrong_codes_close_the_window():
    house = House()
    async with listening(house) as server:
        right = house.code()
        wrong = PairingCode(right.fingerprint16, bytes(8))
        for _ in range(5):
            async with dialled(server.port) as link:
                with pytest.raises(CodeRefused):
                    await pair(link, wrong, name="guesser", area=None)
        async with dialled(server.port) as link:
            with pytest.raises(CodeRefused, match="no pairing code is valid"):
                await pair(link, right, name="owner", area=None)


async def test_the_secret_goes_to_no_other_server():
    house = House()
    async with listening(house) as server, dialled(server.port) as link:
        with pytest.raises(CodeRefused, match="is of another server"):
            await pair(link, PairingCode(bytes(16), bytes(8)), name="x", area=None)
    assert isinstance(await house.refused.get(), PeerGone)


@pytest.mark.parametrize("revoke", [True, False])
async def test_a_token_that_is_revoked_or_wrong(revoke):
    house = House()
    async with listening(house) as server:
        credentials = await paired(house, server.port)
        if revoke:
            house.satellites.known.clear()
        else:
            credentials = type(credentials)(credentials.satellite, "guess", credentials.fingerprint, "", HOST, 1)
        async with dialled(server.port) as link:
            with pytest.raises(TokenRefused, match="pair it again"):
                await greet(link, credentials, name="x", area=None)
        assert isinstance(await house.refused.get(), TokenRefused)
        assert house.admitted.empty()


@pytest.mark.parametrize(("protocol", "remedy"), [(0, "update the satellite"), (PROTOCOL + 1, "update the server")])
@pytest.mark.parametrize("opening", [Hello.TYPE, Pair.TYPE])
async def test_another_version_is_told_which_end_to_update(protocol, remedy, opening):
    house = House()
    async with listening(house) as server, dialled(server.port) as link:
        link.send(Event(opening, {"protocol": protocol, "fields": "of another time"}))
        refused = parse(await link.receive())
        assert isinstance(refused, Refused)
        assert (refused.reason, remedy in refused.text) == ("version", True)
        assert isinstance(await house.refused.get(), VersionMismatch)


@pytest.mark.parametrize(
    "first",
    [
        CHUNK,
        Event("describe"),
        Event(Hello.TYPE),
        Event(Hello.TYPE, {"protocol": True}),
        Event(Hello.TYPE, {"protocol": PROTOCOL, "token": 1}),
        Event(Pair.TYPE, {"protocol": PROTOCOL, "software": "x", "secret": "x" * 200, "name": "x"}),
    ],
)
async def test_another_first_event_is_refused(first):
    house = House()
    async with listening(house) as server, dialled(server.port) as link:
        link.send(first)
        refused = parse(await link.receive())
        assert isinstance(refused, Refused)
        assert refused.reason == "malformed"
        assert isinstance(await house.refused.get(), FrameError)


async def test_what_a_refused_satellite_sends_is_heard_by_nobody():
    house = House()
    async with listening(house) as server, stranger(server.port) as (reader, writer):
        hello = Hello(PROTOCOL, "x", "nobody", "no token", "x")
        writer.write(encode(event_of(hello)) + encode(CHUNK) * 10)
        async for _ in bytes_from(reader):
            pass
        assert isinstance(await house.refused.get(), TokenRefused)
    assert house.heard == []


async def test_who_says_nothing_is_not_waited_for():
    house = House()
    deadlines = Deadlines(60, handshake_s=0.05, read_s=60, write_s=60, ping_s=60)
    async with listening(house, deadlines=deadlines) as server, stranger(server.port):
        problem = await house.refused.get()
    assert isinstance(problem, PeerGone)
    assert "said nothing for 0.05 s" in str(problem)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (event_of(Welcome(PROTOCOL + 1, "x", "x")), VersionMismatch),
        (event_of(Paired("x", "x", "x")), FrameError),
        (Event("pipeline"), FrameError),
        (event_of(Refused("busy", "too many satellites")), LinkError),
        (Event(Refused.TYPE, {"reason": "mood", "text": ""}), FrameError),
    ],
)
async def test_a_server_that_answers_strangely(answer, error):
    async def odd(link):
        await link.receive()
        link.send(answer)
        await link.receive()

    house = House()
    async with listening(house) as server:
        credentials = await paired(house, server.port)
    async with listening(odd) as server, dialled(server.port) as link:
        with pytest.raises(error):
            await greet(link, credentials, name="x", area=None)


async def test_a_satellite_without_a_clock_connects():
    """A certificate that is over, or has not begun, is as good as any: the pin is what counts."""
    context, fingerprint = certificate_of(
        dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(1991, 1, 1, tzinfo=dt.UTC)
    )
    house = House()
    async with (
        serve(house, HOST, 0, context, deadlines=PATIENT) as server,
        dial(HOST, server.port, client_context(), fingerprint=fingerprint, deadlines=PATIENT) as link,
    ):
        code = PairingCode(fingerprint[:16], house.window.open(house.now))
        assert await pair(link, code, name="no clock", area=None)


def certificate_of(begins, ends):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "roomtone")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins, ends)
    certificate = builder.sign(key, hashes.SHA256())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)
    return context, fingerprint_of(certificate.public_bytes(serialization.Encoding.DER))


@asynccontextmanager
async def man_in_the_middle(upstream):
    """Stands before the server with a certificate of its own: its port, what it could read, and when it is over."""
    overheard = bytearray()
    done = asyncio.Event()

    async def relay(reader, writer):
        _, onward = await asyncio.open_connection(HOST, upstream, ssl=client_context(), server_hostname="")
        try:
            while data := await reader.read(2**16):
                overheard.extend(data)
                onward.write(data)
        except OSError:
            pass  # the satellite hung up without a goodbye
        finally:
            for end in (onward, writer):
                end.transport.abort()
            done.set()

    context = identity("man in the middle").context
    async with await asyncio.start_server(relay, HOST, 0, ssl=context) as proxy:
        yield proxy.sockets[0].getsockname()[1], overheard, done


async def test_a_man_in_the_middle_gets_not_one_byte():
    house = House()
    async with listening(house) as server:
        credentials = await paired(house, server.port)
        async with man_in_the_middle(server.port) as (port, overheard, done):
            with pytest.raises(PinMismatch):
                async with dialled(port, fingerprint=bytes.fromhex(credentials.fingerprint)) as link:
                    await greet(link, credentials, name="x", area=None)
            await done.wait()
            assert overheard == b""
        async with man_in_the_middle(server.port) as (port, overheard, done):
            code = house.code()
            with pytest.raises(PinMismatch):
                async with dialled(port, fingerprint=code.fingerprint16) as link:
                    await pair(link, code, name="x", area=None)
            await done.wait()
            assert overheard == b""


async def test_the_man_in_the_middle_would_have_heard():
    """What the test above rests on: without the pin, he hears the token."""
    house = House()
    async with listening(house) as server:
        credentials = await paired(house, server.port)
        async with man_in_the_middle(server.port) as (port, overheard, done):
            async with dial(HOST, port, client_context(), fingerprint=None, deadlines=PATIENT) as link:
                link.send(event_of(Hello(PROTOCOL, "x", credentials.satellite, credentials.token, "x")))
                await house.admitted.get()
            await done.wait()
            assert credentials.token.encode() in overheard
