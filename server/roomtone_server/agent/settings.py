"""What the owner decides of the agent."""

from typing import Annotated, Literal

from pydantic import Field

from roomtone.settings import Settings

# What may need a "yes": unlocking a lock, opening a garage door or a gate, disarming an alarm.
Guarded = Literal["unlock", "garage", "alarm"]


class AgentSettings(Settings):
    """`confirm`: what asks back first, since any voice reaches a microphone; `confirm_within_s`: how long after the
    question a "yes" counts."""

    confirm: tuple[Guarded, ...] = ("unlock", "garage", "alarm")
    confirm_within_s: Annotated[float, Field(gt=0, le=600)] = 30.0
