"""Everything that Amazon Personalize lists: which operation, which member of the answer, of what.

One row a kind; paging, names and times of all summaries are read in one way. Knows no owner.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient


@dataclass(frozen=True)
class Collection:
    """One kind of resource as its list operation knows it.

    Attributes:
        label: As in ``kinds``, such as ``solution version``.
        operation: Method of the client.
        member: Member of the answer.
        arn_member: Member of a summary.
        parent_member: Argument that limits the list; empty where there is none.
        is_job: Whether it is work that was done, which no operation deletes.
        is_tagged: Whether it can carry tags.
    """

    label: str
    operation: str
    member: str
    arn_member: str
    parent_member: str = "datasetGroupArn"
    is_job: bool = False
    is_tagged: bool = True


@dataclass(frozen=True)
class Listed:
    """One resource as a list shows it.

    Attributes:
        label: Its kind in words.
        arn: Its ARN.
        name: Its name, or the last part of the ARN.
        status: As the service says; empty for what has none.
        created_at: Aware; None where the service does not say.
        summary: All that the list says of it.
    """

    label: str
    arn: str
    name: str
    status: str
    created_at: datetime | None
    summary: Mapping[str, Any]


GROUPS: Final = Collection(
    "dataset group", "list_dataset_groups", "datasetGroups", "datasetGroupArn", ""
)
SCHEMAS: Final = Collection(
    "schema", "list_schemas", "schemas", "schemaArn", "", is_job=False, is_tagged=False
)
DATASETS: Final = Collection("dataset", "list_datasets", "datasets", "datasetArn")
SOLUTIONS: Final = Collection("solution", "list_solutions", "solutions", "solutionArn")
CAMPAIGNS: Final = Collection(
    "campaign", "list_campaigns", "campaigns", "campaignArn", "solutionArn"
)
RECOMMENDERS: Final = Collection(
    "recommender", "list_recommenders", "recommenders", "recommenderArn"
)
FILTERS: Final = Collection("filter", "list_filters", "Filters", "filterArn")
EVENT_TRACKERS: Final = Collection(
    "event tracker", "list_event_trackers", "eventTrackers", "eventTrackerArn"
)
METRIC_ATTRIBUTIONS: Final = Collection(
    "metric attribution",
    "list_metric_attributions",
    "metricAttributions",
    "metricAttributionArn",
    is_tagged=False,
)
SOLUTION_VERSIONS: Final = Collection(
    "solution version",
    "list_solution_versions",
    "solutionVersions",
    "solutionVersionArn",
    "solutionArn",
    is_job=True,
)
IMPORT_JOBS: Final = Collection(
    "dataset import job",
    "list_dataset_import_jobs",
    "datasetImportJobs",
    "datasetImportJobArn",
    "datasetArn",
    is_job=True,
)
EXPORT_JOBS: Final = Collection(
    "dataset export job",
    "list_dataset_export_jobs",
    "datasetExportJobs",
    "datasetExportJobArn",
    "datasetArn",
    is_job=True,
)
DELETION_JOBS: Final = Collection(
    "data deletion job",
    "list_data_deletion_jobs",
    "dataDeletionJobs",
    "dataDeletionJobArn",
    is_job=True,
)
BATCH_INFERENCE_JOBS: Final = Collection(
    "batch inference job",
    "list_batch_inference_jobs",
    "batchInferenceJobs",
    "batchInferenceJobArn",
    "solutionVersionArn",
    is_job=True,
)
BATCH_SEGMENT_JOBS: Final = Collection(
    "batch segment job",
    "list_batch_segment_jobs",
    "batchSegmentJobs",
    "batchSegmentJobArn",
    "solutionVersionArn",
    is_job=True,
)
COLLECTIONS: Final = (
    GROUPS,
    SCHEMAS,
    DATASETS,
    SOLUTIONS,
    CAMPAIGNS,
    RECOMMENDERS,
    FILTERS,
    EVENT_TRACKERS,
    METRIC_ATTRIBUTIONS,
    SOLUTION_VERSIONS,
    IMPORT_JOBS,
    EXPORT_JOBS,
    DELETION_JOBS,
    BATCH_INFERENCE_JOBS,
    BATCH_SEGMENT_JOBS,
)


def list_all(
    client: "PersonalizeClient", collection: Collection, parent_arn: str | None = None
) -> Iterator[Listed]:
    """List a kind of resource, page after page.

    Args:
        client: boto3 client of personalize.
        collection: What to list.
        parent_arn: Only those of this parent; those of account and region where None.

    Raises:
        ClientError: The service refused.
    """
    call = getattr(client, collection.operation)
    arguments: dict[str, Any] = {"maxResults": 100}
    if parent_arn is not None:
        arguments[collection.parent_member] = parent_arn
    while True:
        answer: Mapping[str, Any] = call(**arguments)
        for summary in answer[collection.member]:
            yield _listed(collection, summary)
        if not (token := answer.get("nextToken")):
            return
        arguments["nextToken"] = token


def _listed(collection: Collection, summary: Mapping[str, Any]) -> Listed:
    arn = str(summary[collection.arn_member])
    name = summary.get("name") or summary.get("jobName") or arn.rpartition("/")[2]
    return Listed(
        collection.label,
        arn,
        str(name),
        str(summary.get("status", "")),
        summary.get("creationDateTime"),
        summary,
    )
