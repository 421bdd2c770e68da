"""The key to a service: in the settings, or where they say. It appears in no log and in no error."""

import os
from pathlib import Path

from pydantic import Field, SecretStr

from roomtone.engines import EngineSettings
from roomtone.errors import EngineError


class ApiKeySettings(EngineSettings):
    """The settings of an engine that may need a key."""

    api_key: SecretStr | None = Field(default=None, description="the key itself; or name where it is:")
    api_key_env: str | None = Field(default=None, description="the environment variable that holds the key")
    api_key_file: Path | None = Field(default=None, description="the file that holds the key, and nothing else")

    def key(self) -> str:
        """The key, empty when there is none. Reads a small file. Raises EngineError: it is not where it should be."""
        key = self._written().strip()
        if not (key.isascii() and key.isprintable()):
            raise EngineError("the API key has characters that no key has: copy it again")
        return key

    def _written(self) -> str:
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        if self.api_key_env is not None:
            if self.api_key_env not in os.environ:
                raise EngineError(f"`api_key_env` names {self.api_key_env}, which the environment lacks: set it there")
            return os.environ[self.api_key_env]
        if self.api_key_file is not None:
            try:
                return self.api_key_file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as problem:
                why = problem.strerror if isinstance(problem, OSError) else "it is no text"
                raise EngineError(f"`api_key_file`: cannot read {self.api_key_file} ({why})") from problem
        return ""
