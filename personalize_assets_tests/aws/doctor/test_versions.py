"""Versions: declared requirements against what is installed."""

from importlib import metadata

import pytest

from personalize_assets.aws.doctor.versions import (
    DISTRIBUTION,
    installed_versions,
    judge_versions,
    required,
)

REQUIREMENTS = (
    "boto3>=1.40",
    "dagster<2,>=1.13",
    'implicit>=0.7; extra == "dev"',
    'old>=1; python_version < "3"',
    "wordllama==0.2.2.post0",
)
INSTALLED = {"boto3": "1.44.5", "dagster": "1.13.27", "wordllama": "0.2.2.post0"}


def test_judge_versions__ok() -> None:
    found = judge_versions("3.12.1", ">=3.11", REQUIREMENTS, INSTALLED)

    assert (found.status, found.fact) == ("ok", "python 3.12.1, boto3 1.44.5, dagster 1.13.27")


@pytest.mark.parametrize(
    ("python", "changed", "fact"),
    [
        ("3.10.9", {}, "python 3.10.9 is not >=3.11"),
        ("3.11.0", {"boto3": "1.39.9"}, "boto3 1.39.9 is not >=1.40"),
        ("3.11.0", {"dagster": "2.0"}, "dagster 2.0 is not <2,>=1.13"),
        ("3.11.0", {"wordllama": None}, "wordllama is not installed"),
    ],
)
def test_judge_versions__faults(python: str, changed: dict[str, str | None], fact: str) -> None:
    found = judge_versions(python, ">=3.11", REQUIREMENTS, {**INSTALLED, **changed})

    assert (found.status, found.fact) == ("failed", fact)
    assert found.fix == "pip install --upgrade personalize-assets"


def test_required__leaves_extras_alone() -> None:
    assert required(REQUIREMENTS) == ["boto3", "dagster", "wordllama"]


def test_installed_versions__of_this_distribution() -> None:
    names = required(metadata.requires(DISTRIBUTION) or [])

    assert {"boto3", "dagster", "numpy"} <= set(names)
    assert all(installed_versions(["boto3", "numpy"]).values())
    assert installed_versions(["there-is-no-such-package"]) == {"there-is-no-such-package": None}
