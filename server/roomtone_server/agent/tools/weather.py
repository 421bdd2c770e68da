"""The weather: the home's own, where it has some; else, where the settings name a place, Open-Meteo's or that of any
server with the same API.

    tools: {engine: weather}                                        # of the home; nothing leaves the house
    tools: {engine: weather, latitude: 52.52, longitude: 13.41}     # the place is told to open-meteo.com
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator
from typing_extensions import override

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone_server.agent.base import Request
from roomtone_server.agent.moments.reading import day_of
from roomtone_server.agent.thinking.prompt import state_of, words
from roomtone_server.agent.tools.arguments import checked
from roomtone_server.agent.tools.base import AgentTool, Entities, Outcome, ToolError, Unconnected
from roomtone_server.engines.base import Tool
from roomtone_server.engines.http_service import Call, HttpService, ServiceUrl
from roomtone_server.engines.patience import ServiceSettings

FORECAST_DAYS: Final = 7

# WMO code table 4677, as far as Open-Meteo uses it: open-meteo.com/en/docs, "WMO Weather interpretation codes".
CONDITIONS: Final[Mapping[int, str]] = {
    0: "clear", 1: "mainly clear", 2: "partly cloudy", 3: "overcast", 45: "fog", 48: "rime fog",
    51: "light drizzle", 53: "drizzle", 55: "dense drizzle", 56: "freezing drizzle", 57: "dense freezing drizzle",
    61: "light rain", 63: "rain", 65: "heavy rain", 66: "freezing rain", 67: "heavy freezing rain",
    71: "light snow", 73: "snow", 75: "heavy snow", 77: "snow grains",
    80: "light showers", 81: "showers", 82: "violent showers", 85: "snow showers", 86: "heavy snow showers",
    95: "thunderstorm", 96: "thunderstorm with hail", 99: "thunderstorm with heavy hail",
}  # fmt: skip


class WeatherSettings(ServiceSettings):
    """`latitude`, `longitude` (degrees, WGS 84): of the place whose weather is asked for; without them only the home's
    own weather is told."""

    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    url: ServiceUrl = "https://api.open-meteo.com"
    temperature_unit: Literal["celsius", "fahrenheit"] = "celsius"
    wind_speed_unit: Literal["kmh", "ms", "mph", "kn"] = "kmh"
    answer_s: float = Field(default=5.0, gt=0, le=60, description="how long the service may take to answer")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("a place needs its latitude and its longitude")
        return self


class _Current(BaseModel):
    temperature_2m: float
    relative_humidity_2m: float
    weather_code: int
    wind_speed_10m: float


class _Daily(BaseModel):
    time: Annotated[list[date], Field(min_length=1, max_length=FORECAST_DAYS)]
    weather_code: list[int]
    temperature_2m_min: list[float]
    temperature_2m_max: list[float]
    precipitation_probability_max: list[float | None]


class _Units(BaseModel):
    temperature_2m: str
    wind_speed_10m: str


class Forecast(BaseModel):
    """What is used of an answer of `GET /v1/forecast`."""

    current: _Current
    current_units: _Units
    daily: _Daily

    def now(self) -> str:
        now, units = self.current, self.current_units
        return (
            f"Now: {_condition(now.weather_code)}, {now.temperature_2m:g} {words(units.temperature_2m)}, humidity"
            f" {now.relative_humidity_2m:g} %, wind {now.wind_speed_10m:g} {words(units.wind_speed_10m)}. {self.of(0)}"
        )

    def of(self, index: int) -> str:
        """One of the days. Raises IndexError, for what the service left out too."""
        daily, unit = self.daily, words(self.current_units.temperature_2m)
        rain = daily.precipitation_probability_max[index]
        chance = "" if rain is None else f", chance of rain {rain:g} %"
        return (
            f"{daily.time[index]:%A, %d %B}: {_condition(daily.weather_code[index])},"
            f" {daily.temperature_2m_min[index]:g} to {daily.temperature_2m_max[index]:g} {unit}{chance}."
        )


def _condition(code: int) -> str:
    return CONDITIONS.get(code, "unusual weather")


class WeatherTools(Unconnected):
    """A `Toolbox` of one tool."""

    def __init__(self, settings: WeatherSettings) -> None:
        self._settings = settings
        self._service = HttpService(
            "weather", settings.url, {}, settings, patience=("answer_s", "answer_s"), subject="the place"
        )

    @override
    async def start(self, entities: Entities) -> None:
        self._entities = entities
        if self._settings.latitude is not None:
            await self._service.open()

    def tools(self) -> Sequence[AgentTool]:
        return (WeatherTool(self._entities, self._ask if self._settings.latitude is not None else None),)

    async def _ask(self) -> Forecast:
        settings = self._settings
        query = {
            "latitude": settings.latitude,
            "longitude": settings.longitude,
            "current": "temperature_2m,relative_humidity_2m,weather_code,wind_speed_10m",
            "daily": "weather_code,temperature_2m_min,temperature_2m_max,precipitation_probability_max",
            "temperature_unit": settings.temperature_unit,
            "wind_speed_unit": settings.wind_speed_unit,
            "timezone": "auto",
            "forecast_days": FORECAST_DAYS,
        }
        return await self._service.answer(Call("GET", "/v1/forecast", query), Forecast)

    @override
    async def close(self) -> None:
        await self._service.close()


class WeatherTool:
    """An `AgentTool` that reads."""

    acts: Final = False
    spec: Final = Tool(
        "HassGetWeather",
        "Tells the weather now, or of one of the next days.",
        {
            "type": "object",
            "properties": {
                "day": {"type": "string", "description": '"tomorrow", "friday", 2026-05-31; without it, now and today'}
            },
        },
    )

    def __init__(self, entities: Entities, ask: Callable[[], Awaitable[Forecast]] | None) -> None:
        """`ask` asks the service; None: there is no place to ask for."""
        self._entities = entities
        self._ask = ask

    async def call(self, arguments: Mapping[str, Any], request: Request) -> Outcome:
        day = checked(arguments, self.spec.parameters).get("day")
        own = next((entity for entity in self._entities() if entity.domain == "weather"), None)
        if own is not None and day is None:
            return Outcome(f"{words(own.name)}: {state_of(own)}")
        if self._ask is None:
            known = "only the weather now is known" if own is not None else "no weather is known"
            raise ToolError(f"{known}: the settings of this house name no place to ask for")
        try:
            forecast = await self._ask()
            return Outcome(forecast.now() if day is None else _of_day(forecast, str(day), request.language))
        except EngineError as problem:
            raise ToolError(str(problem)) from problem
        except IndexError as problem:
            raise ToolError("the weather service left that day out") from problem


def _of_day(forecast: Forecast, said: str, language: str) -> str:
    """Raises ToolError for a day that is none, or is not foreseen."""
    days = forecast.daily.time
    wanted = day_of(said, language, today=days[0])
    if wanted not in days:
        raise ToolError(f"{said!r} is no day from {days[0]} to {days[-1]}")
    return forecast.of(days.index(wanted))


def _missing() -> str | None:
    return None if find_spec("httpx") else remedy("http")


def _make(settings: WeatherSettings, _surroundings: Surroundings) -> WeatherTools:
    return WeatherTools(settings)


ENGINE: Final = EngineSpec(name="weather", settings=WeatherSettings, make=_make, missing=_missing, auto=False)
