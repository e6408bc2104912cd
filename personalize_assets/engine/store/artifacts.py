"""Files of the engine: imported datasets and trained models, in folders that a person can read.

A worker writes into a temporary folder; what it made is moved to its place in one step, and only
then does a row of the control plane name it. What no row names is removed when the engine starts
and when no job runs. Nothing here knows what is in the files.
"""

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from personalize_assets.core.arns import parse_arn
from personalize_assets.engine.store.crash_points import reached

log = logging.getLogger(__name__)


class Artifacts:
    """The folders of one engine.

    Args:
        root: Made when missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temporary = root / "tmp"
        for folder in (root, self._temporary, root / "datasets", root / "models"):
            folder.mkdir(parents=True, exist_ok=True)

    def make_temporary(self, name: str) -> Path:
        """Make an empty folder for the work of one attempt; an older one of that name goes."""
        folder = self._temporary / name
        reached("artifacts: before make")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        reached("artifacts: after make")
        return folder

    def discard(self, folder: Path) -> None:
        """Remove a folder of `make_temporary` with what is left in it."""
        reached("artifacts: before discard")
        shutil.rmtree(folder, ignore_errors=True)

    def place_dataset(self, made: Path, arn: str, version: str) -> str:
        """Move an imported parquet file to its place.

        Args:
            made: The file in a temporary folder.
            arn: Of the dataset.
            version: Tells the file from earlier imports of the dataset.

        Returns:
            The path relative to the root, as rows keep it.
        """
        parsed = parse_arn(arn)
        folder = Path("datasets", parsed.account, parsed.region, *parsed.parts)
        return self._place(made, folder / f"bulk-{version}.parquet")

    def place_model(self, made: Path, arn: str, version: str = "") -> str:
        """Move what belongs to a trained model to its place; gives the path relative to the root.

        Args:
            made: A folder or file within a temporary folder; a file's suffix is kept.
            arn: Of the solution version or recommender.
            version: Tells it from earlier models of the same resource; empty where it has but one.
        """
        parsed = parse_arn(arn)
        first, *rest = parsed.parts
        name = "-".join(part for part in (*rest, version) if part) + made.suffix
        return self._place(made, Path("models", parsed.account, parsed.region, first, name))

    def _place(self, made: Path, relative: Path) -> str:
        target = self.root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            reached("artifacts: before replace")
            shutil.rmtree(target)
        reached("artifacts: before rename")
        made.rename(target)
        reached("artifacts: after rename")
        return relative.as_posix()

    def path(self, relative: str) -> Path:
        """Where an artifact that a row names lies."""
        return self.root / relative

    def sweep(self, used: Collection[str], *, temporary: bool) -> int:
        """Remove what no row names, and tell how many files and folders that were.

        Args:
            used: Relative paths that rows name.
            temporary: Whether to remove temporary folders as well; only while no job runs.
        """
        keep = {self.root / path for path in used}
        orphans = [
            path
            for pattern in ("datasets/*/*/*/*/*", "models/*/*/*/*")
            for path in self.root.glob(pattern)
            if path not in keep
        ]
        if temporary:
            orphans += self._temporary.iterdir()
        for path in orphans:
            reached("artifacts: before remove")
            log.info("removing %s, which nothing refers to", path)
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return len(orphans)
