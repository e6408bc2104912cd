import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from personalize_assets.recipes.solvers.half_precision import round_to_half
from personalize_assets.recipes.storage import ModelFormat, ModelFormatError

FORMAT = ModelFormat("example", 3)


@pytest.mark.parametrize(
    ("array", "stored"),
    [
        (np.array([0, 255], np.int32), np.uint8),
        (np.array([0, 59_046], np.int32), np.uint16),
        (np.array([-1, 200], np.int64), np.int16),
        (np.array([0, 2**33]), np.int64),
        (np.array([], np.int32), np.int32),
        (np.array([0.1, 0.2], np.float32), np.float32),
        (round_to_half(np.array([0.1, 0.2, -np.inf], np.float32)), np.float16),
        (np.array([0.5, 0.25], np.float16), np.float16),
        (np.array([0.5, 0.25]), np.float64),
        (np.array([True, False]), np.bool_),
    ],
    ids=lambda value: str(getattr(value, "dtype", value.__name__ if callable(value) else value)),
)
def test_write__as_few_bytes_as_nothing_is_lost_in(
    array: NDArray[Any], stored: type[np.generic], tmp_path: Path
) -> None:
    FORMAT.write(tmp_path, {"a": 1}, {"numbers": array})
    settings, arrays = FORMAT.read(tmp_path)
    assert settings == {"a": 1}
    assert arrays["numbers"].dtype == array.dtype
    np.testing.assert_array_equal(arrays["numbers"], array)
    with np.load(tmp_path / "model.npz") as file:
        assert file["numbers"].dtype == stored


def test_read__written_before_numbers_were_packed(tmp_path: Path) -> None:
    FORMAT.write(tmp_path, {}, {"numbers": np.array([0.1, 0.7], np.float32)})
    path = tmp_path / "model.json"
    header = json.loads(path.read_text())
    del header["packed"]
    path.write_text(json.dumps(header))
    assert FORMAT.read(tmp_path)[1]["numbers"].tolist() == pytest.approx([0.1, 0.7])


@pytest.mark.parametrize("other", [ModelFormat("example", 2), ModelFormat("another", 3)])
def test_read__of_another_format(other: ModelFormat, tmp_path: Path) -> None:
    other.write(tmp_path, {}, {})
    with pytest.raises(ModelFormatError, match="this reads kind 'example', format 3"):
        FORMAT.read(tmp_path)


def test_read__nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"model\.json is missing"):
        FORMAT.read(tmp_path)
