"""A weather service on loopback that speaks Open-Meteo's API, and goes wrong where a test says so."""

import asyncio
import contextlib
import json

from aiohttp import web
from support.threaded_servers import STATUSES, Asked, Fault, SpeechServer, on_a_thread

# As documented at open-meteo.com/en/docs for the variables that are asked for.
ANSWER = {
    "latitude": 52.52,
    "longitude": 13.419998,
    "timezone": "Europe/Berlin",
    "current_units": {
        "time": "iso8601",
        "temperature_2m": "°C",
        "relative_humidity_2m": "%",
        "weather_code": "wmo code",
        "wind_speed_10m": "km/h",
    },
    "current": {
        "time": "2026-03-04T15:30",
        "interval": 900,
        "temperature_2m": 7.4,
        "relative_humidity_2m": 81,
        "weather_code": 61,
        "wind_speed_10m": 18.4,
    },
    "daily_units": {"time": "iso8601", "temperature_2m_max": "°C"},
    "daily": {
        "time": [f"2026-03-{day:02}" for day in range(4, 11)],
        "weather_code": [61, 3, 0, 71, 95, 2, 45],
        "temperature_2m_min": [3.1, 2, 0.5, -1, 0, 1, 2],
        "temperature_2m_max": [8.2, 9, 11.5, 2, 4, 6, 7],
        "precipitation_probability_max": [80, 20, 0, 65, None, 5, 10],
    },
}


class WeatherServer(SpeechServer):
    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, started):
        app = web.Application()
        app.add_routes([web.get("/v1/forecast", self._forecast)])
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = site._server.sockets[0].getsockname()[1]
            await started()
        finally:
            await runner.cleanup()

    async def _forecast(self, request):
        self.asked.append(Asked(request.path, dict(request.query), dict(request.headers), dict(request.query)))
        self.reached.set()
        if self.fault in STATUSES:
            words = {"error": True, "reason": "Latitude must be in range of -90 to 90°. Given: 522.2."}
            return web.json_response(
                words, status=STATUSES[self.fault], headers={"Location": "http://elsewhere.invalid/"}
            )
        if self.fault is Fault.NO_SOUND:
            return web.Response(text="<h1>a router</h1>", content_type="text/html")
        if self.fault is Fault.EMPTY:
            return web.json_response({"current": {}})
        if self.fault is Fault.SILENT:
            await asyncio.Event().wait()
        body = json.dumps(ANSWER).encode()
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        if self.fault in {Fault.CUT, Fault.STALLS}:
            await response.write(body[:100])
            if self.fault is Fault.STALLS:
                await asyncio.Event().wait()
            request.transport.abort()
            return response
        await response.write(body)
        return response


@contextlib.contextmanager
def weather_server():
    with on_a_thread(WeatherServer()) as server:
        yield server
