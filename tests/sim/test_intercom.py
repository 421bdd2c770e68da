"""Two rooms that talk to each other, on virtual time: who hears whom, when, and what ends it."""

import asyncio

import pytest
from support import virtual_time
from support.browser_voice import at_home
from support.rooms import Room, floor_of
from support.scripted import SILENCE, SPEECH

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import SatelliteAway, SatelliteUnable
from roomtone_server.runtime.intercom import LASTS_S, MAX_INTERCOMS
from roomtone_server.runtime.parts import TurnSettings
from roomtone_server.runtime.remote import Remote, SatelliteState
from roomtone_server.runtime.session import Audio, GivenUp, Interrupted, Woken

AFTER_S = TurnSettings().talk.free_ms / 1000  # of silence, the other room has its turn
MUTED = SatelliteState(muted=True, muted_there=True, volume=1.0)


def test_what_is_said_in_one_room_sounds_in_the_other_and_then_the_other_way_round():
    kitchen, attic = Room("Kitchen", 3000, 1000), Room("Attic", 2000)

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            assert floor.house.intercom_with("attic") == "kitchen"
            await floor.until_over()
        assert (floor.stt.requests, floor.agent.asked, floor.traced) == ([], [], []), "nobody takes it down"

    virtual_time.run(main())
    assert [len(kitchen.of("invite")), len(attic.of("invite"))] == [3, 2], "each in turn, until neither says anything"
    assert [kitchen.of("chime"), attic.of("chime")] == [[("done",)], [("done",), ("done",)]]
    for speaker, listener in ((kitchen, attic), (attic, kitchen)):
        heard_s = sum(samples for _, samples in listener.of("play")) / RATE_HZ
        said_s = {kitchen: 4.0, attic: 2.0}[speaker]
        assert heard_s >= said_s
        assert 0 < listener.heard_at[0] - speaker.spoke_at[0] < 0.3
    assert kitchen.heard_at[0] > attic.heard_at[0] + 3 + AFTER_S, "the called one answers when the caller is done"


def test_the_other_room_is_never_far_behind():
    kitchen, attic = Room("Kitchen", 20_000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await floor.until_over()

    virtual_time.run(main())
    began, sent_s = kitchen.spoke_at[0], 0.0
    for at, (_, samples) in zip(attic.heard_at, attic.of("play"), strict=True):
        assert at - began - sent_s < 0.3, "behind what is said"
        sent_s += samples / RATE_HZ


@pytest.mark.parametrize("where", ["Kitchen", "Attic"])
def test_a_wake_word_in_either_room_is_meant_for_us(where):
    rooms = kitchen, attic = Room("Kitchen", 5000), Room("Attic")
    [asking] = [room for room in rooms if room.satellite.name == where]

    async def main():
        async with floor_of(*rooms) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            asking.is_open = False
            await asking.utter(1)
            assert floor.talking == []
            assert not kitchen.is_open
            await asking.until_ended(1)
        assert floor.agent.committed == ["turn on the light"]

    virtual_time.run(main())
    assert attic.of("flush"), "what it heard of the other room is silent at once"


def test_ended_from_afar_it_leaves_no_microphone_open():
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            floor.house.end_intercom("attic")
            await floor.until_over()
            assert not kitchen.is_open
            sounded = len(attic.of("play"))
            await asyncio.sleep(60)
            assert len(attic.of("play")) == sounded
            with pytest.raises(SatelliteUnable, match="talks to no other room"):
                floor.house.end_intercom("attic")
            floor.house.listen("attic")
            await attic.until("transcript")
        assert len(floor.stt.requests) == 1, "the agent is spoken to again"

    virtual_time.run(main())
    assert [room.of("chime")[-1] for room in (kitchen, attic)] == [("done",)] * 2


def test_who_leaves_ends_it():
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            attic.switch_off()
            await floor.until_over()
            assert floor.house.intercom_with("kitchen") is None
            assert not kitchen.is_open
            with pytest.raises(SatelliteAway):
                floor.house.intercom("kitchen", "attic")

    virtual_time.run(main())


def test_who_mutes_ends_it():
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            kitchen.is_open = False
            kitchen.send(GivenUp(kitchen.invited))
            await floor.until_over()

    virtual_time.run(main())


def test_who_cannot_be_heard_is_not_connected():
    async def main():
        rooms = [Room(f"Room {number}") for number in range(2 * MAX_INTERCOMS + 2)]
        muted, deaf = Remote(), Remote(can=("announce",))
        muted.told(MUTED, ())
        async with floor_of(*rooms, remotes={rooms[0]: muted, rooms[1]: deaf}) as floor:
            connect = floor.house.intercom
            ids = [room.satellite.id for room in rooms]
            for caller, called in ((0, 2), (2, 0)):
                with pytest.raises(SatelliteUnable, match="Room 0 is muted"):
                    connect(ids[caller], ids[called])
            with pytest.raises(SatelliteUnable, match="Room 1 cannot be made to listen"):
                connect(ids[2], ids[1])
            with pytest.raises(SatelliteUnable, match="to itself"):
                connect(ids[2], ids[2])
            with pytest.raises(SatelliteAway):
                connect(ids[2], "cellar")
            muted.told(SatelliteState(muted=False, muted_there=False, volume=1.0), ("listen",))
            deaf.told(SatelliteState(muted=False, muted_there=False, volume=1.0), ("listen",))
            connect(ids[0], ids[1])
            with pytest.raises(SatelliteUnable, match="already"):
                connect(ids[2], ids[0])
            with pytest.raises(SatelliteUnable, match="somebody speaks"):
                floor.house.listen(ids[0])
            for number in range(1, MAX_INTERCOMS):
                connect(ids[2 * number], ids[2 * number + 1])
            with pytest.raises(SatelliteUnable, match="no more than"):
                connect(ids[-1], ids[-2])

    virtual_time.run(main())


def test_who_listens_waits_until_the_other_has_finished():
    """A voice at the speaker, and one that needs no wake word, are of the one who is spoken to."""
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            [(live, _)] = attic.of("begin")
            attic.send(Interrupted(1, live, attic.position, attic.position, paused=True))
            attic.send(Audio(SPEECH, attic.position))
            attic.send(Woken(3, "", "", 0.0, attic.position, attic.position, unasked=True))
            await floor.until_over()

    virtual_time.run(main())
    assert attic.of("ended")[:2] == [(1, "nothing-said", ""), (3, "nothing-said", "")]
    assert sum(samples for _, samples in attic.of("play")) > 5 * RATE_HZ


def test_a_timer_rings_in_between():
    kitchen, attic = Room("Kitchen", 3000), Room("Attic", 1000)

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            floor.house.announce("", "The timer is over", "timer")
            await floor.until_over()

    virtual_time.run(main())
    assert all(("timer",) in room.of("chime") for room in (kitchen, attic))
    assert len(attic.of("begin")) == len(kitchen.of("begin")) == 2


def test_a_television_is_not_listened_to_for_ever():
    kitchen, attic = Room("Kitchen", *[40_000] * 100), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await floor.until_over()
            assert not kitchen.is_open
            assert asyncio.get_running_loop().time() == pytest.approx(LASTS_S, abs=0.1)

    virtual_time.run(main())


def test_a_browser_talks_to_a_room():
    attic = Room("Attic", 1000)

    async def main():
        async with floor_of(attic) as floor, at_home(floor.house) as browser:
            [called] = [each.id for each in floor.house.satellites if each.id != "attic"]
            floor.house.presence(called).remote.able({"announce", "listen"})
            floor.house.intercom("attic", called)
            await browser.until("audio", rate=RATE_HZ)
            invited = await browser.until("listening", by="invitation")
            assert len(browser.audio[browser.of("audio")[0]["turn"]]) >= 2 * RATE_HZ
            await browser.stream(SPEECH * 50 + SILENCE * 60)
            await browser.until("ended", turn=invited["turn"], outcome="answered")
            await browser.stream(SILENCE * 10)
            floor.house.end_intercom("attic")
            await floor.until_over()
        assert browser.of("partial") == browser.of("intent") == []

    virtual_time.run(main())
    assert sum(samples for _, samples in attic.of("play")) >= RATE_HZ
