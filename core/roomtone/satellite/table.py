"""A machine that is a table: from (state, event) to the step that is taken, and where that may lead. Pure.

A satellite has one for each that may drive it; what they remember, and the rows, are their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

C = TypeVar("C")  # what a machine remembers between events
S = TypeVar("S")  # its states
E = TypeVar("E")  # what happens
A = TypeVar("A")  # what is to be done about it
E_contra = TypeVar("E_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Transition(Generic[C, S]):
    to: frozenset[S]
    by: Callable[[C, Any, float], S]


def to(*states: S, by: Callable[[C, Any, float], S]) -> Transition[C, S]:
    """By this step, to one of these states."""
    return Transition(frozenset(states), by)


class Remembered(Protocol[S, E_contra, A]):
    state: S
    commands: list[A]

    def is_stale(self, event: E_contra) -> bool:
        """Whether the event speaks of what is over."""


class TableMachine(Generic[S, E, A]):
    """`now` is monotonic, in seconds, and never goes back."""

    def __init__(
        self, transitions: Mapping[tuple[S, type[E]], Transition[Any, S]], course: Remembered[S, E, A]
    ) -> None:
        self._transitions = transitions
        self._remembered = course
        self.ignored = 0

    @property
    def state(self) -> S:
        return self._remembered.state

    def receive(self, event: E, now: float) -> None:
        """Takes what happened; what is to be done about it waits in `commands`."""
        course = self._remembered
        transition = self._transitions.get((course.state, type(event)))
        if transition is None or course.is_stale(event):
            self.ignored += 1
            return
        state = transition.by(course, event, now)
        assert state in transition.to, f"{course.state} on {type(event).__name__} went to {state}"
        course.state = state

    def commands(self) -> list[A]:
        """What is to be done, in order; each is handed out once."""
        commands, self._remembered.commands = self._remembered.commands, []
        return commands
