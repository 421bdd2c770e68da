"""What the owner decides of the agent."""

from typing import Annotated, Literal

from pydantic import Field

from roomtone.settings import Settings

Order = Literal["intents-first", "llm-first", "intents-only"]


class AgentSettings(Settings):
    """`confirm_within_s`: how long after a question a "yes" counts. `context_lasts_s`: how long, in silence, a
    conversation remembers what it was about. `order`: who answers, where there is a language model. `persona`: who the
    model is to be, in its prompt; empty: a plain one. `one_moment`: whether somebody who waits is told so.
    `tool_within_s`: how long a tool of the model's may take."""

    confirm_within_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    context_lasts_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    order: Order = "intents-first"
    persona: Annotated[str, Field(max_length=2_000)] = ""
    one_moment: bool = True
    tool_within_s: Annotated[float, Field(gt=0, le=120)] = 15.0
