"""How much the account's quotas leave, by what exists and what is at work."""

from collections.abc import Mapping
from typing import Final

from personalize_assets.aws import listing
from personalize_assets.aws.doctor.answers import Answer, cannot_tell
from personalize_assets.aws.doctor.findings import Finding, failed, ok, unknown
from personalize_assets.aws.inventory import RUNNING
from personalize_assets.aws.listing import Collection, Listed
from personalize_assets.aws.quotas import QUOTAS, Quota

COUNTED: Final[Mapping[str, Collection]] = {
    "CreateSchema": listing.SCHEMAS,
    "CreateDatasetGroup": listing.GROUPS,
    "CreateDatasetImportJob": listing.IMPORT_JOBS,
    "CreateSolutionVersion": listing.SOLUTION_VERSIONS,
    "CreateBatchInferenceJob": listing.BATCH_INFERENCE_JOBS,
    "CreateBatchSegmentJob": listing.BATCH_SEGMENT_JOBS,
}
"""What counts towards each quota of account and region."""

ACCOUNT_QUOTAS: Final[tuple[Quota, ...]] = tuple(
    quota for quota in QUOTAS if quota.operation in COUNTED
)


def list_operation(quota: Quota) -> str:
    """The operation that lists what counts, such as ``personalize:ListSchemas``."""
    words = COUNTED[quota.operation].operation.split("_")
    return f"personalize:{''.join(word.capitalize() for word in words)}"


def used(quota: Quota, listed: list[Listed]) -> int:
    """How much of a quota is used: all that exists, or of jobs those that are at work."""
    return sum(one.status in RUNNING for one in listed) if quota.passes else len(listed)


def judge_quotas(counts: Mapping[Quota, int], refused: list[Answer]) -> Finding:
    """Whether something more can be created of each kind.

    Args:
        counts: How much of each quota is used.
        refused: Answers of the lists that could not be had.
    """
    check = "quotas"
    full = [quota for quota, count in counts.items() if count >= quota.value]
    fixed = [quota for quota in full if not quota.adjustable and not quota.passes]
    if fixed:
        fact = "; ".join(f"{counts[one]} of {one.sentence}" for one in fixed)
        return failed(check, fact, "personalize-assets inventory, and delete what is not needed")
    if refused:
        return cannot_tell(check, refused[0])
    raised = [quota for quota in full if quota.adjustable and not quota.passes]
    if raised:
        fact = "; ".join(
            f"{counts[one]} {one.what} exist, {one.value} by default" for one in raised
        )
        fix = (
            "aws service-quotas list-service-quotas --service-code personalize, to see whether "
            "yours is higher; a group that exists already needs no other"
        )
        return unknown(check, fact, fix)
    left = ", ".join(f"{one.value - counts[one]} {one.what}" for one in counts if not one.passes)
    busy = sum(count for one, count in counts.items() if one.passes)
    waits = [one.what for one in full]
    advice = f"new {', '.join(waits)} wait until others end" if waits else ""
    return ok(check, f"left are {left}; {busy} jobs are at work", advice)
