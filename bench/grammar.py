"""What a home's grammar costs.

    python bench/grammar.py HOME.yaml

How large the automaton is; the CPU time that it takes to compile it in a fresh process, to write it to a cache, and to
read it from there; and how long a hint takes, for a text that was asked for before and for one that was not.
`bench/large_home.py` makes large homes.
"""

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from roomtone_server.grammar.automaton import Automaton
from roomtone_server.grammar.compiler import compile_automaton
from roomtone_server.home.home_file import read_home_file
from roomtone_server.home.names import vocabulary_of

TEXTS = 500
EXTRAS = ("{}", "please {}", "{} now", "could you {}", "{}?")

Result = TypeVar("Result")


def timed(name: str, work: Callable[[], Result]) -> Result:
    began = time.process_time()
    result = work()
    print(f"{name:8} {time.process_time() - began:8.3f} s")
    return result


def texts(automaton: Automaton, draw: random.Random) -> list[str]:
    """Beginnings of sentences, each written as somebody may say it, no two alike."""
    found: dict[str, None] = {}
    while len(found) < TEXTS:
        state, said = 0, list[str]()
        while automaton.arcs[state] and draw.random() < 0.9:
            said.append(draw.choice(sorted(automaton.arcs[state])))
            state = automaton.arcs[state][said[-1]]
        found[draw.choice(EXTRAS).format(" ".join(said))] = None
    return list(found)


def hint_us(automaton: Automaton, asked: list[str]) -> float:
    began = time.process_time()
    for text in asked:
        automaton.hint(text)
    return (time.process_time() - began) / len(asked) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    options = parser.parse_args()
    areas, entities = read_home_file(options.home).parts()
    vocabulary = vocabulary_of(areas, entities, "en")
    automaton = timed("compile", lambda: compile_automaton(vocabulary))
    written = timed("dumps", automaton.dumps)
    timed("loads", lambda: Automaton.loads(written))
    print(f"{len(entities)} entities in {len(areas)} areas: {len(automaton.arcs)} states, ", end="")
    print(f"{sum(map(len, automaton.arcs))} arcs, {len(automaton.vocabulary())} words, {len(written)} bytes")
    asked = texts(automaton, random.Random(1))
    automaton.hint("set it to 1")  # loads the rules of numbers
    print(f"hint     {hint_us(automaton, asked):8.1f} us, the second time {hint_us(automaton, asked):.1f} us")


if __name__ == "__main__":
    main()
