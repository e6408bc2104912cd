"""Whether a dataset is imported in full or only what was added to it: the decision alone."""

from dataclasses import dataclass

from personalize_assets.aws.ensure_data import ImportMode
from personalize_assets.core.additions import Additions
from personalize_assets.core.names import MAX_INCREMENTAL_IMPORT_BYTES, MIN_INTERACTIONS


@dataclass(frozen=True)
class ImportChoice:
    """How a dataset is imported.

    Attributes:
        mode: FULL replaces what was imported before, INCREMENTAL merges into it.
        reason: Why, with its numbers.
        records: Records that INCREMENTAL sends; None for FULL, which sends all.
    """

    mode: ImportMode
    reason: str
    records: int | None = None


def choose_mode(dataset_type: str, additions: Additions, size: int) -> ImportChoice:
    """Decide between FULL and INCREMENTAL; both leave the dataset with the same content.

    Args:
        dataset_type: ``interactions``, ``items`` or ``users``.
        additions: How the new file differs from the imported one.
        size: Bytes of the file of additions.

    Example:
        >>> choose_mode("interactions", Additions(999, 0, only_added=True), 30_000).reason
        '999 new interactions, an INCREMENTAL import takes at least 1,000'
    """
    if not additions.only_added:
        return ImportChoice("FULL", f"{dataset_type} were removed or changed, not only added")
    if dataset_type == "interactions" and additions.records < MIN_INTERACTIONS:
        return ImportChoice(
            "FULL",
            f"{additions.records:,} new interactions, an INCREMENTAL import takes at least "
            f"{MIN_INTERACTIONS:,}",
        )
    if size > MAX_INCREMENTAL_IMPORT_BYTES:
        return ImportChoice(
            "FULL",
            f"{size:,} bytes of new records, an INCREMENTAL import takes at most "
            f"{MAX_INCREMENTAL_IMPORT_BYTES:,}",
        )
    changed = "" if dataset_type == "interactions" else f" and {additions.changed:,} changed"
    reason = f"only {additions.added:,} new{changed} {dataset_type}"
    return ImportChoice("INCREMENTAL", reason, additions.records)
