"""Where cleaned files go, and how they get there: all at the end, or none.

Files are written into a hidden folder beside their place and renamed when everything is done.
"""

import hashlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class OutputPaths:
    """Files that one cleaning writes; the folder of each must lie on one file system.

    Attributes:
        csv: For Amazon Personalize.
        parquet: The same rows, typed, for everything else.
        quarantine: Lines that were not used; see ``quarantine``.
    """

    csv: Path
    parquet: Path
    quarantine: Path

    @classmethod
    def in_folder(cls, folder: Path, name: str) -> Self:
        """``<name>.csv``, ``<name>.parquet`` and ``<name>_quarantine.csv`` in ``folder``."""
        return cls(
            csv=folder / f"{name}.csv",
            parquet=folder / f"{name}.parquet",
            quarantine=folder / f"{name}_quarantine.csv",
        )


@dataclass(frozen=True)
class OutputFile:
    """A file that was written: its place, size in bytes and SHA-256 in hex."""

    path: Path
    size: int
    sha256: str


@dataclass
class StagedOutputs:
    """Temporary places of the outputs; ``files`` is filled when they have been moved."""

    csv: Path
    parquet: Path
    quarantine: Path
    files: dict[str, OutputFile]


@contextmanager
def staged(out: OutputPaths) -> Generator[StagedOutputs]:
    """Give temporary paths; move what was written there into place if the block succeeds.

    Folders are made as needed. When the block raises, nothing of it stays.
    """
    out.csv.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.csv.parent, prefix=".cleaning-") as folder:
        stage = StagedOutputs(
            csv=Path(folder) / "csv",
            parquet=Path(folder) / "parquet",
            quarantine=Path(folder) / "quarantine",
            files={},
        )
        yield stage
        finished = {
            "quarantine": (stage.quarantine, out.quarantine),
            "parquet": (stage.parquet, out.parquet),
            "csv": (stage.csv, out.csv),
        }
        described = {name: _describe(*paths) for name, paths in finished.items()}
        for source, target in finished.values():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        stage.files.update(described)


def _describe(source: Path, target: Path) -> OutputFile:
    with source.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return OutputFile(target, source.stat().st_size, digest)
