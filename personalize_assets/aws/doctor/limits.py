"""How much the account's quotas leave, by what exists and what is at work."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

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


def is_reached(counts: Mapping[Quota, int]) -> bool:
    """Whether more exists than the default of an adjustable quota, so that its value matters."""
    return any(n >= one.value and one.adjustable and not one.passes for one, n in counts.items())


def granted_value(quota: Quota, service_quotas: Sequence[Mapping[str, Any]]) -> int | None:
    """The value that Service Quotas names for a quota; None where no name fits, or several do.

    Args:
        quota: One of account and region.
        service_quotas: ``Quotas`` of ``service-quotas:ListServiceQuotas``.
    """
    fitting = [
        int(one["Value"])
        for one in service_quotas
        if quota.what in (name := str(one["QuotaName"]).lower()) and " per " not in name
    ]
    return fitting[0] if len(fitting) == 1 else None


def judge_quotas(
    counts: Mapping[Quota, int],
    refused: Sequence[Answer],
    service_quotas: Sequence[Mapping[str, Any]] = (),
) -> Finding:
    """Whether something more can be created of each kind.

    Args:
        counts: How much of each quota is used.
        refused: Answers of the lists that could not be had.
        service_quotas: What Service Quotas says of the service, where it was asked.
    """
    check = "quotas"
    full = [quota for quota, count in counts.items() if count >= quota.value]
    fixed = [quota for quota in full if not quota.adjustable and not quota.passes]
    if fixed:
        fact = "; ".join(f"{counts[one]} of {one.sentence}" for one in fixed)
        return failed(check, fact, "personalize-assets inventory, and delete what is not needed")
    if refused:
        return cannot_tell(check, refused[0])
    adjustable = [quota for quota in full if quota.adjustable and not quota.passes]
    granted = {quota: granted_value(quota, service_quotas) for quota in adjustable}
    doubtful = [quota for quota, value in granted.items() if value is None]
    if doubtful:
        fact = "; ".join(f"{counts[q]} {q.what} exist, {q.value} by default" for q in doubtful)
        fix = (
            "aws service-quotas list-service-quotas --service-code personalize, to see whether "
            "yours is higher; a group that exists already needs no other"
        )
        return unknown(check, fact, fix)
    values = {quota: granted.get(quota) or quota.value for quota in counts}
    spent = [quota for quota in adjustable if counts[quota] >= values[quota]]
    if spent:
        fact = "; ".join(f"{counts[q]} of {values[q]:,} {q.what} exist" for q in spent)
        return unknown(check, fact, "a group that exists needs no other; else ask for more")
    left = ", ".join(f"{values[q] - counts[q]} {q.what}" for q in counts if not q.passes)
    busy = sum(count for one, count in counts.items() if one.passes)
    waits = [one.what for one in full]
    advice = f"new {', '.join(waits)} wait until others end" if waits else ""
    return ok(check, f"left are {left}; {busy} jobs are at work", advice)
