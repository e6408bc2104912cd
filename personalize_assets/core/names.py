"""Names, limits and texts of Amazon Personalize that only AWS's pages state.

What the service model of botocore states (patterns, lengths, page sizes) is not repeated here. Each
value names the page of docs.aws.amazon.com/personalize/latest/dg that it comes from. Nothing here
does anything.
"""

from typing import Final

# Quotas of the account and region, of the group, of a request: limits.html
MAX_SCHEMAS: Final = 500
MAX_DATASET_GROUPS: Final = 5
MAX_ACTIVE_IMPORT_JOBS: Final = 5
MAX_ACTIVE_BATCH_INFERENCE_JOBS: Final = 5
MAX_ACTIVE_SOLUTION_VERSIONS: Final = 20
MAX_ACTIVE_BATCH_SEGMENT_JOBS: Final = 5
MAX_ACTIVE_EXPORT_JOBS: Final = 5  # decision of this project; the page names none
MAX_PENDING_DELETION_JOBS: Final = 5  # per group
MAX_SOLUTIONS_PER_GROUP: Final = 10
MAX_SEARCH_TRAININGS: Final = 40  # of one search for hyperparameters
MAX_CAMPAIGNS_PER_GROUP: Final = 5
MAX_RECOMMENDERS_PER_GROUP: Final = 5
MAX_FILTERS_PER_GROUP: Final = 30
MAX_FIELDS_PER_FILTER: Final = 10
MAX_FIELDS_OF_ALL_FILTERS: Final = 20  # distinct ones, per group
MAX_ATTRIBUTION_METRICS: Final = 10
MAX_ATTRIBUTION_SOURCES: Final = 100

# Answers of the runtime: limits.html, get-action-recommendations.html
DEFAULT_RESULTS: Final = 25
MAX_RESULTS: Final = 500  # also of the input list of a ranking
MAX_RESULTS_WITH_METADATA: Final = 50
MAX_METADATA_COLUMNS: Final = 10
DEFAULT_ACTIONS: Final = 5
MAX_ACTIONS: Final = 100

# What filters look back on: filter-expressions.html, limits.html
MAX_FILTER_INTERACTIONS: Final = 100  # per user and event type
MAX_FILTER_ACTION_INTERACTIONS: Final = 300

# Data of events: limits.html
MAX_EVENT_BYTES: Final = 10_000

# Records that an import job of interactions needs at least, and its size: limits.html
MIN_INTERACTIONS: Final = 1_000
MAX_FULL_IMPORT_BYTES: Final = 100_000_000_000
MAX_INCREMENTAL_IMPORT_BYTES: Final = 1_000_000_000

# Data that a dataset holds at most: limits.html, interactions-dataset-requirements.html
MAX_ID_LENGTH: Final = 256
MAX_STRING_LENGTH: Final = 1_000
MAX_TEXT_LENGTH: Final = 20_000
MAX_INTERACTION_COLUMNS: Final = 10  # distinct event types and optional columns together
MAX_METADATA: Final = {
    "INTERACTIONS": 5,
    "USERS": 25,
    "ITEMS": 100,
    "ACTIONS": 10,
    "ACTION_INTERACTIONS": 5,
}

# Values of an Actions dataset, both bounds included: custom-datasets-and-schemas.html
ACTION_BOUNDS: Final = {"VALUE": (1, 10), "REPEAT_FREQUENCY": (0, 30)}

# Batch inference: limits.html, creating-batch-inference-job.html
MAX_BATCH_FILES: Final = 1_000
MAX_BATCH_BYTES: Final = 1_000_000_000
DEFAULT_BATCH_RESULTS: Final = 25
MAX_SEGMENT_USERS: Final = 5_000_000
MAX_ITEM_AFFINITY_QUERIES: Final = 500  # per file
MAX_ATTRIBUTE_AFFINITY_QUERIES: Final = 10  # per file
MAX_THEME_QUERIES: Final = 100  # per file
MAX_THEME_RESULTS: Final = 100  # per query: themed-batch-recommendations.html
MAX_DELETION_BYTES: Final = 100_000_000

# Tags: tagging-resources.html
MAX_TAGS: Final = 50

# Automatic training: solution-config-auto-training.html
MIN_TRAINING_DAYS: Final = 1
MAX_TRAINING_DAYS: Final = 30
DEFAULT_TRAINING_DAYS: Final = 7
# Of the v2 recipes: customizing-solution-config-hpo.html
SEARCH_EVERY_DAYS: Final = 90

# Larger timestamps are milliseconds: this one is 2100-01-01T00:00:00Z (decision of this project).
MAX_TIMESTAMP: Final = 4_102_444_800

# Texts that clients have seen: error-messages.html
INVALID_DATA_LOCATION: Final = "Invalid Data location."
INVALID_S3_INPUT: Final = "Invalid S3 input path"
INVALID_S3_OUTPUT: Final = "Invalid S3 output path"

# Who the local deployment is, unless told otherwise: the account that moto's STS answers with.
LOCAL_ACCOUNT: Final = "123456789012"
LOCAL_REGION: Final = "us-east-1"
