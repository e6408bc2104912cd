"""The resources of Amazon Personalize that the workflow creates: how each is described and named.

One row a kind: everything that waits, looks up or compares reads this table, and botocore's waiter
model is made from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.waiter import WaiterModel

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

ACTIVE = "ACTIVE"
READY_STATUSES = (ACTIVE, "COMPLETED")
"""What a resource is when it can be used, and a data deletion job when it is done."""

FAILED_STATUSES = ("CREATE FAILED", "CREATE STOPPED", "CREATE STOPPING", "FAILED")
DELETE_STATUSES = ("DELETE PENDING", "DELETE IN_PROGRESS")
_POLL_DELAY_S = 15  # for those who use the model with botocore's own waiter
_POLL_ATTEMPTS = 2400

Describe = Callable[["PersonalizeClient", str], Mapping[str, Any]]
Delete = Callable[["PersonalizeClient", str], object]


@dataclass(frozen=True)
class Kind:
    """One kind of resource.

    Attributes:
        label: For messages and names of waiters.
        path: First part of the resource in its ARN.
        operation: Name of the describe operation.
        root: Member of the answer that holds the description.
        describe: Calls the operation for one ARN; gives the whole answer.
        delete: Begins the deletion of one ARN; None for what stays or goes with its parent.
    """

    label: str
    path: str
    operation: str
    root: str
    describe: Describe
    delete: Delete | None = None

    @property
    def waiter_name(self) -> str:
        """Name in ``WAITER_MODEL``, such as ``DatasetGroupActive``."""
        return self.label.title().replace(" ", "") + "Active"


DATASET_GROUP = Kind(
    "dataset group",
    "dataset-group",
    "DescribeDatasetGroup",
    "datasetGroup",
    lambda client, arn: client.describe_dataset_group(datasetGroupArn=arn),
    lambda client, arn: client.delete_dataset_group(datasetGroupArn=arn),
)
DATASET = Kind(
    "dataset",
    "dataset",
    "DescribeDataset",
    "dataset",
    lambda client, arn: client.describe_dataset(datasetArn=arn),
    lambda client, arn: client.delete_dataset(datasetArn=arn),
)
IMPORT_JOB = Kind(
    "dataset import job",
    "dataset-import-job",
    "DescribeDatasetImportJob",
    "datasetImportJob",
    lambda client, arn: client.describe_dataset_import_job(datasetImportJobArn=arn),
)
SOLUTION = Kind(
    "solution",
    "solution",
    "DescribeSolution",
    "solution",
    lambda client, arn: client.describe_solution(solutionArn=arn),
    lambda client, arn: client.delete_solution(solutionArn=arn),
)
SOLUTION_VERSION = Kind(
    "solution version",
    "solution",
    "DescribeSolutionVersion",
    "solutionVersion",
    lambda client, arn: client.describe_solution_version(solutionVersionArn=arn),
)
BATCH_INFERENCE_JOB = Kind(
    "batch inference job",
    "batch-inference-job",
    "DescribeBatchInferenceJob",
    "batchInferenceJob",
    lambda client, arn: client.describe_batch_inference_job(batchInferenceJobArn=arn),
)
BATCH_SEGMENT_JOB = Kind(
    "batch segment job",
    "batch-segment-job",
    "DescribeBatchSegmentJob",
    "batchSegmentJob",
    lambda client, arn: client.describe_batch_segment_job(batchSegmentJobArn=arn),
)
EXPORT_JOB = Kind(
    "dataset export job",
    "dataset-export-job",
    "DescribeDatasetExportJob",
    "datasetExportJob",
    lambda client, arn: client.describe_dataset_export_job(datasetExportJobArn=arn),
)
DELETION_JOB = Kind(
    "data deletion job",
    "data-deletion-job",
    "DescribeDataDeletionJob",
    "dataDeletionJob",
    lambda client, arn: client.describe_data_deletion_job(dataDeletionJobArn=arn),
)
CAMPAIGN = Kind(
    "campaign",
    "campaign",
    "DescribeCampaign",
    "campaign",
    lambda client, arn: client.describe_campaign(campaignArn=arn),
    lambda client, arn: client.delete_campaign(campaignArn=arn),
)
RECOMMENDER = Kind(
    "recommender",
    "recommender",
    "DescribeRecommender",
    "recommender",
    lambda client, arn: client.describe_recommender(recommenderArn=arn),
    lambda client, arn: client.delete_recommender(recommenderArn=arn),
)
FILTER = Kind(
    "filter",
    "filter",
    "DescribeFilter",
    "filter",
    lambda client, arn: client.describe_filter(filterArn=arn),
    lambda client, arn: client.delete_filter(filterArn=arn),
)
EVENT_TRACKER = Kind(
    "event tracker",
    "event-tracker",
    "DescribeEventTracker",
    "eventTracker",
    lambda client, arn: client.describe_event_tracker(eventTrackerArn=arn),
    lambda client, arn: client.delete_event_tracker(eventTrackerArn=arn),
)
METRIC_ATTRIBUTION = Kind(
    "metric attribution",
    "metric-attribution",
    "DescribeMetricAttribution",
    "metricAttribution",
    lambda client, arn: client.describe_metric_attribution(metricAttributionArn=arn),
    lambda client, arn: client.delete_metric_attribution(metricAttributionArn=arn),
)
KINDS = (
    DATASET_GROUP,
    DATASET,
    IMPORT_JOB,
    SOLUTION,
    SOLUTION_VERSION,
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    EXPORT_JOB,
    DELETION_JOB,
    CAMPAIGN,
    RECOMMENDER,
    FILTER,
    EVENT_TRACKER,
    METRIC_ATTRIBUTION,
)


def _waiter(kind: Kind) -> dict[str, Any]:
    states = dict.fromkeys(READY_STATUSES, "success")
    states |= dict.fromkeys((*FAILED_STATUSES, *DELETE_STATUSES), "failure")
    return {
        "operation": kind.operation,
        "delay": _POLL_DELAY_S,
        "maxAttempts": _POLL_ATTEMPTS,
        "acceptors": [
            {
                "matcher": "path",
                "argument": f"{kind.root}.status",
                "expected": status,
                "state": state,
            }
            for status, state in states.items()
        ],
    }


WAITER_MODEL: Any = WaiterModel(
    {"version": 2, "waiters": {kind.waiter_name: _waiter(kind) for kind in KINDS}}
)


def sibling_arn(arn: str, kind: Kind, name: str) -> str:
    """Make the ARN of a resource named ``name`` beside ``arn``: same partition, region, account.

    Example:
        >>> sibling_arn("arn:aws:personalize:eu-west-1:123456789012:solution/s", IMPORT_JOB, "j")
        'arn:aws:personalize:eu-west-1:123456789012:dataset-import-job/j'
    """
    return ":".join([*arn.split(":")[:5], f"{kind.path}/{name}"])


def error_code(error: ClientError) -> str:
    """The name of a service error, such as ``ResourceNotFoundException``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def describe(client: "PersonalizeClient", kind: Kind, arn: str) -> dict[str, Any]:
    """Describe the resource ``arn``.

    Raises:
        ClientError: As the service says, ResourceNotFoundException among others.
    """
    return dict(kind.describe(client, arn)[kind.root])


def find(client: "PersonalizeClient", kind: Kind, arn: str) -> dict[str, Any] | None:
    """Describe the resource ``arn``, or None where there is none.

    Raises:
        ClientError: Any error of the service but ResourceNotFoundException.
    """
    try:
        return describe(client, kind, arn)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return None
