"""Which of Roomtone's extras are installed, asked of the installed packages' metadata; nothing is imported."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

_DISTRIBUTION: Final = "roomtone"
_REQUIREMENT: Final = re.compile(
    r"(?P<name>[\w.-]+)(?:\[(?P<extras>[^\]]*)\])?.*;.*\bextra\s*==\s*['\"](?P<extra>[^'\"]+)"
)


@cache
def lacking(extra: str) -> frozenset[str]:
    """The packages of an extra that are not installed; empty for a complete one."""
    absent: set[str] = set()
    for line in requires(_DISTRIBUTION) or ():
        requirement = _REQUIREMENT.match(line)
        if not requirement or requirement["extra"] != extra:
            continue
        if requirement["name"] == _DISTRIBUTION:
            absent.update(*(lacking(inner.strip()) for inner in (requirement["extras"] or "").split(",")))
        elif not _installed(requirement["name"]):
            absent.add(requirement["name"])
    return frozenset(absent)


@cache
def _installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def remedy(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install '{_DISTRIBUTION}[{extra}]'"
