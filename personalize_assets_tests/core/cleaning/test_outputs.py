"""Outputs appear together at the end, or not at all."""

from pathlib import Path

import pytest

from personalize_assets.core.cleaning.outputs import OutputPaths, StagedOutputs, staged


def fill(stage: StagedOutputs) -> None:
    stage.csv.write_bytes(b"abc")
    stage.parquet.write_bytes(b"")
    stage.quarantine.write_bytes(b"")


def test_staged__moves_and_describes(tmp_path: Path) -> None:
    out = OutputPaths.in_folder(tmp_path / "new", "items")
    with staged(out) as stage:
        fill(stage)
        assert not out.csv.exists()
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "items.csv",
        "items.parquet",
        "items_quarantine.csv",
    ]
    file = stage.files["csv"]
    # The digest of "abc" in FIPS 180-4.
    assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (file.path, file.size) == (out.csv, 3)


def test_staged__failure_leaves_what_was_there(tmp_path: Path) -> None:
    out = OutputPaths.in_folder(tmp_path, "items")
    out.csv.write_bytes(b"old")

    def fail() -> None:
        with staged(out) as stage:
            fill(stage)
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["items.csv"]
    assert out.csv.read_bytes() == b"old"
