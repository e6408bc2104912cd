"""A trained version as one folder: the model's files, the catalogue and what was measured.

Writes into a folder that the caller made and moves into place. Knows nothing of the store.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.base import Model
from personalize_assets.recipes.evaluation import TrainedVersion, require_learner
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormatError

_FORMAT: Final = 1
_VERSION, _CATALOGUE = "version.json", "catalogue.parquet"


@dataclass(frozen=True)
class SavedVersion:
    """A trained version that was read back.

    Attributes:
        spec: Its recipe.
        item_ids: The model's catalogue: ids by item index.
        model: Ready to score.
        facts: Everything else that ``TrainedVersion`` holds, by name.
    """

    spec: RecipeSpec
    item_ids: pa.StringArray
    model: Model
    facts: dict[str, Any]

    @property
    def metrics(self) -> dict[str, float]:
        """Amazon's offline metrics under Amazon's names."""
        return self.facts["metrics"]


def save_version(
    folder: Path, spec: RecipeSpec, item_ids: pa.StringArray, version: TrainedVersion
) -> None:
    """Write a trained version into an existing, empty folder.

    Args:
        folder: Where to.
        spec: The recipe that was trained.
        item_ids: The catalogue it was trained on.
        version: What came of the training.
    """
    version.model.save(folder)
    pq.write_table(pa.table({Columns.ITEM_ID: item_ids}), folder / _CATALOGUE)
    facts = {field.name: getattr(version, field.name) for field in fields(version)}
    del facts["model"]
    header = {"format": _FORMAT, "recipe": spec.name, **facts}
    (folder / _VERSION).write_text(json.dumps(header, indent=2, sort_keys=True) + "\n")


def load_version(folder: Path) -> SavedVersion:
    """Read what ``save_version`` wrote.

    Raises:
        ModelFormatError: The folder holds no version, or one of another format.
    """
    path = folder / _VERSION
    if not path.is_file():
        raise ModelFormatError(f"{folder} holds no trained version: {_VERSION} is missing")
    facts = json.loads(path.read_text())
    if facts.pop("format", None) != _FORMAT:
        raise ModelFormatError(f"{path} is not of format {_FORMAT}")
    spec = find_recipe(facts.pop("recipe"))
    column = pq.read_table(folder / _CATALOGUE)[Columns.ITEM_ID].combine_chunks()
    model = require_learner(spec).model_type.load(folder)
    return SavedVersion(spec, column, model, facts)
