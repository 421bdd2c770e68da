"""Which models are known: what they are for, where they come from, what each of their files must be."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urljoin

from pydantic import Field, model_validator

from roomtone.errors import ModelError
from roomtone.settings import Settings, load
from roomtone_server.engines.stt.whisper_languages import LANGUAGES as WHISPERS
from roomtone_server.languages.codes import primary_code

Kind = Literal["whisper", "piper", "ollama"]

ANY_LANGUAGE: Final = "*"
MAX_FILE_BYTES: Final = 32 * 2**30  # guards the disk: no model for a home is larger

# Names become folders and files: nothing in them leads out of theirs.
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/+-]{0,127}$")]
_FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$")]
_Url = Annotated[str, Field(pattern=r"^https?://[^/\s]+/")]
_Bytes = Annotated[int, Field(ge=1, le=MAX_FILE_BYTES)]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ModelFile(Settings):
    """One file of a model, as far as it is known beforehand."""

    bytes: _Bytes | None = None  # exactly
    about_bytes: _Bytes | None = None  # only to reckon with
    sha256: _Sha256 | None = None  # else what came the first time counts
    url: _Url | None = None  # else its name in the model's source


class Model(Settings):
    name: _Name
    kind: Kind
    licence: str
    languages: Annotated[tuple[str, ...], Field(min_length=1)]  # codes; "*": whatever its kind speaks or hears
    source: Annotated[str, Field(pattern=r"^https?://[^/\s]+/(.*/)?$")] | None = None  # a folder's URL
    files: Mapping[_FileName, ModelFile] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "ollama":
            if self.files:
                raise ValueError("an Ollama server fetches its models' files by itself: name none")
        elif not self.files or "/" in self.name or ":" in self.name:
            raise ValueError(f"a {self.kind} model has files, and neither / nor : in its name")
        elif self.source is None and any(file.url is None for file in self.files.values()):
            raise ValueError(f"the model {self.name} needs a source, or a url for each of its files")
        return self

    @property
    def title(self) -> str:
        """How it is told from all others: "piper/de_DE-thorsten-medium"."""
        return f"{self.kind}/{self.name}"

    @property
    def about_bytes(self) -> int:
        """Of all its files; 0 where nobody knows."""
        return sum(file.bytes or file.about_bytes or 0 for file in self.files.values())

    def url(self, file: str) -> str:
        """Where one of its files comes from."""
        return self.files[file].url or urljoin(self.source or "", file)

    def has(self, language: str) -> bool:
        """Whether it is for that language, in any region of it."""
        wanted = primary_code(language)
        if ANY_LANGUAGE in self.languages:
            return self.kind != "whisper" or wanted in WHISPERS.split()
        return wanted in map(primary_code, self.languages)


class Manifest(Settings):
    models: tuple[Model, ...] = ()

    def find(self, name: str) -> Model:
        """By name, or as KIND/NAME. Raises ModelError for one that is not known, or several."""
        found = [model for model in self.models if name in (model.name, model.title)]
        if not found and name.startswith("ollama/"):
            return Model(name=name.removeprefix("ollama/"), kind="ollama", licence="its own", languages=(ANY_LANGUAGE,))
        if not found:
            raise ModelError(f"no model {name!r} is known: `roomtone models list` shows those that are")
        if len(found) > 1:
            raise ModelError(f"{name!r} may be {' or '.join(model.title for model in found)}: say which")
        return found[0]

    def best(self, kind: str, language: str) -> Model | None:
        """The first of a kind that is for a language."""
        return next((model for model in self.models if model.kind == kind and model.has(language)), None)


def read(own: Path | None = None) -> Manifest:
    """The package's manifest, and over it the entries of one's own. Raises SettingsError, with the file's line."""
    with as_file(files(__package__) / "manifest.yaml") as path:
        known = load(Manifest, path).models
    return Manifest(models=tuple(merged(known, load(Manifest, own.expanduser()).models if own else ())))


def merged(known: Sequence[Model], own: Iterable[Model]) -> list[Model]:
    """Both; of one kind and name the own one, which also comes first: so it is what `best` finds."""
    ours = {model.title: model for model in own}
    return [*ours.values(), *(model for model in known if model.title not in ours)]
