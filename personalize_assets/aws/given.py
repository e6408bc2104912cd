"""What was given for each setting, and where: environment, settings file, or nowhere.

A value remembers its place, so that a refusal can name the variable and the key of the file, and
the line where it stands.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from personalize_assets.aws.settings import (
    DEPLOYMENT,
    SETTINGS_FILE,
    DeploymentError,
    Setting,
)
from personalize_assets.aws.settings_file import SettingsFile, read_settings_file


@dataclass(frozen=True)
class Given:
    """What was given for one setting.

    Attributes:
        setting: Which one.
        text: The value as text, or the default; empty where there is neither.
        tags: A mapping that the file holds, or None.
        place: File and line, where the value comes from there; empty for environment and default.
        file: Path of the settings file that could hold it.
    """

    setting: Setting
    text: str
    tags: Mapping[str, str] | None
    place: str
    file: Path

    def refusal(self, expected: str, got: str | None = None) -> DeploymentError:
        """The error that says where the value stands and what was allowed.

        Args:
            expected: What the value must be, such as ``must be a port between 0 and 65535``.
            got: What is wrong with it; the whole value where None.
        """
        name, key = self.setting.name, self.setting.key
        shown = f"{expected}, got {(self.text if got is None else got)!r}"
        if self.place:
            return DeploymentError(f"{self.place}: {key} ({name}) {shown}")
        if not self.setting.in_file:
            return DeploymentError(f"{name} {shown}")
        return DeploymentError(f"{name} {shown} (in a settings file: {key})")


@dataclass(frozen=True)
class Source:
    """Environment and settings file together; the environment wins.

    Attributes:
        environ: Variables; an empty one counts as not given.
        file: What the settings file holds; nothing in the local deployment.
    """

    environ: Mapping[str, str]
    file: SettingsFile

    @staticmethod
    def of(environ: Mapping[str, str]) -> "Source":
        """Read what ``environ`` and, in the aws deployment, the settings file say.

        Raises:
            DeploymentError: The deployment is unknown; the file is named but missing, or wrong.
        """
        name = _text(environ, DEPLOYMENT)
        path = Path(_text(environ, SETTINGS_FILE)).expanduser()
        if name not in ("local", "aws"):
            raise DeploymentError(f"{DEPLOYMENT.name} must be local or aws, got {name!r}")
        if name == "local":
            return Source(environ, SettingsFile(path))
        if os.fspath(path) == SETTINGS_FILE.default and not path.exists():
            return Source(environ, SettingsFile(path))
        try:
            return Source(environ, read_settings_file(path))
        except DeploymentError as error:
            if path.exists():
                raise
            raise DeploymentError(
                f"{SETTINGS_FILE.name} names {path}, which does not exist (from {Path.cwd()})"
            ) from error

    @property
    def is_local(self) -> bool:
        """Whether nothing may leave this machine."""
        return _text(self.environ, DEPLOYMENT) == "local"

    def value(self, setting: Setting) -> Given:
        """What was given for ``setting``."""
        key, path = setting.key, self.file.path
        if text := self.environ.get(setting.name, "").strip():
            return Given(setting, text, None, "", path)
        if key not in self.file.values:
            return Given(setting, setting.default, None, "", path)
        value, place = self.file.values[key], self.file.place(key)
        if isinstance(value, Mapping):
            return Given(setting, "", value, place, path)
        text = str(value).lower() if isinstance(value, bool) else str(value).strip()
        return Given(setting, text, None, place, path)

    def require(self, *settings: Setting) -> None:
        """Refuse to go on without these.

        Raises:
            DeploymentError: One or more are given nowhere; all of them are named.
        """
        missing = [one for one in settings if not self.value(one).text]
        if missing:
            names = " and ".join(one.name for one in missing)
            keys = " and ".join(f"`{one.key}:`" for one in missing)
            raise DeploymentError(
                f"{DEPLOYMENT.name}={_text(self.environ, DEPLOYMENT)} needs {names} as well: set "
                f"them, or write {keys} into {self.file.path}; `personalize-assets bootstrap` "
                "makes what they name and writes that file"
            )


def _text(environ: Mapping[str, str], setting: Setting) -> str:
    return environ.get(setting.name, "").strip() or setting.default
