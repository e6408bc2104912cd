"""Clients that outlive a tick: Dagster makes resources anew for each, and that costs more than it.

boto3 takes some tenths of a second of a processor to make the clients of a deployment, and sensors
look every few seconds for months.
"""

from personalize_assets.aws.objects import Bucket
from personalize_assets.resources import S3Resource

_BUCKETS: dict[str, Bucket] = {}


def bucket_of(s3: S3Resource) -> Bucket:
    """The bucket of this resource, with the clients of an earlier tick where they still fit.

    They do not where the local stack meanwhile runs at other addresses.
    """
    key = f"{s3.settings} {s3.local_stack.endpoints()}"
    if key not in _BUCKETS:
        _BUCKETS.clear()
        _BUCKETS[key] = s3.store()
    return _BUCKETS[key]
