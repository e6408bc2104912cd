"""Models as files: arrays in ``model.npz``, settings in ``model.json``, each with its format.

Nothing is pickled. Knows nothing of any one model, nor of where the folder lies.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        np.savez(folder / _ARRAYS, allow_pickle=False, **arrays)
        header = {"kind": self.kind, "version": self.version, "settings": dict(settings)}
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
            return header["settings"], {name: arrays[name] for name in arrays.files}
