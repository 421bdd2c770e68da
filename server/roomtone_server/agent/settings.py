"""What the owner decides of the agent."""

import re
from datetime import time
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_serializer

from roomtone.settings import Settings

Order = Literal["intents-first", "llm-first", "intents-only"]


_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def _clock(value: object) -> object:
    """YAML takes 22:00 without quotes for a number: that of minutes."""
    if isinstance(value, int) and 0 <= value < 24 * 60:
        return time(*divmod(value, 60))
    try:
        return time.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError('a time of day is written as "22:00"') from None


def _percent(value: object) -> object:
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    return found.group(1) if found else value


TimeOfDay = Annotated[time, BeforeValidator(_clock)]
Percent = Annotated[float, BeforeValidator(_percent), Field(ge=0, le=100)]


class QuietHours(Settings):
    """From when to when, by the local clock and over midnight too, a reply is spoken at so much of its full volume."""

    begin: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    volume: Percent = 40.0

    def gain(self, at: time) -> float:
        """What samples are to be multiplied by: 1 outside of these hours."""
        is_quiet = self.begin <= at < self.end if self.begin <= self.end else not self.end <= at < self.begin
        return self.volume / 100 if is_quiet else 1.0

    @model_serializer
    def _as_written(self) -> dict[str, str]:
        return {"from": f"{self.begin:%H:%M}", "to": f"{self.end:%H:%M}", "volume": f"{self.volume:g} %"}


class AgentSettings(Settings):
    """`confirm_within_s`: how long after a question a "yes" counts. `context_lasts_s`: how long, in silence, a
    conversation remembers what it was about. `order`: who answers, where there is a language model. `persona`: who the
    model is to be, in its prompt; empty: a plain one. `one_moment`: whether somebody who waits is told so.
    `speculate_llm`: whether the model is asked before it is certain that the user has finished. `tool_within_s`: how
    long a tool of the model's may take. `quiet_hours`: when the voice is lowered."""

    confirm_within_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    context_lasts_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    order: Order = "intents-first"
    persona: Annotated[str, Field(max_length=2_000)] = ""
    one_moment: bool = True
    speculate_llm: bool = False
    tool_within_s: Annotated[float, Field(gt=0, le=120)] = 15.0
    quiet_hours: QuietHours | None = None
