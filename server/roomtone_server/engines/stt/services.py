"""What recognisers share that ask a service, whatever it speaks: settings, languages, and the home's names."""

from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import Field

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.base import ANY_LANGUAGE, HearingRequest
from roomtone_server.engines.patience import ServiceSettings
from roomtone_server.grammar.vocabulary import NamedArea, NamedThing, Vocabulary
from roomtone_server.languages.codes import best_code, normal_code

MAX_UTTERANCE_BYTES: Final = 60 * RATE_HZ * SAMPLE_BYTES  # what comes behind is not heard
SHORTEST_BYTES: Final = RATE_HZ // 10 * SAMPLE_BYTES  # services refuse less than a tenth of a second
MAX_NAME_CHARACTERS: Final = 60  # a longer one says nobody

PATIENCE: Final = ("answer_s", "answer_s")  # the settings of `Patience`


class HearingServiceSettings(ServiceSettings):
    answer_s: float = Field(
        default=8.0, gt=0, le=120, description="how long the service may take to answer once it has heard all"
    )
    tell_names: bool = Field(default=True, description="whether it is told the home's names, so that it spells them")


def check_language(engine: str, codes: Iterable[str], wanted: str) -> None:
    """Raises LanguageMissing when the engine knows its languages, and that is none of them; any language is one."""
    known = sorted({normal_code(code) for code in codes})
    if known and wanted != ANY_LANGUAGE and best_code(known, wanted) is None:
        raise LanguageMissing(f"{engine} does not hear {wanted!r}; it hears: {', '.join(known)}")


def names_of(vocabulary: Vocabulary, *, most: int, tokens: int) -> list[str]:
    """The home's names, at most so many, and of no more tokens than a model takes. What people say most comes first:
    names before aliases, things before areas."""
    return _as_many(_by_use(vocabulary), most, tokens)


def expected(home: Iterable[str], request: HearingRequest, *, most: int, tokens: int) -> list[str]:
    """What is likely to be said in one utterance: the request's names, the home's, the request's terms; as above."""
    return _as_many((*request.names, *home, *request.terms), most, tokens)


def _as_many(wanted: Iterable[str], most: int, tokens: int) -> list[str]:
    names: dict[str, str] = {}
    left = tokens
    for name in wanted:
        spelt = " ".join(name.split())
        if spelt.casefold() in names or not 0 < len(spelt) <= MAX_NAME_CHARACTERS:
            continue
        left -= _most_tokens(spelt)
        if left < 0 or len(names) == most:
            break
        names[spelt.casefold()] = spelt
    return list(names.values())


def _by_use(vocabulary: Vocabulary) -> Iterator[str]:
    named: tuple[NamedThing | NamedArea, ...] = (*vocabulary.things, *vocabulary.areas)
    yield from (name for each in named for name in each.names[:1])
    yield from (name for each in named for name in each.names[1:])


def _most_tokens(name: str) -> int:
    """Byte pair encodings seldom need more: two letters of English make a token, and a letter of most other scripts, of
    two or three bytes, one or one and a half; and one stands between two names."""
    return len(name.encode(errors="replace")) // 2 + 2


def closed(engine: str) -> EngineError:
    """For an engine that is not open."""
    return EngineError(f"{engine} was asked to listen before it was started, or after it was closed")


def ended() -> EngineError:
    """For an utterance that is not open."""
    return EngineError("this utterance was finished or closed before")
