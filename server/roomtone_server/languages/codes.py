"""Language codes, in whatever spelling a service or a setting has them."""

from collections.abc import Iterable


def normal_code(code: str) -> str:
    """A language code in one spelling: `en_US` is en-us."""
    return code.lower().replace("_", "-")


def primary_code(code: str) -> str:
    """A language without its region: `en_US` is en."""
    return normal_code(code).partition("-")[0]


def best_code(codes: Iterable[str], wanted: str) -> str | None:
    """Of language codes in any spelling the one that serves best: the wanted one, its language without a region,
    another region of it; None when the language is not among them."""
    spelt = {normal_code(code): code for code in codes}
    wanted, language = normal_code(wanted), primary_code(wanted)
    of_other_regions = (code for code in spelt if primary_code(code) == language)
    found = next((code for code in (wanted, language, *of_other_regions) if code in spelt), None)
    return None if found is None else spelt[found]
