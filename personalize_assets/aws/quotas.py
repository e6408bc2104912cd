"""Which quota stands behind a LimitExceededException: its value, and what can be done about it.

The service says that a limit is reached, and often not which. This table goes by the operation that
was refused. Pure: text in, text out; the values are those of ``core.names`` and their page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from personalize_assets.aws.kinds import error_code
from personalize_assets.core import names

PAGE = "https://docs.aws.amazon.com/personalize/latest/dg/limits.html"
_ACCOUNT, _GROUP = "account and region", "dataset group"


@dataclass(frozen=True)
class Quota:
    """One quota that creating something can meet.

    Attributes:
        operation: Name of the operation that is refused.
        what: What is counted.
        scope: Within what it is counted, such as ``account and region``.
        value: How many there may be by default.
        adjustable: Whether Service Quotas raises it on request.
        passes: Whether it counts work that ends by itself, so that waiting helps.
    """

    operation: str
    what: str
    scope: str
    value: int
    adjustable: bool
    passes: bool = False

    @property
    def remedy(self) -> str:
        """What to do about it."""
        if self.passes:
            return "it passes when a job that is at work ends"
        if self.adjustable:
            return "delete what is no longer needed, or ask Service Quotas for a higher value"
        return "delete what is no longer needed; this quota cannot be raised"

    @property
    def sentence(self) -> str:
        """The quota in one sentence."""
        adjustable = "adjustable" if self.adjustable else "not adjustable"
        return f"{self.value:,} {self.what} for each {self.scope} ({adjustable}): {self.remedy}"


QUOTAS: tuple[Quota, ...] = (
    Quota("CreateSchema", "schemas", _ACCOUNT, names.MAX_SCHEMAS, adjustable=False),
    Quota(
        "CreateDatasetGroup", "dataset groups", _ACCOUNT, names.MAX_DATASET_GROUPS, adjustable=True
    ),
    Quota(
        "CreateDatasetImportJob",
        "dataset import jobs that are pending or in progress",
        _ACCOUNT,
        names.MAX_ACTIVE_IMPORT_JOBS,
        adjustable=False,
        passes=True,
    ),
    Quota(
        "CreateSolutionVersion",
        "solution versions that are pending or in progress",
        _ACCOUNT,
        names.MAX_ACTIVE_SOLUTION_VERSIONS,
        adjustable=True,
        passes=True,
    ),
    Quota(
        "CreateBatchInferenceJob",
        "batch inference jobs that are pending or in progress",
        _ACCOUNT,
        names.MAX_ACTIVE_BATCH_INFERENCE_JOBS,
        adjustable=True,
        passes=True,
    ),
    Quota(
        "CreateBatchSegmentJob",
        "batch segment jobs that are pending or in progress",
        _ACCOUNT,
        names.MAX_ACTIVE_BATCH_SEGMENT_JOBS,
        adjustable=False,
        passes=True,
    ),
    Quota(
        "CreateDataDeletionJob",
        "data deletion jobs that are pending",
        _GROUP,
        names.MAX_PENDING_DELETION_JOBS,
        adjustable=False,
        passes=True,
    ),
    Quota("CreateSolution", "solutions", _GROUP, names.MAX_SOLUTIONS_PER_GROUP, adjustable=True),
    Quota("CreateCampaign", "campaigns", _GROUP, names.MAX_CAMPAIGNS_PER_GROUP, adjustable=True),
    Quota(
        "CreateRecommender",
        "recommenders",
        _GROUP,
        names.MAX_RECOMMENDERS_PER_GROUP,
        adjustable=False,
    ),
    Quota("CreateFilter", "filters", _GROUP, names.MAX_FILTERS_PER_GROUP, adjustable=True),
    Quota(
        "CreateFilter",
        "distinct dataset fields in all filters together",
        _GROUP,
        names.MAX_FIELDS_OF_ALL_FILTERS,
        adjustable=False,
    ),
    Quota("CreateEventTracker", "event tracker", _GROUP, 1, adjustable=False),
    Quota("CreateMetricAttribution", "metric attribution", _GROUP, 1, adjustable=False),
    Quota(
        "CreateMetricAttribution",
        "metrics of the metric attribution",
        _GROUP,
        names.MAX_ATTRIBUTION_METRICS,
        adjustable=False,
    ),
)
"""Quotas by the operation that meets them."""


IMPORT_POOL = "personalize_import"
TRAINING_POOL = "personalize_training"
BATCH_POOL = "personalize_batch"
POOL_LIMITS: Mapping[str, int] = {
    IMPORT_POOL: names.MAX_ACTIVE_IMPORT_JOBS,
    TRAINING_POOL: names.MAX_ACTIVE_SOLUTION_VERSIONS,
    BATCH_POOL: names.MAX_ACTIVE_BATCH_INFERENCE_JOBS,
}
"""Pools of work that a quota limits, and how much of it may be pending or in progress at once."""


def quotas_of(operation: str) -> tuple[Quota, ...]:
    """The quotas that an operation can meet; none where only the service knows."""
    return tuple(quota for quota in QUOTAS if quota.operation == operation)


def explain_limit(error: ClientError) -> str | None:
    """Say which quota a LimitExceededException is about; None for any other error.

    Example:
        >>> answer = {"Error": {"Code": "LimitExceededException", "Message": "Too many."}}
        >>> explain_limit(ClientError(answer, "CreateSchema"))[:60]
        'CreateSchema was refused at a quota. Amazon Personalize allo'
    """
    if error_code(error) != "LimitExceededException":
        return None
    operation = str(error.operation_name)
    said = str(error.response.get("Error", {}).get("Message", "")).strip()
    allowed = _listed(quota.sentence for quota in quotas_of(operation))
    which = f"Amazon Personalize allows {allowed}" if allowed else f"The quotas stand on {PAGE}"
    return f"{operation} was refused at a quota. {which}. The service said: {said or 'nothing'}"


def _listed(sentences: Iterable[str]) -> str:
    return "; and ".join(sentences)
