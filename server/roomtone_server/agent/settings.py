"""What the owner decides of the agent."""

from typing import Annotated

from pydantic import Field

from roomtone.settings import Settings


class AgentSettings(Settings):
    """`confirm_within_s`: how long after a question a "yes" counts. `context_lasts_s`: how long, in silence, a
    conversation remembers what it was about."""

    confirm_within_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    context_lasts_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0
