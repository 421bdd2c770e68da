"""What may be asked of the API: bodies and parameters. What is none of these is refused before anybody sees it."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT_CHARACTERS: Final = 1000  # of a question or an announcement: a minute of speech
MAX_SPEECH_CHARACTERS: Final = 5000  # guards the voice: some six minutes of it
MAX_NUMBER: Final = 2**53 - 1  # what JSON carries everywhere without loss


class Asked(BaseModel):
    """The base of all bodies: values are what they should be, not what could be made into it, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True, allow_inf_nan=False)


class Parameters(BaseModel):
    """The base of what stands in a URL: texts, from which values are read. Fields that the path names stand in it,
    all others in the query."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, allow_inf_nan=False)


class NoParameters(Parameters):
    pass


class NoBody(Asked):
    pass


Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS, pattern=r"\S")]
LanguageCode = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}$")]
Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
SatelliteId = Annotated[str, Field(min_length=1, max_length=128)]


class ListTurns(Parameters):
    satellite: Annotated[SatelliteId, Field(description="Its id or name.")] | None = None
    area: Name | None = None
    outcome: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")] | None = None
    before: Annotated[int, Field(ge=1, le=MAX_NUMBER, description="Only turns with lower numbers.")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class TurnByNumber(Parameters):
    number: Annotated[int, Field(ge=1, le=MAX_NUMBER)]


class StatsOfTurns(Parameters):
    hours: Annotated[float, Field(gt=0, le=24 * 366)] = 24.0
    satellite: Annotated[SatelliteId, Field(description="Its id or name.")] | None = None
    area: Name | None = None


class OneSatellite(Parameters):
    id: SatelliteId


class Announce(Asked):
    text: Text
    expects_answer: bool = Field(default=False, description="Listen for an answer afterwards.")
    language: LanguageCode | None = Field(None, description="Of the text; else the house's first.")


class Mute(Asked):
    muted: bool


class Volume(Asked):
    volume: Annotated[float, Field(ge=0, le=1)]


class ChangeSatellite(Asked):
    name: Name | None = None
    area: Name | None = Field(None, description="null: it stands nowhere in particular. Left out: where it was.")
    thresholds: Annotated[dict[Name, Annotated[float, Field(gt=0, lt=1)]], Field(max_length=32)] | None = Field(
        None, description="By wake word: from which score on it is heard."
    )


class Intercom(Asked):
    satellite: Annotated[SatelliteId, Field(description="The other room's. The one in the path speaks first.")]


class CallService(Asked):
    """One service on one entity, named as Home Assistant names them."""

    service: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}\.[a-z0-9_]{1,64}$")]
    entity: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}\.[a-z0-9_]{1,190}$")]
    data: dict[str, str | int | float | bool | list[int]] = Field(default_factory=dict, max_length=16)
    confirmed: bool = Field(default=False, description="Needed for what asks back: `home.confirm`.")


class Ask(Asked):
    text: Text
    language: LanguageCode | None = Field(None, description="Of the text; else the house's first.")
    area: Name | None = Field(None, description="Where it is asked, as if by a satellite there.")
    conversation: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = Field(
        None, description="Texts of one conversation may refer to each other."
    )


class Generate(Asked):
    """A text to speak."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_SPEECH_CHARACTERS, pattern=r"\S")]
    voice: Annotated[str, Field(max_length=128)] = Field("", description="Of GET /api/voices; else the engine's own.")
    speaker: Annotated[str, Field(max_length=128)] = Field("", description="Of a voice that has several.")
    language: LanguageCode | None = Field(None, description="Of the text; else the house's first.")
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0
    format: Literal["wav", "opus"] | None = Field(None, description="Else what `Accept` says; else WAV.")


class Hear(Parameters):
    language: LanguageCode | None = None
    area: Annotated[Name, Field(description="Where it was said.")] | None = None


class OneModel(Parameters):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}$")]


class OneFix(Parameters):
    id: Annotated[str, Field(pattern=r"^[a-z]{1,20}(:[A-Za-z0-9._:/+-]{1,128})?$")]


_TOPIC: Final = "(turns|satellites|levels|home|health)"


class Listen(Parameters):
    """Which events: topics joined by commas."""

    topics: Annotated[str, Field(pattern=rf"^{_TOPIC}(,{_TOPIC}){{0,4}}$")] = "turns,satellites,home,health"
