# ruff: noqa: INP001, T201 - a script, run by hand
"""Brings Lit into the page, as one ES module: `make vendor`, or `python tools/vendor_lit.py`.

npm's own client fetches the packages; each must be the one whose hash stands here. Their minified modules are joined,
each in a function of its own, in the order in which they need each other; nothing else is changed. The same packages
always make the same file, whose hash a test holds to `VENDORED`. A new version: change the pins, run this, read the
difference.
"""

import base64
import hashlib
import posixpath
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

PACKAGES: Final = {
    "@lit/reactive-element@2.1.2": (
        "sha512-pbCDiVMnne1lYUIaYNN5wrwQXDtHaYtg7YEFPeW+hws6U47WeFvISGUWekPGKWOP1ygrs0ef0o1VJMk1exos5A=="
    ),
    "lit-html@3.3.3": "sha512-el8M6jK2o3RXBnrSHX3ZKrsN8zEV63pSExTO1wYJz7QndGYZ8353e2a5PPX+qHe2aGayfnchQmkAojaWAREOIA==",
    "lit-element@4.2.2": (
        "sha512-aFKhNToWxoyhkNDmWZwEva2SlQia+jfG0fjIWV//YeTaWrVnOxD89dPKfigCUspXFmjzOEUQpOkejH5Ly6sG0w=="
    ),
}
MODULES: Final = (  # as they import each other
    "@lit/reactive-element/css-tag.js",
    "@lit/reactive-element/reactive-element.js",
    "lit-html/lit-html.js",
    "lit-element/lit-element.js",
    "lit-html/directive.js",
    "lit-html/directive-helpers.js",
    "lit-html/directives/class-map.js",
    "lit-html/directives/live.js",
    "lit-html/directives/repeat.js",
)
OFFERED: Final = {  # what the page may import
    "lit-element/lit-element.js": ("LitElement", "css", "html", "noChange", "nothing", "render", "svg"),
    "lit-html/directives/class-map.js": ("classMap",),
    "lit-html/directives/live.js": ("live",),
    "lit-html/directives/repeat.js": ("repeat",),
}
VENDORED: Final = "sha256-j8oQBchlj3zNxvk3/BnSGbcU0PkIkLmRdJUyEjXel6A="  # of the file that this makes
FOLDER: Final = Path(__file__).parents[1] / "server/roomtone_server/ports/web/page/static/vendor"

_IMPORT: Final = re.compile(r'import(?:\{(?P<names>[^}]*)\}from)?"(?P<module>[^"]+)";')
_EXPORT: Final = re.compile(r'export(?:\{(?P<names>[^}]*)\}|(?P<all>\*))(?:from"(?P<module>[^"]+)")?;')


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder)
        for package, integrity in PACKAGES.items():
            _unpack(package, integrity, unpacked)
        joined = join({module: (unpacked / module).read_text(encoding="utf-8") for module in MODULES})
        licence = (unpacked / "lit-html/LICENSE").read_bytes()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "lit.js").write_text(joined, encoding="utf-8")
    (FOLDER / "LICENSE").write_bytes(licence)
    print(f"{FOLDER / 'lit.js'}: {len(joined)} characters, {integrity_of(joined.encode(), 'sha256')}")


def integrity_of(data: bytes, algorithm: str) -> str:
    """As npm and browsers write a hash: the algorithm, a dash, the digest in base64."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def join(sources: dict[str, str]) -> str:
    """One ES module of several minified ones, given by path in the order in which they need each other."""
    head = "/* Lit, as tools/vendor_lit.py joins it. BSD-3-Clause: see LICENSE. */"
    parts = [_wrap(module, source) for module, source in sources.items()]
    offers = [f"export const{{{','.join(names)}}}={_variable(module)};" for module, names in OFFERED.items()]
    return "\n".join([head, *parts, *offers, ""])


def _wrap(module: str, source: str) -> str:
    """A module as a constant: its exports, by name. What it imports stands in constants above."""
    exports: list[str] = []

    def take_import(found: re.Match[str]) -> str:
        if not found["names"]:
            return ""
        names = found["names"].replace(" as ", ":")
        return f"const{{{names}}}={_variable(_resolved(module, found['module']))};"

    def take_export(found: re.Match[str]) -> str:
        if found["all"]:
            exports.append(f"...{_variable(_resolved(module, found['module']))}")
        else:
            exports.extend(_property(module, name, found["module"]) for name in found["names"].split(","))
        return ""

    body = re.sub(r"//# sourceMappingURL=.*\n?", "", source)
    body = _EXPORT.sub(take_export, _IMPORT.sub(take_import, body)).strip()
    return f"const {_variable(module)}=(()=>{{{body}\nreturn{{{','.join(exports)}}}}})();"


def _property(module: str, name: str, of: str | None) -> str:
    inner, _, outer = name.partition(" as ")
    owner = f"{_variable(_resolved(module, of))}." if of else ""
    return f"{outer or inner}:{owner}{inner}"


def _resolved(module: str, imported: str) -> str:
    """The path of what a module imports."""
    if imported.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(module), imported))
    return imported if imported.endswith(".js") else f"{imported}/{imported.rpartition('/')[2]}.js"


def _variable(module: str) -> str:
    """`lit-html/directives/class-map.js`: class_map. A dollar keeps it apart from the modules' own names."""
    return "$" + Path(module).stem.replace("-", "_")


def _unpack(package: str, integrity: str, folder: Path) -> None:
    """Into a folder of the package's name. Raises ValueError when it is not the one that was pinned."""
    name, _, _version = package.rpartition("@")
    command = ["npm", "pack", "--silent", package]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 - fixed names
    archive = folder / packed.stdout.strip()
    found = integrity_of(archive.read_bytes(), "sha512")
    if found != integrity:
        raise ValueError(f"{package} is {found}, and not {integrity}")
    with tarfile.open(archive) as files:
        files.extractall(folder / name, filter="data")
    for each in (folder / name / "package").iterdir():
        each.rename(folder / name / each.name)


if __name__ == "__main__":
    main()
