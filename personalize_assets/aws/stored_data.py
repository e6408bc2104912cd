"""What the pipeline wrote to S3, found and removed; what people put there stays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from personalize_assets.aws.objects import Bucket


@dataclass(frozen=True)
class StoredData:
    """Objects under the prefixes that the pipeline writes to.

    Attributes:
        objects: How many.
        size: Bytes.
    """

    objects: int
    size: int


def measure_data(bucket: Bucket, prefixes: Sequence[str], keep: Sequence[str]) -> StoredData:
    """Count what the pipeline wrote.

    Args:
        bucket: The pipeline's bucket.
        prefixes: That it writes to; each ends in a slash.
        keep: Prefixes of what people put there, also where they lie below ``prefixes``.

    Raises:
        ValueError: A prefix would be the whole bucket or does not end in a slash.
    """
    sizes = [size for _, size in _written(bucket, prefixes, keep)]
    return StoredData(len(sizes), sum(sizes))


def remove_data(bucket: Bucket, prefixes: Sequence[str], keep: Sequence[str]) -> StoredData:
    """Delete what the pipeline wrote; safe to repeat. Arguments and errors of `measure_data`."""
    count = total = 0
    # The keys are gathered first: a listing that is shortened meanwhile could lose its place.
    for key, size in list(_written(bucket, prefixes, keep)):
        bucket.delete(key)
        count, total = count + 1, total + size
    return StoredData(count, total)


def _written(
    bucket: Bucket, prefixes: Sequence[str], keep: Sequence[str]
) -> Iterator[tuple[str, int]]:
    for prefix in prefixes:
        if not prefix.strip("/") or not prefix.endswith("/"):
            raise ValueError(f"prefix {prefix!r} is no folder of the pipeline; nothing is deleted")
        for entry in bucket.list(prefix):
            if not entry.key.startswith(tuple(keep)):
                yield entry.key, entry.size
