"""What the API tells: every answer's shape. The OpenAPI document is made from these, and each answer is one of them.

Times of day are seconds since the Unix epoch, spans are milliseconds unless their name says otherwise; `null` is what
nobody knows. A client must not stumble over keys that it does not know: a later server may tell more.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticSerializationError

from roomtone.doctor import State as FindingState
from roomtone_server.telemetry.percentiles import Percentiles
from roomtone_server.telemetry.record import BegunBy, Lengths, Revisions, Span, Stage, Why, Words


class Shape(BaseModel):
    """The base of all answers. Its schema is built when it is first used: a server starts without."""

    model_config = ConfigDict(frozen=True, defer_build=True, ser_json_inf_nan="null")

    def json_bytes(self) -> bytes:
        """Whatever is in it: a value that JSON has no form for as a text, half of a surrogate pair as its escape."""
        try:
            return self.model_dump_json().encode()
        except PydanticSerializationError:
            return json.dumps(self.model_dump(), default=str).encode()


class Problem(Shape):
    """A problem document, as RFC 9457 has it."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""


class Fault(Shape):
    """One thing that is wrong with a request."""

    where: str = Field(description='Which field: "body.text", "query.limit".')
    what: str


class Refused(Problem):
    """What was asked does not validate."""

    faults: list[Fault]


# --- turns


class TurnSummary(Shape):
    """A turn that is over, in a line."""

    number: int
    satellite: str = Field(description="Its id.")
    satellite_name: str = Field(description="Its name now; its id, when it is no longer paired.")
    area: str | None = Field(description="Where the satellite stands now.")
    began_at: float
    begun_by: BegunBy
    outcome: str
    why: Why | None = Field(description="Why nothing was understood.")
    why_words: str = Field(description="The same, or what failed, in a few English words; empty when it was answered.")
    v2v_ms: float | None = Field(description="From the user's last sound to the reply's first, at the satellite.")
    silence_ms: int | None = Field(description="Of that: the silence that was waited for.")


class Turn(TurnSummary):
    """All that is kept of a turn."""

    stages: Mapping[Stage, Span] = Field(description="When each began and ended, since the turn's first moment.")
    revisions: Revisions
    engines: Mapping[str, str] = Field(description="By kind.")
    lengths: Lengths
    doubt: float | None = Field(description="Of what was rejected, on the recogniser's own scale.")
    speech_dbfs: float | None
    noise_dbfs: float | None
    words: Words | None = Field(description="null: not kept; see `store_transcripts` in the settings.")
    round_trip_ms: float | None
    clock_error_ms: float | None = Field(description="null: the satellite does not tell its clock.")


class Turns(Shape):
    """The last turns, the newest first."""

    turns: Sequence[TurnSummary]
    more: bool = Field(description="There are older ones: ask again with `before`, the last one's number.")


class Figures(Shape):
    """Percentiles in ms; null where no turn has the figure."""

    turns: int
    v2v_ms: Percentiles | None
    silence_ms: Percentiles | None = Field(description="Of V2V, the silence that was waited for.")
    share_ms: Percentiles | None = Field(description="Of V2V, all the rest.")
    stages: Mapping[Stage, Percentiles]


class Bucket(Figures):
    """The turns of one stretch of time."""

    begins_at: float


class TurnStats(Figures):
    """The turns of the last hours, together and in stretches of equal length, the oldest first."""

    hours: float
    outcomes: Mapping[str, int] = Field(description="How many ended so, the most frequent first.")
    whys: Mapping[str, int]
    bucket_s: float
    buckets: Sequence[Bucket]


# --- satellites


class WakeWord(Shape):
    name: str
    phrase: str = Field(description="As it is spoken.")
    threshold: float | None = Field(description="From which score on it is heard; null: not known.")


class Abilities(Shape):
    """What a satellite lets the server do."""

    announce: bool
    listen: bool
    mute: bool
    volume: bool
    level: bool = Field(description="It tells how loud its microphone hears the room.")
    thresholds: bool = Field(description="Of its wake words.")
    rename: bool = Field(description="And move to another area.")
    revoke: bool


class Satellite(Shape):
    """A satellite that is paired, or connected. What it does not tell is null."""

    id: str
    name: str
    area: str | None
    kind: Literal["native", "wyoming", "browser"]
    connected: bool
    connected_since: float | None
    seen_at: float | None = Field(description="When it last connected.")
    muted: bool | None
    muted_there: bool = Field(description="It was muted at itself, and only there it is unmuted.")
    volume: float | None = Field(description="0 to 1.")
    level_dbfs: float | None = Field(description="What its microphone hears now.")
    wake_words: Sequence[WakeWord]
    intercom_with: str | None = Field(description="The id of the satellite to which people there are talking.")
    last_turn: TurnSummary | None
    can: Abilities


class Satellites(Shape):
    satellites: Sequence[Satellite]


class PairingCode(Shape):
    code: str
    expires_s: float


class Announced(Shape):
    """Where it is said now. One that is muted stays silent; one that is away says it when it is back."""

    satellites: Sequence[str] = Field(description="Their ids.")


# --- the home


class Entity(Shape):
    """An entity and its state, named as Home Assistant names them."""

    id: str
    name: str
    domain: str
    state: str
    area: str | None
    device_class: str | None
    attributes: Mapping[str, Any]


class Area(Shape):
    id: str = Field(description="How entities and satellites refer to it: its name.")
    name: str
    floor: str | None
    entities: Sequence[Entity]


class Home(Shape):
    areas: Sequence[Area]
    elsewhere: Sequence[Entity] = Field(description="Entities that stand in no area.")
    fault: str | None = Field(description="Why the home cannot be reached now.")


class Intent(Shape):
    name: str
    slots: Mapping[str, Any]


class Action(Shape):
    """An effect on the home that has happened."""

    service: str
    entity: str
    data: Mapping[str, Any]


class Reply(Shape):
    """The answer to a text."""

    reply: str
    understood: bool
    expects_answer: bool = Field(description="It asks something: answer it in the same conversation.")
    intent: Intent | None
    actions: Sequence[Action]


# --- hearing and speaking


class Voice(Shape):
    engine: str
    name: str = Field(description="As `voice` of POST /api/tts/generate wants it.")
    title: str = Field(description="What people call it, where the name is a number.")
    languages: Sequence[str] = Field(description="Codes; none: whichever the engine speaks.")
    speakers: Sequence[str] = Field(description="Of a voice that has several.")


class Voices(Shape):
    engine: str = Field(description="Which speaks now; of a chain, the first.")
    voices: Sequence[Voice]


class Language(Shape):
    code: str
    name: str = Field(description="As its speakers call it.")
    english_name: str
    full: bool = Field(description="Everyday commands of every kind are understood and answered.")


class Languages(Shape):
    house: str = Field(description='The one that is heard; "auto": whichever is spoken.')
    first: str = Field(description="The one of whatever was not spoken.")
    languages: Sequence[Language]


class Heard(Shape):
    """What a recording says."""

    text: str = Field(description="Empty: nothing was understood.")
    language: str
    rejected: str = Field(description="What it would be, had it not been doubted too much.")
    duration_s: float


# --- models


class Pull(Shape):
    """How a download fares. The events of POST /api/models/{name}/pull are these."""

    model: str
    state: Literal["pulling", "done", "failed"]
    file: str = ""
    done_bytes: int = 0
    total_bytes: int | None = None
    note: str = Field(default="", description="Something that whoever waits should know; of a failure, why.")


class Model(Shape):
    name: str = Field(description='Its kind and its own name: "piper/de_DE-thorsten-medium".')
    kind: str
    languages: Sequence[str] = Field(description='Codes; "*": whatever its kind speaks or hears.')
    licence: str
    bytes: int | None
    installed: bool | None = Field(description="null: Ollama knows.")
    in_use: bool = Field(description="An engine of the settings names it.")
    pull: Pull | None = Field(description="The download that goes on now.")


class Models(Shape):
    models: Sequence[Model]
    free_bytes: int = Field(description="On the disk where they lie.")


# --- health and settings


class Engine(Shape):
    name: str
    why: str = Field(description="Why it was this one.")


class ChainMember(Shape):
    """One engine of a chain."""

    model_config = ConfigDict(extra="allow")

    name: str
    state: str
    why: str
    rests_s: float | None = None


class Finding(Shape):
    """One line of what `roomtone doctor` says."""

    subject: str
    state: FindingState
    text: str
    remedy: str
    fix: str | None = Field(description="What POST /api/health/fixes/{id} would do about it.")


class Health(Shape):
    """As /health tells it, and what the doctor found."""

    status: Literal["starting", "ok", "degraded"]
    faults: Mapping[str, str]
    name: str
    version: str
    uptime_s: float
    engines: Mapping[str, Engine]
    chains: Mapping[str, Sequence[ChainMember]]
    satellites: Sequence[str]
    unheard_names: Sequence[str] = Field(description="Of the home: the recogniser cannot hear them.")
    findings: Sequence[Finding]
    examined_at: float = Field(description="When the doctor found it: at most a minute ago.")


class Settings(Shape):
    """The settings in effect, as in server.yaml; secrets are masked."""

    settings: Mapping[str, Annotated[Any, Field(description="As the key of the same name in server.yaml.")]]


# --- live events


class TurnEvent(Shape):
    """`turn`: something happens in a turn that goes on."""

    satellite: str
    turn: int = Field(description="Its number at the satellite; a turn that is over has another one.")
    at_ms: float = Field(description="On a clock that all events of this server share.")
    what: str
    data: Mapping[str, Any]


class TurnEnded(TurnSummary):
    """`turn-ended`: a turn is over, and kept."""

    turn: int = Field(description="As its events had it.")


class Levels(Shape):
    """How loud the microphones hear their rooms."""

    levels: Mapping[str, float] = Field(description="In dBFS, by satellite; of those that tell.")


class SatellitesChanged(Shape):
    """`satellites`: one came, went, or tells something else of itself. Ask for the list."""


class HealthChanged(Shape):
    """`health`: it fares otherwise."""

    status: Literal["starting", "ok", "degraded"]
    faults: Mapping[str, str]
