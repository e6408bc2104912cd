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
from personalize_assets.recipes.base import ActionModel, Model, SegmentModel, TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion, require_learner
from personalize_assets.recipes.models import AnyModel, item_model
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.shifted import load_shift
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormatError

_FORMAT: Final = 1
_VERSION, _CATALOGUE = "version.json", "catalogue.parquet"
_USERS, _ACTIONS, _ITEMS = "users.parquet", "actions.parquet", "items.parquet"


@dataclass(frozen=True)
class SavedVersion:
    """A trained version that was read back.

    Attributes:
        spec: Its recipe.
        item_ids: The model's catalogue: ids by item index.
        trained: Ready to score items, users or actions.
        facts: Everything else that ``TrainedVersion`` holds, by name.
        user_ids: Ids by user index; None where the model does not number users.
        action_ids: Ids by action index; None where the model does not number actions.
        items: The Items dataset as of the training, one row per item and in the order of
            ``item_ids``; None where answers do not need it.
    """

    spec: RecipeSpec
    item_ids: pa.StringArray
    trained: AnyModel
    facts: dict[str, Any]
    user_ids: pa.StringArray | None = None
    action_ids: pa.StringArray | None = None
    items: pa.Table | None = None

    @property
    def metrics(self) -> dict[str, float]:
        """Amazon's offline metrics under Amazon's names."""
        return self.facts["metrics"]

    @property
    def model(self) -> Model:
        """The model of a recipe that recommends items.

        Raises:
            WrongModel: The recipe does something else.
        """
        return item_model(self.trained)


def save_version(folder: Path, data: TrainingData, version: TrainedVersion) -> None:
    """Write a trained version into an existing, empty folder.

    Args:
        folder: Where to.
        data: What it was trained on: gives the ids and, where answers need them, the items.
        version: What came of the training.
    """
    version.trained.save(folder)
    _write(folder / _CATALOGUE, pa.table({Columns.ITEM_ID: data.item_ids}))
    if isinstance(version.trained, SegmentModel):
        _write(folder / _USERS, pa.table({Columns.USER_ID: data.user_ids}))
    if isinstance(version.trained, ActionModel) and data.actions is not None:
        _write(folder / _ACTIONS, pa.table({Columns.ACTION_ID: data.actions.action_ids}))
    if "itemAttributes" in version.spec.query_fields and data.item_features is not None:
        _write(folder / _ITEMS, data.item_features)
    facts = {field.name: getattr(version, field.name) for field in fields(version)}
    del facts["trained"], facts["spec"]
    header = {"format": _FORMAT, "recipe": version.spec.name, **facts}
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
    items = _read(folder / _CATALOGUE)
    if items is None:
        raise ModelFormatError(f"{folder} holds no trained version: {_CATALOGUE} is missing")
    return SavedVersion(
        spec=spec,
        item_ids=_ids(items),
        trained=load_shift(folder, require_learner(spec).model_type.load(folder)),
        facts=facts,
        user_ids=_ids(_read(folder / _USERS)),
        action_ids=_ids(_read(folder / _ACTIONS)),
        items=_read(folder / _ITEMS),
    )


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path)


def _read(path: Path) -> pa.Table | None:
    return pq.read_table(path) if path.is_file() else None


def _ids(table: pa.Table | None) -> Any:
    return None if table is None else table.column(0).combine_chunks()
