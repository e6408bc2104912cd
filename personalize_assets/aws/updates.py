"""Versions of ``trainingMode`` UPDATE: the last trained model with the items that came since.

Only some recipes take it (`RecipeSpec.updates`). It costs little beside a training, and the model
of users stays that of the last full training; a version made so gets no automatic updates.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from personalize_assets.aws.ensure_training import ensure_solution_version
from personalize_assets.aws.ensuring import Ensured
from personalize_assets.aws.kinds import ACTIVE, SOLUTION_VERSION, find
from personalize_assets.aws.naming import job_name
from personalize_assets.aws.training import SolutionRequest, Trained, ensure_requested_solution
from personalize_assets.aws.waiters import WaitPolicy

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient


def update_solution_version(
    personalize: "PersonalizeClient",
    request: SolutionRequest,
    items: str,
    policy: WaitPolicy,
    *,
    holds_items: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Trained | None:
    """Make sure that a version of the solution holds the imported items, without a full training.

    Args:
        personalize: boto3 client.
        request: The solution.
        items: What identifies the imported items, such as the digest of their file.
        policy: Timeout, pace and progress of the waiting.
        holds_items: ARN of a version that is known to hold these items; nothing is made while it
            is the solution's and active.
        tags: Given to what is created.

    Returns:
        The version, or None where the solution has no active version that was trained in full.

    Raises:
        ResourceFailed: The update failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    started = policy.clock()
    solution = ensure_requested_solution(personalize, request, policy, tags=tags)
    base = last_full_version(personalize, solution.arn)
    if base is None:
        return None
    if holds_items is not None and holds_items.startswith(f"{solution.arn}/"):
        version = find(personalize, SOLUTION_VERSION, holds_items)
        if version is not None and version.get("status") == ACTIVE:
            unchanged = Ensured(holds_items, False, version, policy.clock() - started)
            return Trained(solution.arn, unchanged)
    updated = ensure_solution_version(
        personalize,
        solution.arn,
        job_name(f"{request.name}-update", base, items),
        policy,
        training_mode="UPDATE",
        tags=tags,
    )
    return Trained(solution.arn, updated)


def last_full_version(personalize: "PersonalizeClient", solution_arn: str) -> str | None:
    """ARN of the newest active version that was trained in full, by hand or automatically."""
    pages = personalize.get_paginator("list_solution_versions").paginate(solutionArn=solution_arn)
    full: list[Any] = [
        version
        for page in pages
        for version in page["solutionVersions"]
        if version.get("status") == ACTIVE and version.get("trainingMode") != "UPDATE"
    ]
    newest = max(full, key=lambda version: version["creationDateTime"], default=None)
    return None if newest is None else str(newest["solutionVersionArn"])
