"""What the control plane holds: resources and jobs, as values.

Turns rows into values and back. Nothing here knows SQL statements or the API.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from personalize_assets.core.arns import Kind
from personalize_assets.engine.store.database import Row

JobState = Literal["pending", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing with an ARN.

    Attributes:
        arn: Its identity.
        kind: What it is.
        account: Twelve digits.
        region: Where it was made.
        name: As given, or made up for resources without a name.
        created_at: Aware, UTC.
        updated_at: Aware, UTC.
        status: As the API shows it; None for schemas.
        failure_reason: Why it failed; None unless it did.
        parent_arn: The resource that lists it: group, dataset, solution or solution version.
        group_arn: The dataset group that it belongs to; None for groups and schemas.
        body: Members of the API's answer beside names, status and dates, under their API names.
        hidden: What the engine keeps for itself, such as paths of artifacts.
    """

    arn: str
    kind: Kind
    account: str
    region: str
    name: str
    created_at: datetime
    updated_at: datetime
    status: str | None = None
    failure_reason: str | None = None
    parent_arn: str | None = None
    group_arn: str | None = None
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    hidden: dict[str, Any] = field(default_factory=dict[str, Any])
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of asynchronous work on a resource.

    Attributes:
        id: Number, in the order of submission.
        kind: Name of the kind of work.
        resource_arn: What is worked on.
        exclusive: Of two jobs with the same value only one runs at a time; empty: no such limit.
        state: Where it stands.
        attempt: How often it was begun.
        pid: Process that works on it, if any.
        stage: What the worker does now.
        share: How much of all the work is done, from 0 to 1, as far as that is known.
        not_before: It is not begun earlier; aware, UTC.
        created_at: Aware, UTC.
    """

    id: int
    kind: str
    resource_arn: str
    exclusive: str
    state: JobState
    attempt: int
    pid: int | None
    stage: str
    share: float
    not_before: datetime
    created_at: datetime


def resource_of(row: Row) -> Resource:
    """Make the value of a row of table ``resources``."""
    return Resource(
        arn=row["arn"],
        kind=Kind(row["kind"]),
        account=row["account"],
        region=row["region"],
        name=row["name"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        status=row["status"],
        failure_reason=row["failure_reason"],
        parent_arn=row["parent_arn"],
        group_arn=row["group_arn"],
        body=json.loads(row["body"]),
        hidden=json.loads(row["hidden"]),
        sequence=row["sequence"],
    )


def job_of(row: Row) -> Job:
    """Make the value of a row of table ``jobs``."""
    return Job(
        id=row["id"],
        kind=row["kind"],
        resource_arn=row["resource_arn"],
        exclusive=row["exclusive"],
        state=row["state"],
        attempt=row["attempt"],
        pid=row["pid"],
        stage=row["stage"],
        share=row["share"],
        not_before=moment(row["not_before"]),
        created_at=moment(row["created_at"]),
    )


def moment(epoch_seconds: float) -> datetime:
    """The aware UTC time of a stored number."""
    return datetime.fromtimestamp(epoch_seconds, UTC)
