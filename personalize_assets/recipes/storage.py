"""Models as files: arrays in ``model.npz``, settings in ``model.json``, each with its format.

Numbers take as few bytes in the file as they can without loss, and come back as they were. Nothing
is pickled. Knows nothing of any one model, nor of where the folder lies.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personalize_assets.recipes.solvers.half_precision import halve, restore

_ARRAYS = "model.npz"
_SETTINGS = "model.json"


class ModelFormatError(ValueError):
    """A folder holds no model, or one of another kind or format version."""


@dataclass(frozen=True)
class ModelFormat:
    """What a model's files are.

    Attributes:
        kind: Name of the model.
        version: Grows with every change that makes old files unreadable.
    """

    kind: str
    version: int

    def write(
        self, folder: Path, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """Write a model into an existing folder.

        Args:
            folder: Where to.
            settings: Numbers, strings and booleans.
            arrays: Arrays of numbers.
        """
        packed = {name: _pack(array) for name, array in arrays.items()}
        np.savez(
            folder / _ARRAYS,
            allow_pickle=False,
            **{name: array for name, (array, _) in packed.items()},
        )
        header = {
            "kind": self.kind,
            "version": self.version,
            "settings": dict(settings),
            "packed": {name: how for name, (_, how) in packed.items() if how is not None},
        }
        (folder / _SETTINGS).write_text(json.dumps(header, indent=2, sort_keys=True) + "\n")

    def read(self, folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Read settings and arrays.

        Raises:
            ModelFormatError: There is no model, or one of another kind or format version.
        """
        path = folder / _SETTINGS
        if not path.is_file():
            raise ModelFormatError(f"{folder} holds no model: {_SETTINGS} is missing")
        header = json.loads(path.read_text())
        found = (header.get("kind"), header.get("version"))
        if found != (self.kind, self.version):
            raise ModelFormatError(
                f"{path} is of kind {found[0]!r}, format {found[1]!r}; "
                f"this reads kind {self.kind!r}, format {self.version!r}"
            )
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            packed = header.get("packed", {})
            found = {name: _unpack(arrays[name], packed.get(name)) for name in arrays.files}
            return header["settings"], found


def _pack(array: NDArray[Any]) -> tuple[NDArray[Any], list[Any] | None]:
    """The same numbers in fewer bytes, and how they were: type and power of two; or None."""
    if array.dtype == np.float32:
        halved = halve(array)
        return (array, None) if halved is None else (halved[0], [array.dtype.str, halved[1]])
    if array.dtype.kind not in "iu" or not array.size:
        return array, None
    smallest = np.result_type(np.min_scalar_type(array.min()), np.min_scalar_type(array.max()))
    if smallest.itemsize >= array.dtype.itemsize:
        return array, None
    return array.astype(smallest), [array.dtype.str, 0]


def _unpack(array: NDArray[Any], how: list[Any] | None) -> NDArray[Any]:
    """What ``_pack`` was given."""
    if how is None:
        return array
    kind, shift = how
    return restore(array, shift) if array.dtype == np.float16 else array.astype(kind)
