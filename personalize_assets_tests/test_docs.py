"""The README says what the code says."""

import re
from pathlib import Path

import pytest

from personalize_assets.cli.main import COMMANDS
from personalize_assets.components.graph import STAGES
from personalize_assets.recipes.registry import RECIPES
from personalize_assets_tests import recipe_page
from personalize_assets_tests.readme import README, render

TEXT = README.read_text(encoding="utf-8")
RECIPE_PAGE = recipe_page.PAGE.read_text(encoding="utf-8")
MAKEFILE = (README.parent / "Makefile").read_text(encoding="utf-8")


def test_readme__generated_parts_are_up_to_date() -> None:
    assert render(TEXT) == TEXT, "run `make docs`"


def test_recipe_page__generated_parts_are_up_to_date() -> None:
    assert render(RECIPE_PAGE, recipe_page.sections()) == RECIPE_PAGE, "run `make docs`"


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_page__says_what_is_not_imitated(name: str) -> None:
    said = RECIPE_PAGE.partition("## What is not imitated")[2].partition("\n## ")[0]
    assert f"| {name} |" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_readme__names_every_command(command: str) -> None:
    assert f"personalize-assets {command}" in TEXT


@pytest.mark.parametrize("stage", STAGES)
def test_readme__names_every_asset_group(stage: str) -> None:
    assert f"`{stage}`" in TEXT


def test_readme__links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    missing = [link for link in links if not (README.parent / Path(link)).exists()]
    assert links
    assert missing == []


def test_makefile__lists_its_targets_with_help() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert phony is not None
    helped = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M))
    assert set(phony[1].split()) == helped
