"""Every request that names the pipeline's bucket says which account must own it.

Names of buckets are global: one that was deleted can be made anew by anybody, who would then be
sent the data. Amazon S3 refuses (403) a request whose ``ExpectedBucketOwner`` is another account.
One handler on the client puts it into each operation that knows it, so that no call can forget it:
those of paginators, of waiters and of managed transfers come by here as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

OWNER: Final = "ExpectedBucketOwner"
SOURCE_OWNER: Final = "ExpectedSourceBucketOwner"

_EVENT: Final = "before-parameter-build.s3"


def expect_owner(client: "S3Client", bucket: str, owner: str) -> None:
    """Have every request of ``client`` that names ``bucket`` demand that ``owner`` owns it.

    Args:
        client: boto3 client of S3; to say the same twice changes nothing.
        bucket: Name of the bucket.
        owner: Account, twelve digits.
    """
    client.meta.events.register_first(
        _EVENT, _Expectation(bucket, owner), unique_id=f"expected-owner-of-{bucket}"
    )


@dataclass(frozen=True)
class _Expectation:
    """Handler of botocore's event before a request is built.

    Attributes:
        bucket: Name of the bucket.
        owner: Account that must own it.
    """

    bucket: str
    owner: str

    def __call__(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        known = () if model.input_shape is None else model.input_shape.members
        if OWNER in known and params.get("Bucket") == self.bucket:
            params.setdefault(OWNER, self.owner)
        if SOURCE_OWNER in known and _bucket_of(params.get("CopySource")) == self.bucket:
            params.setdefault(SOURCE_OWNER, self.owner)


def _bucket_of(source: Any) -> str | None:
    """Bucket of a copy's source, as botocore takes it: parameters, or ``bucket/key``."""
    if isinstance(source, Mapping):
        return str(cast("Mapping[str, Any]", source).get("Bucket"))
    return source.lstrip("/").partition("/")[0] if isinstance(source, str) else None
