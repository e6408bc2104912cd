"""Python and the packages, against what this distribution declares to need."""

import re
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from personalize_assets.aws.doctor.findings import Finding, failed, ok

DISTRIBUTION: Final = "personalize-assets"
SHOWN: Final = ("boto3", "botocore", "dagster")


def judge_versions(
    python: str,
    requires_python: str,
    requirements: Iterable[str],
    installed: Mapping[str, str | None],
) -> Finding:
    """Whether what is installed is what is declared.

    Args:
        python: Our own version.
        requires_python: Declared for it, such as ``>=3.11``.
        requirements: Declared, as in pyproject.toml; those of extras are left alone.
        installed: Version of each required package, None where it is not installed.
    """
    check, faults = "versions", list[str]()
    if not Requirement(f"python{requires_python}").specifier.contains(python):
        faults.append(f"python {python} is not {requires_python}")
    for one in _own(requirements):
        found = installed.get(one.name)
        if found is None:
            faults.append(f"{one.name} is not installed")
        elif not one.specifier.contains(found, prereleases=True):
            faults.append(f"{one.name} {found} is not {one.specifier}")
    if faults:
        return failed(check, "; ".join(faults), f"pip install --upgrade {DISTRIBUTION}")
    shown = [f"{name} {found}" for name in SHOWN if (found := installed.get(name))]
    return ok(check, ", ".join([f"python {python}", *shown]))


def required(requirements: Iterable[str]) -> list[str]:
    """Names of the packages that are always needed."""
    return [one.name for one in _own(requirements)]


def installed_versions(
    names: Iterable[str], version: Callable[[str], str] = metadata.version
) -> dict[str, str | None]:
    """The version of each package, None where it is not installed."""
    found: dict[str, str | None] = {}
    for name in names:
        try:
            found[name] = str(Version(version(name)))
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _own(requirements: Iterable[str]) -> list[Requirement]:
    parsed: list[Requirement] = []
    for text in requirements:
        if re.search(r";.*\bextra\b", text):
            continue
        try:
            one = Requirement(text)
        except InvalidRequirement:
            continue
        if one.marker is None or one.marker.evaluate():
            parsed.append(one)
    return parsed
