from pathlib import Path

import pytest

from personalize_assets.recipes.artifact import load_version
from personalize_assets.recipes.registry import UnknownRecipe
from personalize_assets.recipes.storage import ModelFormatError

# What is written and read back is in the recipes' contract.


def test_load_version__nothing_there(tmp_path: Path) -> None:
    with pytest.raises(
        ModelFormatError, match=r"holds no trained version: version\.json is missing"
    ):
        load_version(tmp_path)


def test_load_version__other_format(tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text('{"format": 2, "recipe": "aws-sims"}')
    with pytest.raises(ModelFormatError, match=r"version\.json is not of format 1"):
        load_version(tmp_path)


def test_load_version__unknown_recipe(tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text('{"format": 1, "recipe": "aws-hrnn"}')
    with pytest.raises(UnknownRecipe, match="unknown recipe 'aws-hrnn'"):
        load_version(tmp_path)
