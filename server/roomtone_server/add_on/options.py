"""The add-on's options, and the settings that they stand for.

An option is a setting that many change, under a name that needs no manual; `settings` takes all the others. What the
Supervisor checks before it writes them down is checked here again, by the same bounds: a test holds this file to the
schema in addon/roomtone/config.yaml.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from roomtone.link.allow import NetworkText
from roomtone.logs import Level
from roomtone.settings import Settings

# Home Assistant runs on the host's network, and so dials an add-on from the host's address in the Supervisor's.
HOME_ASSISTANT: Final = "172.30.32.1"

Language = Literal["auto", "bn", "de", "en", "es", "fr", "gu", "hi", "it", "ml", "mr", "nl", "ta", "te"]
Whisper = Literal[
    "none", "tiny", "base", "base.en", "small", "small.en", "medium", "medium.en", "large-v3-turbo", "large-v3"
]

# A field of the form that was cleared is empty, one that was never filled is not there.
Cleared = BeforeValidator(lambda value: None if value == "" else value)
OptionalText = Annotated[str | None, Cleared]
Url = Annotated[str, Field(pattern=r"^https?://[^/]")]


class AddOnOptions(Settings):
    """What stands in /data/options.json."""

    name: Annotated[str, Field(min_length=1, max_length=63)] = "Roomtone"
    language: Language = "en"
    whisper_model: Whisper = "none"
    voice: Literal["espeak", "piper"] = "espeak"
    llm: Literal["none", "ollama", "openai"] = "none"
    llm_url: Annotated[Url | None, Cleared] = Field(default=None, validate_default=True)
    llm_model: OptionalText = None
    llm_api_key: Annotated[SecretStr | None, Cleared] = None
    fallback: Literal["llm", "home-assistant"] = "home-assistant"
    patience: Literal["aggressive", "default", "relaxed"] = "default"
    follow_up: Literal["when-asked", "always", "never"] = "when-asked"
    allow: tuple[NetworkText, ...] = ()
    store_transcripts: bool = False
    log_level: Level = "info"
    settings: OptionalText = None

    @field_validator("llm_url")
    @classmethod
    def _where_the_model_is(cls, url: str | None, others: ValidationInfo) -> str | None:
        if url is None and others.data.get("llm", "none") != "none":
            raise ValueError(f"llm_url is needed: where the server of {others.data['llm']} is, as http://nas:11434")
        return url

    @field_validator("settings")
    @classmethod
    def _a_mapping(cls, written: str | None) -> str | None:
        _parsed(written)
        return written


def settings_of(options: AddOnOptions) -> dict[str, Any]:
    """The server's settings, as its file has them; those of the option `settings` go before the others."""
    by_options = {
        "name": options.name,
        "language": options.language,
        **_ears_and_voice(options),
        "llm": _model(options),
        "home": {"engine": "home-assistant", "fallback": options.fallback},
        "home_assistant": {"allow": [HOME_ASSISTANT, *options.allow]},
        "endpoint": {"sensitivity": options.patience},
        "follow_up": options.follow_up,
        "store_transcripts": options.store_transcripts,
        "log_level": options.log_level,
    }
    return _over(by_options, _parsed(options.settings))


def written(settings: Mapping[str, Any]) -> str:
    """A settings file, in YAML. What an option says stands in it literally, `${` too."""
    return yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True).replace("${", "$${")


def _over(settings: Mapping[str, Any], further: Mapping[str, Any]) -> dict[str, Any]:
    """Key by key, into mappings too; but an engine is chosen anew, with all its options."""
    merged = dict(settings)
    for key, value in further.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "engine" not in value:
            merged[key] = _over(old, value)
        else:
            merged[key] = value
    return merged


def _parsed(settings: str | None) -> dict[str, Any]:
    try:
        read = yaml.safe_load(settings or "{}")
    except yaml.YAMLError as problem:
        raise ValueError(f"this is broken YAML ({' '.join(str(problem).split())})") from None
    if not isinstance(read, dict):
        raise ValueError("settings are written as in server.yaml: {follow_up_s: 8}")  # noqa: TRY004 - as pydantic wants
    return read


def _ears_and_voice(options: AddOnOptions) -> dict[str, Any]:
    """A model is fetched where one was named, and nothing is otherwise."""
    stt: object = "auto"
    if options.whisper_model != "none":
        whisper = {"engine": "faster-whisper", "model": options.whisper_model}
        stt = {"engine": "cascade", "open": whisper} if options.language in ("en", "auto") else whisper
    wants_piper = options.voice == "piper"
    fetches = wants_piper or options.whisper_model != "none"
    return {
        "stt": stt,
        "tts": ["piper", "espeak"] if wants_piper else "espeak",
        "models": {"download": "auto" if fetches else "never"},
    }


def _model(options: AddOnOptions) -> Mapping[str, Any] | list[Any]:
    if options.llm == "none":
        return []
    given = {"host" if options.llm == "ollama" else "base_url": options.llm_url, "model": options.llm_model}
    if options.llm == "openai" and options.llm_api_key:
        given["api_key"] = options.llm_api_key.get_secret_value()
    return {"engine": options.llm} | {name: value for name, value in given.items() if value}
