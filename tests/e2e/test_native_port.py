"""The native port over real TLS and the real store; behind it engines that do as a test says."""

import random
import time
from array import array
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, ScriptedTts, parts
from wyoming.asr import TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from roomtone.errors import CodeRefused, PeerGone, SatelliteUnable, TokenRefused, UsageError
from roomtone.link import events
from roomtone.link.admission import greet, pair
from roomtone.link.background import alongside
from roomtone.link.pairing import PairingCode, PairingWindow
from roomtone.link.security import client_context, make_certificate
from roomtone.link.stream import dial
from roomtone_server.ports.local import LocalVerbs
from roomtone_server.ports.native import Doorkeeper, serve_native
from roomtone_server.runtime.house import House
from roomtone_server.runtime.recording import Recording
from roomtone_server.runtime.remote import SatelliteState, WakeWord
from roomtone_server.store.database import Database
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.turn.arbiter import CHIME_WAITS_S

NAME = {"name": "Kitchen", "area": "Kitchen"}


class Served:
    """A server's native port, as a satellite and its owner see it."""

    def __init__(self, house, port, identity, window, store, verbs):
        self.house = house
        self.store = store
        self.verbs = verbs
        self._port = port
        self._identity = identity
        self._window = window

    def dial(self):
        return dial("127.0.0.1", self._port, client_context(), fingerprint=self._identity.fingerprint)

    def code(self) -> PairingCode:
        return PairingCode(self._identity.fingerprint[:16], self._window.open(time.monotonic()))

    async def pair(self):
        """What pairs is a satellite too, until it hangs up: returns when it is gone."""
        async with aclosing(self.house.presences()) as presences:
            async with self.dial() as link:
                credentials = await pair(link, self.code(), **NAME)
                while credentials.satellite not in {each.id for each in await anext(presences)}:
                    pass
            while credentials.satellite in {each.id for each in await anext(presences)}:
                pass
        return credentials


@asynccontextmanager
async def serving(folder, *, max_per_address=16, **scripted):
    identity, window = make_certificate(folder), PairingWindow()
    house = House(parts(**{"tts": ScriptedTts(seconds=0.3), **scripted}))
    async with Database.open(folder / "roomtone.db") as database:
        store = SqliteSatelliteStore(database)
        doorkeeper = Doorkeeper(store, window, "attic")
        caps = {"max_per_address": max_per_address}
        async with serve_native(house, doorkeeper, identity, "127.0.0.1", 0, **caps) as port:
            yield Served(house, port, identity, window, store, LocalVerbs(house, store, window, identity.fingerprint))


async def test_a_turn_over_the_link(tmp_path):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        async with served.dial() as link:
            welcome = await greet(link, credentials, **NAME)
            assert welcome.server == "attic"
            utter(link, 1)
            kinds, audio = [], b""
            while not kinds or kinds[-1] != "roomtone-turn-ended":
                event = await link.receive()
                kinds.append(event.type)
                if AudioChunk.is_type(event.type):
                    audio += event.payload
                if AudioStop.is_type(event.type):
                    link.send(events.event_of(events.Played(1, len(audio) // 2, done=True)))
                if AudioStart.is_type(event.type):
                    assert AudioStart.from_event(event).rate == 22_050
        assert len(audio) == 2 * 22_050 * 3 // 10
        once = list(dict.fromkeys(kinds))
        assert once[0] == "roomtone-yours"
        assert set(once[1:3]) == {"transcript-chunk", "roomtone-heard"}
        assert once[3:] == [
            "transcript",
            "roomtone-reply",
            "audio-start",
            "audio-chunk",
            "audio-stop",
            "roomtone-turn-ended",
        ]


async def test_an_announcement_without_a_text_is_known_by_its_turn(tmp_path):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        async with served.dial() as link:
            await greet(link, credentials, **NAME)
            async with aclosing(served.house.presences()) as presences:
                while not await anext(presences):
                    pass
            served.house.announce(credentials.satellite, Recording(bytes(2 * 800), 8_000), "done")
            told = [await link.receive() for _ in range(4)]
        assert [event.type for event in told] == ["roomtone-chime", "roomtone-reply", "audio-start", "audio-chunk"]
        assert events.parse(told[1]) == events.Reply(2, "")


async def test_the_satellite_that_hears_a_word_worse_is_told_that_another_answers(tmp_path):
    rng = random.Random(1)
    levels = [rng.randint(1_000, 8_000) for _ in range(50)]
    async with serving(tmp_path) as served:
        near, far = await served.pair(), await served.pair()
        async with served.dial() as better, served.dial() as worse:
            for link, credentials, word_dbfs in ((better, near, -20.0), (worse, far, -30.0)):
                await greet(link, credentials, **NAME)
                wake = events.Wake(1, "okay_nabu", "okay nabu", 0.9, 16_000, 0, word_dbfs=word_dbfs, room_dbfs=-50.0)
                link.send(events.event_of(wake))
            assert [events.parse(await link.receive()) for link in (better, worse)] == [
                events.Yours(1, pytest.approx(CHIME_WAITS_S, abs=CHIME_WAITS_S)) for _ in range(2)
            ]
            for number, level in enumerate(levels):
                for link in (better, worse):
                    pcm = array("h", [level] * 320).tobytes()
                    link.send(AudioChunk(16_000, 2, 1, pcm, timestamp=20 * number).event())
            while not isinstance(told := events.parse(await worse.receive()), events.TurnEnded):
                pass
            assert told == events.TurnEnded(1, "elsewhere")


def utter(link, turn):
    link.send(events.event_of(events.Wake(turn, "okay_nabu", "okay nabu", 0.9, 0, 0)))
    for number, frame in enumerate([SPEECH] * 50 + [SILENCE] * 45):
        link.send(AudioChunk(16_000, 2, 1, frame, timestamp=20 * number).event())


async def test_the_area_that_was_said_at_pairing_holds_until_another_is_said(tmp_path):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        for said, meant in ((None, "Kitchen"), ("Office", "Office"), (None, "Office")):
            async with served.dial() as link:
                await greet(link, credentials, name="Kitchen", area=said)
                utter(link, 1)
                await link.receive()
                assert [satellite.area for satellite in served.house.satellites] == [meant]


async def test_a_name_and_an_area_that_were_given_hold_until_the_satellite_says_others(tmp_path):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        await served.store.rename(credentials.satellite, "Stove", "Larder")
        for said, name, area in (
            (NAME, "Stove", "Larder"),
            ({"name": "Kitchen", "area": None}, "Stove", "Larder"),
            ({"name": "Cooker", "area": "Kitchen"}, "Cooker", "Larder"),
            ({"name": "Cooker", "area": "Office"}, "Cooker", "Office"),
        ):
            async with served.dial() as link:
                await greet(link, credentials, **said)
                utter(link, 1)
                await link.receive()
                assert [(each.name, each.area) for each in served.house.satellites] == [(name, area)]


async def test_what_a_satellite_tells_and_may_be_asked(tmp_path):
    async with serving(tmp_path) as served, aclosing(served.house.changes()) as changes:
        credentials = await served.pair()
        async with served.dial() as link:
            await greet(link, credentials, **NAME)
            while not served.house.present():
                await anext(changes)
            remote = served.house.presence(credentials.satellite).remote
            with pytest.raises(SatelliteUnable):
                remote.mute(muted=True)
            words = (events.WakeWord("okay_nabu", "okay nabu", 0.85),)
            can = ("mute", "volume", "level", "thresholds", "of-the-future")
            link.send(events.event_of(events.SatelliteState(False, False, 0.8, words, can)))
            while remote.state is None:
                await anext(changes)
            assert remote.state == SatelliteState(False, False, 0.8, (WakeWord("okay_nabu", "okay nabu", 0.85),))
            assert remote.can == {"announce", "listen", "rename", "revoke", *can[:-1]}
            remote.mute(muted=True)
            remote.set_volume(0.5)
            remote.set_thresholds({"okay_nabu": 0.9})
            remote.watch_level(600)
            assert [events.parse(await link.receive()) for _ in range(4)] == [
                events.SetSatellite(muted=True),
                events.SetSatellite(volume=0.5),
                events.SetSatellite(thresholds={"okay_nabu": 0.9}),
                events.WatchLevel(events.MAX_WATCH_S),
            ]
            link.send(events.event_of(events.SatelliteLevel(-42.0)))
            link.send(events.event_of(events.SatelliteState(False, False, 0.5, words, can)))
            await anext(changes)
            assert remote.level_dbfs == -42.0
            remote.rename("Stove", "Larder")
            assert [(each.name, each.area) for each in served.house.satellites] == [("Stove", "Larder")]
            served.house.listen(credentials.satellite)
            assert events.parse(await link.receive()) == events.Listen(2, 5.0)


async def test_a_code_is_good_once(tmp_path):
    async with serving(tmp_path) as served:
        code = served.code()
        async with served.dial() as link:
            await pair(link, code, **NAME)
        async with served.dial() as link:
            with pytest.raises(CodeRefused, match="used"):
                await pair(link, code, **NAME)


@pytest.mark.parametrize("allowed", [2, 20])
async def test_as_many_satellites_as_are_allowed_may_share_one_address(tmp_path, allowed):
    async with serving(tmp_path, max_per_address=allowed) as served, AsyncExitStack() as links:
        for _ in range(allowed):
            await links.enter_async_context(served.dial())
        with pytest.raises(PeerGone):
            await links.enter_async_context(served.dial())


async def test_those_of_other_makes_are_listed_while_they_are_connected(tmp_path):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        porch = ScriptedSatellite("tcp://porch:10700", "Porch")
        async with alongside(served.house.attend(porch)), aclosing(served.house.presences()) as presences:
            while not await anext(presences):
                pass
            listed = [answer async for answer in served.verbs.satellites({})]
        told = [(each["id"], each["name"], each["connected"]) for each in listed]
        assert told == [(credentials.satellite, "Kitchen", False), ("tcp://porch:10700", "Porch", True)]


async def test_something_is_said_in_a_room_or_everywhere(tmp_path):
    kitchen, den = ScriptedSatellite("k", "Kitchen"), ScriptedSatellite("d", "Den")
    async with (
        serving(tmp_path) as served,
        alongside(served.house.attend(kitchen)),
        alongside(served.house.attend(den)),
    ):
        async with aclosing(served.house.presences()) as presences:
            while len(await anext(presences)) < 2:
                pass
        for room, names in (("den", ["Den"]), (None, ["Den", "Kitchen"])):
            [said] = [answer async for answer in served.verbs.announce({"text": "dinner", "room": room})]
            assert said["satellites"] == names
        await den.until("reply", 2)
        await kitchen.until("reply")
        with pytest.raises(UsageError, match="'Attic'"):
            await anext(served.verbs.announce({"text": "dinner", "room": "Attic"}))


async def test_a_revoked_satellite_is_sent_away_and_not_let_in_again(tmp_path):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        async with served.dial() as link:
            await greet(link, credentials, **NAME)
            [revoked] = [answer async for answer in served.verbs.revoke({"satellite": "Kitchen"})]
            assert revoked["revoked"] == credentials.satellite
            with pytest.raises(PeerGone):
                await link.receive()
        async with served.dial() as link:
            with pytest.raises(TokenRefused, match="pair"):
                await greet(link, credentials, **NAME)
        assert [answer async for answer in served.verbs.satellites({})] == []


@pytest.mark.parametrize(
    "event",
    [
        AudioChunk(44_100, 2, 1, SPEECH, timestamp=0).event(),
        AudioChunk(16_000, 2, 2, SPEECH, timestamp=0).event(),
        AudioChunk(16_000, 2, 1, SPEECH, timestamp=None).event(),
        AudioChunk(16_000, 2, 1, b"odd", timestamp=0).event(),
        Event("roomtone-wake", {"turn": -1}),
        Event("roomtone-played", {"turn": 1, "samples": "many", "done": True}),
        Event("roomtone-played", {"turn": 1, "samples": 1, "done": True, "at_us": 2**53}),
        Event("roomtone-state", {"muted": False, "muted_there": False, "volume": 1.1}),
        Event("roomtone-state", {"muted": False, "muted_there": False, "volume": 1, "wake_words": [{"name": "x"}]}),
        Event("roomtone-state", {"muted": False, "muted_there": False, "volume": 1, "can": ["x"] * 33}),
        Event("roomtone-level", {"dbfs": 1.0}),
    ],
    ids=[
        "rate",
        "channels",
        "no time",
        "half a sample",
        "a turn below zero",
        "samples that are no number",
        "a far future",
        "louder than loud",
        "a wake word without a phrase",
        "able to do too much",
        "a level beyond full scale",
    ],
)
async def test_nonsense_ends_the_connection_and_nothing_else(tmp_path, event):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        async with served.dial() as other, served.dial() as link:
            await greet(link, credentials, **NAME)
            link.send(event)
            with pytest.raises(PeerGone):
                await link.receive()
            await greet(other, credentials, **NAME)
            utter(other, 1)
            assert (await other.receive()).type == "roomtone-yours"


async def test_events_of_a_newer_protocol_are_passed_over(tmp_path):
    async with serving(tmp_path) as served:
        credentials = await served.pair()
        async with served.dial() as link:
            await greet(link, credentials, **NAME)
            link.send(Event("roomtone-of-the-future", {"x": 1}))
            utter(link, 1)
            assert (await link.receive()).type == "roomtone-yours"


async def test_a_satellite_that_vanishes_in_mid_sentence_frees_everything(tmp_path):
    stt = ScriptedStt()
    async with serving(tmp_path, stt=stt, agent=ScriptedAgent()) as served:
        credentials = await served.pair()
        with served.house.parts.trace.watch() as happened:
            async with served.dial() as link:
                await greet(link, credentials, **NAME)
                link.send(events.event_of(events.Wake(1, "okay_nabu", "okay nabu", 0.9, 0, 0)))
                link.send(AudioChunk(16_000, 2, 1, SPEECH, timestamp=0).event())
                assert (await link.receive()).type == "roomtone-yours"
                assert TranscriptChunk.is_type((await link.receive()).type)
                assert stt.open == 1
            while (await happened.get()).what != "ended":
                pass
    assert stt.open == 0
