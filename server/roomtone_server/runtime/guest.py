"""Who may take the agent's place in a conversation."""

from typing import Protocol

from roomtone_server.engines.base import SpeechToText
from roomtone_server.turn import events as turn


class Guest(Protocol):
    """Who is spoken to instead of the agent, in turns to which the satellite is invited: another room."""

    @property
    def stt(self) -> SpeechToText:
        """By which it listens."""

    def speech_began(self) -> None:
        """Some of what the recogniser is fed from now on, or was just now, is speech."""

    def commanded(self, command: turn.Command) -> None:
        """The machine has commanded this, of whichever turn, and it was done."""
