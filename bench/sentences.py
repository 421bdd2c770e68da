"""How soon a reply begins to sound while a language model still writes it, and how long it then falls silent for want
of words: our splitter against one that splits at [.!?] and a space, on the same tokens, 5, 20 and 60 of them a second.

    python bench/sentences.py

Time is arithmetic: the nth token comes at n / rate; a piece is spoken at SPOKEN_CHARS_PER_S once it is there and the
piece before it has been; making the audio takes no time.
"""

import argparse
import itertools
import re
from collections.abc import Callable, Iterator
from statistics import mean, median

from roomtone_server.turn.sentences import SentenceSplitter

RATES_PER_S = [5, 20, 60]
SPOKEN_CHARS_PER_S = 15.0
TOKEN = re.compile(r"[^\S\n]?\w{1,8}|\w{1,8}|[^\w\s]+|\s")

REPLIES = [
    ("en", "Sure! I turned on the kitchen light."),
    ("en", "The living room is at 21.5 degrees, a little warmer than the hall. Shall I turn the heating down?"),
    (
        "en",
        """Of course, here is what I would cook tonight: a tomato soup, since you have tomatoes, basil and cream, and \
then an omelette with whatever vegetables are left. Both take about half an hour. Would you like the recipe?""",
    ),
    (
        "en",
        """The sky looks blue because air scatters short waves of light, e.g. blue ones, far more than long ones. In \
the evening the light's way through the air is longer, so that the blue is lost, and what is left is red.""",
    ),
    (
        "en",
        """Good morning, Dr. Miller. It is 7:30 a.m. on Saturday, and it is raining. You have two appointments today: \
the dentist at 9, and lunch with J. R. at noon. Take an umbrella.""",
    ),
    (
        "en",
        """Here is a simple way to descale the kettle:

1. **Fill** it with equal parts of water and vinegar.
2. Boil it, and let it stand for an hour.
3. Rinse it well, twice if it still smells.

That should do it! 😊""",
    ),
    (
        "en",
        """That depends on how you use the room during the day and whether anybody is at home in the morning, but in \
most houses it pays to lower the temperature by three degrees at night. Try it for a week.""",
    ),
    ("de", "Das Licht in der Küche ist jetzt an, und die Rollläden sind unten. Am 3. Mai ist übrigens z. B. frei."),
    ("fr", "Bien sûr, j'ai allumé la lumière du salon ; celle de la cuisine est éteinte. Autre chose ?"),
    ("es", "¡Claro! La calefacción está a 21,5 grados, y la puerta de la calle, cerrada. ¿Quieres algo más?"),
]


def ours(tokens: list[str], language: str) -> Iterator[tuple[int, str]]:
    """Each piece with the number of tokens that it took."""
    splitter = SentenceSplitter(language)
    for count, token in enumerate(tokens, start=1):
        yield from ((count, piece) for piece in splitter.feed(token))
    yield from ((len(tokens), piece) for piece in splitter.finish())


def at_stops(tokens: list[str], language: str) -> Iterator[tuple[int, str]]:
    del language
    text = ""
    for count, token in enumerate(tokens, start=1):
        *sentences, text = re.split(r"(?<=[.!?])\s", text + token)
        yield from ((count, sentence) for sentence in sentences if sentence)
    if text:
        yield len(tokens), text


def silent_s(pieces: list[tuple[int, str]], rate_per_s: float) -> float:
    """How long nothing sounds between the first word and the last."""
    ends_s = pieces[0][0] / rate_per_s
    silent = 0.0
    for count, piece in pieces:
        waits_s = max(0.0, count / rate_per_s - ends_s)
        silent += waits_s
        ends_s += waits_s + len(piece) / SPOKEN_CHARS_PER_S
    return silent


def measure(name: str, split: Callable[[list[str], str], Iterator[tuple[int, str]]], rate_per_s: float) -> None:
    spoken = [list(split(TOKEN.findall(reply), language)) for language, reply in REPLIES]
    first_ms = [pieces[0][0] / rate_per_s * 1000 for pieces in spoken]
    silent_ms = [silent_s(pieces, rate_per_s) * 1000 for pieces in spoken]
    lengths = [len(piece) for _, piece in itertools.chain(*spoken)]
    print(
        f"{rate_per_s:3} tokens/s  {name:15}  first fragment: median {median(first_ms):5.0f} ms, "
        f"longest {max(first_ms):5.0f} ms; silent within: mean {mean(silent_ms):4.0f} ms; "
        f"pieces of {mean(lengths):2.0f} characters"
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for rate_per_s in RATES_PER_S:
        measure("ours", ours, rate_per_s)
        measure("[.!?] and space", at_stops, rate_per_s)


if __name__ == "__main__":
    main()
