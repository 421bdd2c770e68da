"""Wyoming satellites that announce themselves are offered, and dialled only by who asks."""

from support.log_lines import log_lines
from support.stock_satellite import StockSatellite, info, listening
from wyoming.info import Info

from roomtone.link.background import alongside
from roomtone.link.discovery import advertise_service
from roomtone_server.engines.wyoming_place import SERVICE
from roomtone_server.ports.stock import offers
from roomtone_server.settings import ServerSettings
from roomtone_server.wyoming_devices import tell_of_others


async def test_it_is_told_of_once_and_asked_only_when_somebody_wants_to_know(monkeypatch):
    monkeypatch.setattr(offers, "FIND_S", 1.0)
    monkeypatch.setattr(offers, "LOOK_AGAIN_S", 0.0)
    satellite, service = StockSatellite(info=info("Offers test", "Garden")), StockSatellite(info=Info())
    async with listening(satellite) as uri, listening(service) as other:
        port, other_port = (int(each.rpartition(":")[2]) for each in (uri, other))
        async with (
            advertise_service(SERVICE, "offers-test", port, host="127.0.0.1"),
            advertise_service(SERVICE, "offers-test-service", other_port, host="127.0.0.1"),
        ):
            with log_lines(offers) as log:
                async with alongside(tell_of_others(ServerSettings(satellites={"dial": [other]}), None)):
                    line = await log.says("offers-test")
            assert line.startswith(f"offers-test at {uri} speaks Wyoming"), "the other one is dialled already"
            assert satellite.connections == service.connections == 0
            while offers.Offer("Offers test", "Garden", uri) not in (found := await offers.offers()):
                pass  # a packet was lost, or this machine is busy
            assert other not in [each.uri for each in found]
