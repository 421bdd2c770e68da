"""Stops that end no sentence: abbreviations, initials, ordinals. Data first, one table per language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# No abbreviation is longer; so much of the text before a stop is looked at.
REACH_CHARS: Final = 24

_OPENERS: Final = "\"'([{«„“‘¿¡"
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)+")
_NUMBER: Final = re.compile(r"\d{1,3}\.")
_ROMAN: Final = re.compile(r"[IVXL]+\.")


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """One language's, in lower case, without spaces and without the last stop."""

    never: frozenset[str] = frozenset()  # a name or more text follows for certain: Mr.
    perhaps: frozenset[str] = frozenset()  # ends the sentence unless lower case or a digit follows: etc.
    numbered: frozenset[str] = frozenset()  # an abbreviation before a number only: No. 5
    ordinals: bool = False  # "3." is "third"


def _table(never: str, perhaps: str = "", numbered: str = "", *, ordinals: bool = False) -> Abbreviations:
    return Abbreviations(frozenset(never.split()), frozenset(perhaps.split()), frozenset(numbered.split()), ordinals)


_TABLES: Final[Mapping[str, Abbreviations]] = {
    "en": _table(
        "mr mrs ms mx dr prof rev hon gen sen rep gov capt lt col sgt st mt ft vs cf viz e.g eg i.e ie approx",
        "a.m p.m u.s u.k e.u etc inc ltd co corp jr sr ph.d b.c a.d i dept est al",
        "no nos p pp ch vol fig sec art ca c jan feb mar apr jun jul aug sep sept oct nov dec",
    ),
    "de": _table(
        "hr fr dr prof dipl ing bzw ca evtl ggf inkl exkl zzgl vgl sog st str geb max min mind bspw insb d.h z.b",
        "usw etc u.a o.ä u.ä n.chr v.chr uvm u.v.m",
        "nr abs art kap s bd jan feb apr aug sept sep okt nov dez",
        ordinals=True,
    ),
    "fr": _table(
        "m mm mme mlle dr pr me st ste p.ex ex env cf vs c.-à-d c.à.d av boul",
        "etc apr.j.-c av.j.-c j.-c",
        "no n° nº p pp art chap vol fig t janv févr avr juil sept oct nov déc",
    ),
    "es": _table(
        "ee sr sra srta sres dr dra d dña don prof profa ud uds vd vds p.ej ej aprox av avda gral lic ing sto sta",
        "etc a.m p.m uu ee.uu a.c d.c s.a cía",
        "n.º nº núm pág págs art cap vol fig",
    ),
    "it": _table(
        "sig sigg sig.ra sig.na dott dott.ssa prof avv ing arch p.es es ca cfr", "ecc a.c d.c s.p.a", "n pag art"
    ),
    "nl": _table(
        "dhr mevr mr dr prof ir ing drs bijv bv d.w.z t.a.v nl ca m.a.w", "enz etc e.d v.chr n.chr", "nr blz art"
    ),
    "pt": _table("sr sra srta dr dra prof profa p.ex ex aprox av exmo", "etc a.c d.c s.a", "n.º nº pág art cap"),
    "pl": _table("dr prof inż mgr np m.in tzn tzw ul al św", "itd itp r w", "nr str art", ordinals=True),
    "cs": _table("p pí dr prof ing mgr např tzv tj ul sv", "atd apod", "č str", ordinals=True),
    "da": _table("hr fr dr prof f.eks ca bl.a dvs evt inkl", "osv m.m mv", "nr s kl", ordinals=True),
    "nb": _table("hr fr dr prof f.eks ca bl.a dvs ev inkl", "osv m.m mv", "nr s kl", ordinals=True),
    "sv": _table("hr fr dr prof t.ex ca bl.a dvs ev inkl", "osv m.m etc", "nr s kl"),
    "fi": _table("hra rva tri prof esim ns mm n", "jne ym yms", "nro s klo", ordinals=True),
    "ru": _table("г-н г-жа д-р проф им ул т.е т.н напр", "т.д т.п др г гг", "№ стр рис"),
    "hi": _table("डॉ डा श्री प्रो पं कु", "आदि", "सं पृ"),
    "ar": _table("أ م د", "إلخ الخ", "ص"),
}


def abbreviations_of(language: str) -> Abbreviations:
    """Those of `de`, `de-AT` or `de_CH`; an unknown language has none but initials."""
    return _TABLES.get(re.split("[-_]", language.casefold())[0], Abbreviations())


def goes_on(text: str, following: str, known: Abbreviations) -> bool:
    """Whether the stop at the end of `text` ends no sentence; `following` is the first letter or digit behind it."""
    written = _last_word(text)
    word = written.removesuffix(".").casefold()
    if word in known.perhaps:
        return following.islower() or following.isdigit()
    if word in known.never or (word in known.numbered and following.isdigit()) or _INITIALS.fullmatch(written):
        return True
    if _NUMBER.fullmatch(written):
        return known.ordinals or written == text  # a number alone is the beginning of a line
    return known.ordinals and _ROMAN.fullmatch(written) is not None


def _last_word(text: str) -> str:
    """`at 7 p. m.` ends with `p.m.`: letters with a stop of their own are one word."""
    words = text[-REACH_CHARS:].split()
    word = words.pop().lstrip(_OPENERS)
    while words and _INITIALS.fullmatch(words[-1].lstrip(_OPENERS)):
        word = words.pop().lstrip(_OPENERS) + word
    return word
