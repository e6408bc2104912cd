"""The settings file of the aws deployment: flat YAML, one key a setting, checked as it is read.

Keys are the names of ``settings.SETTINGS`` in lower case without their prefix. What is read here
has the right type and no duplicate; whether a value is allowed is the deployment's to say.
Credentials have no place in it.
"""

import difflib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import yaml

from personalize_assets.aws.settings import DEPLOYMENT, SETTINGS, DeploymentError, Setting

Value = str | int | float | bool | Mapping[str, str]
"""What a key can hold; texts, numbers, booleans, and of ``tags`` a mapping of texts."""

_HEADER: Final = f"""\
# Settings of the aws deployment, read where {DEPLOYMENT.name}=aws.
# Each can also be set as an environment variable, which wins: bucket is PERSONALIZE_ASSETS_BUCKET.
# No credentials here: boto3 finds them by itself, in a profile, a role or the environment.
"""
_FILE_SETTINGS: Final = {one.key: one for one in SETTINGS if one.in_file}
_OTHER_SETTINGS: Final = {one.key: one for one in SETTINGS if not one.in_file}
_SECRET_KEY: Final = re.compile(r"secret|password|credential|access_?key|session_?token", re.I)
_SECRET_VALUE: Final = re.compile(r"(AKIA|ASIA)[A-Z0-9]{16}")
_INT, _FLOAT, _FLAG, _TEXT, _NULL = (
    f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "str", "null")
)


@dataclass(frozen=True)
class SettingsFile:
    """One settings file as it was read.

    Attributes:
        path: Of the file.
        values: By key; what is given as null or not at all is left out.
        lines: Line of each key, counted from 1.
    """

    path: Path
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    lines: Mapping[str, int] = field(default_factory=dict[str, int])

    def place(self, key: str) -> str:
        """Where ``key`` stands, for messages: file and line."""
        return f"{self.path}, line {self.lines[key]}"


def read_settings_file(path: Path) -> SettingsFile:
    """Read and check the settings file ``path``.

    Raises:
        DeploymentError: It cannot be read, is no flat YAML, or holds an unknown or repeated key, a
            value of a wrong type, or a credential; the message names file, line and key.
    """
    try:
        root = _compose(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeploymentError(f"the settings file {path} cannot be read: {reason}") from error
    except yaml.YAMLError as error:
        raise DeploymentError(f"the settings file {path} is not YAML: {_where(error)}") from error
    if root is None:
        return SettingsFile(path)
    if not isinstance(root, yaml.MappingNode):
        raise DeploymentError(f"{path} must hold lines such as `bucket: NAME`, not {_kind(root)}")
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    for key, node, line in _entries(root, path):
        if key in lines:
            raise DeploymentError(f"{path}, line {line}: {key} stands on line {lines[key]} already")
        lines[key] = line
        value = _value(_setting_of(key, path, line), node, f"{path}, line {line}: {key}")
        if value is not None:
            values[key] = value
    return SettingsFile(path, values, lines)


def write_settings_file(path: Path, values: Mapping[str, Value | None]) -> None:
    """Write ``values`` into the settings file; keys that it has and ``values`` lacks stay.

    The file is replaced as a whole, so that a reader finds the old one or the new one. The folder
    is made where missing.

    Args:
        path: Of the file; it need not exist.
        values: By key; None takes a key out.

    Raises:
        DeploymentError: A key is unknown or a value has a wrong type; or the file that is there
            cannot be read. Nothing is written then.
        OSError: It cannot be written.
    """
    known = dict(read_settings_file(path).values) if path.exists() else {}
    merged = {k: v for k, v in {**known, **values}.items() if v is not None}
    ordered = {key: merged.pop(key) for key in _FILE_SETTINGS if key in merged}
    ordered |= merged  # unknown ones: refused below, when the text is read back
    plain = {k: dict(v) if isinstance(v, Mapping) else v for k, v in ordered.items()}
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True) if plain else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_HEADER + text)
            file.flush()
            os.fsync(file.fileno())
        _check_written(Path(name), path)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def nearest(name: str, allowed: Mapping[str, Any]) -> str:
    """A question about the allowed name that is most like ``name``; empty where none is."""
    found = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


def _compose(text: str) -> yaml.Node | None:
    return cast(Any, yaml).compose(text, Loader=yaml.SafeLoader)


def _check_written(written: Path, path: Path) -> None:
    try:
        read_settings_file(written)
    except DeploymentError as error:
        raise DeploymentError(str(error).replace(str(written), str(path))) from error


def _entries(root: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node, int]]:
    for key, node in root.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise DeploymentError(f"{path}, line {line}: a key must be a name, not {_kind(key)}")
        yield key.value, node, line


def _setting_of(key: str, path: Path, line: int) -> Setting:
    if key in _FILE_SETTINGS:
        return _FILE_SETTINGS[key]
    place = f"{path}, line {line}: {key}"
    if key in _OTHER_SETTINGS:
        name = _OTHER_SETTINGS[key].name
        raise DeploymentError(f"{place} is set by the environment alone, as {name}")
    if _SECRET_KEY.search(key):
        raise DeploymentError(
            f"{place} looks like a credential, and those are not kept here: boto3's own chain "
            "finds them (a profile, a role, AWS_ACCESS_KEY_ID in the environment); take it out"
        )
    lowered = key.lower().removeprefix("personalize_assets_")
    raise DeploymentError(
        f"{place} is no setting{nearest(lowered, _FILE_SETTINGS)} "
        f"(allowed are {', '.join(_FILE_SETTINGS)})"
    )


def _value(setting: Setting, node: yaml.Node, place: str) -> Value | None:
    """The value of ``node`` for ``setting``; None for null, which is as good as left out."""
    if node.tag == _NULL:
        return None
    if setting.kind == "tags":
        return _tags(node, place)
    if not isinstance(node, yaml.ScalarNode):
        raise DeploymentError(f"{place} ({setting.name}) must be one value, not {_kind(node)}")
    text: str = node.value
    if _SECRET_VALUE.search(text):
        raise DeploymentError(
            f"{place} ({setting.name}) holds an access key, and those are not kept here: boto3's "
            "own chain finds them (a profile, a role, the environment); take it out"
        )
    if setting.kind == "number":
        return _number(setting, node, place)
    if setting.kind == "flag":
        if node.tag != _FLAG:
            raise DeploymentError(f"{place} ({setting.name}) must be true or false, got {text!r}")
        return text.lower() in ("true", "yes", "on")
    # Plain digits are a text too, such as those of an account.
    if node.tag not in (_TEXT, _INT):
        raise DeploymentError(
            f"{place} ({setting.name}) must be a text, got {_kind(node)} {text}; put it in quotes"
        )
    return text


def _number(setting: Setting, node: yaml.ScalarNode, place: str) -> int | float:
    text: str = node.value
    try:
        if node.tag == _INT:
            return int(text)
        if node.tag == _FLOAT:
            return float(text)
    except ValueError:
        pass
    raise DeploymentError(
        f"{place} ({setting.name}) must be a number, without quotes, got {text!r}"
    )


def _tags(node: yaml.Node, place: str) -> dict[str, str]:
    if not isinstance(node, yaml.MappingNode):
        raise DeploymentError(f"{place} must be a mapping such as {{team: films}}")
    tags: dict[str, str] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise DeploymentError(f"{place} must map names to texts such as {{team: films}}")
        if key.value in tags:
            raise DeploymentError(f"{place} holds the tag {key.value} twice")
        tags[key.value] = "" if value.tag == _NULL else value.value
    return tags


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    names = {_INT: "the number", _FLOAT: "the number", _FLAG: "the boolean", _TEXT: "the text"}
    return names.get(node.tag, f"the {node.tag.rpartition(':')[2]}")


def _where(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    return f"line {mark.line + 1}: {problem or 'unreadable'}" if mark else str(error)
