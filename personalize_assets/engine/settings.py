"""The options of the engine, each declared once with its bounds, default and description.

Command lines and environments are read through this declaration alone. Nothing here opens or
starts anything, so that other parts can import it cheaply.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from personalize_assets.loopback import is_loopback

ENVIRONMENT_PREFIX = "PERSONALIZE_ENGINE_"


class SettingsError(ValueError):
    """An option of the engine has a value that it cannot have."""


class EngineSettings(BaseModel):
    """How one engine runs.

    Each field is also the flag ``--field-name`` and the variable ``PERSONALIZE_ENGINE_FIELD_NAME``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; loopback unless allow_remote."
    )
    port: int = Field(
        default=0, ge=0, le=65535, description="Port to listen on; 0 takes any free one."
    )
    state_dir: Path = Field(
        default=Path(".personalize"), description="Folder that keeps everything, made if missing."
    )
    s3_endpoint: str | None = Field(
        default=None, description="URL of the local S3 that imports and batch jobs use."
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="Worker processes for imports, trainings and batch jobs; one per processor.",
    )
    status_seconds: float = Field(
        default=0,
        ge=0,
        le=86_400,
        description="Seconds that PENDING and IN_PROGRESS last at least, each, on its clock.",
    )
    allow_remote: bool = Field(
        default=False, description="Listen on other addresses than loopback too."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level of what is logged to stderr."
    )

    @model_validator(mode="after")
    def _stays_on_this_machine(self) -> "EngineSettings":
        if not self.allow_remote and not is_loopback(_url(self.host)):
            raise ValueError(
                f"host {self.host} is not loopback: other machines could reach an engine that "
                "checks no signatures; use 127.0.0.1, localhost or ::1, or pass --allow-remote"
            )
        if self.s3_endpoint is not None and not is_loopback(self.s3_endpoint):
            raise ValueError(
                f"s3_endpoint {self.s3_endpoint} is not on this machine: use http://127.0.0.1:PORT"
            )
        return self


def load_settings(given: Mapping[str, Any], environ: Mapping[str, str]) -> EngineSettings:
    """Make settings from ``given`` options, where these are None from ``environ``, else defaults.

    Args:
        given: Values by field name, as from flags; None means not given.
        environ: For example ``os.environ``; empty values mean not set.

    Raises:
        SettingsError: Says which option is wrong, what it was and what is allowed, in one line.
    """
    values: dict[str, Any] = {}
    for name in EngineSettings.model_fields:
        variable = environ.get(ENVIRONMENT_PREFIX + name.upper())
        if variable:
            values[name] = variable
    values.update({name: value for name, value in given.items() if value is not None})
    try:
        return EngineSettings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(describe_problems(error)) from None


def describe_problems(error: ValidationError) -> str:
    """All that is wrong with some options, in one line."""
    return "; ".join(map(_describe, error.errors()))


def _describe(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}={error['input']!r}: {message}" if name else message


def _url(host: str) -> str:
    return f"http://[{host}]" if ":" in host else f"http://{host}"
