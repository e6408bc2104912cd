"""The policy for the identity that runs Dagster and the command line: what they call, where.

It is made of the operations that the package calls (``actions`` says what each needs). A managed
policy holds 6,144 characters, so statements stay few.
"""

from typing import Final

from personalize_assets.aws.bootstrap.actions import actions_of_all
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.policies import PERSONALIZE, Document, allow, document
from personalize_assets.aws.glue import glue_operator_statements

MAX_CHARACTERS: Final = 6_144
"""Of a managed policy, white space not counted [reference_iam-quotas.html]."""

_MADE: Final = (
    "BatchInferenceJob",
    "BatchSegmentJob",
    "Campaign",
    "DataDeletionJob",
    "Dataset",
    "DatasetExportJob",
    "DatasetGroup",
    "DatasetImportJob",
    "EventTracker",
    "Filter",
    "MetricAttribution",
    "Recommender",
    "Schema",
    "Solution",
    "SolutionVersion",
)
_DELETED: Final = (
    "Campaign",
    "Dataset",
    "DatasetGroup",
    "EventTracker",
    "Filter",
    "MetricAttribution",
    "Recommender",
    "Schema",
    "Solution",
)
_ON_RESOURCES: Final = (
    *(f"personalize:Create{name}" for name in _MADE),
    *(f"personalize:Describe{name}" for name in _MADE),
    *(f"personalize:Delete{name}" for name in _DELETED),
    *(
        f"personalize:Update{n}"
        for n in ("Campaign", "MetricAttribution", "Recommender", "Solution")
    ),
    "personalize:GetSolutionMetrics",
    "personalize:ListTagsForResource",
    "personalize:StartRecommender",
    "personalize:StopRecommender",
    "personalize:StopSolutionVersionCreation",
    "personalize:TagResource",
    "personalize-runtime:GetPersonalizedRanking",
    "personalize-runtime:GetRecommendations",
)
_WITHOUT_RESOURCE: Final = (
    *(f"personalize:List{name}s" for name in _MADE),
    "personalize:ListMetricAttributionMetrics",
    "personalize-events:PutEvents",
)
"""IAM knows no resource that these could be limited to."""

_ON_BUCKET: Final = ("s3:HeadBucket", "s3:ListObjectsV2")
_ON_OBJECTS: Final = (
    "s3:AbortMultipartUpload",
    "s3:CopyObject",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:HeadObject",
    "s3:PutObject",
)
_LOOKED_AT: Final = (
    "s3:GetBucketAccelerateConfiguration",
    "s3:GetBucketEncryption",
    "s3:GetBucketNotificationConfiguration",
    "s3:GetBucketPolicy",
    "s3:GetPublicAccessBlock",
)
"""What the doctor reads of the bucket."""

_ROLE_LOOKED_AT: Final = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:SimulatePrincipalPolicy",
)


def operator_policy(options: Options) -> Document:
    """What the identity that runs Dagster may do, and nothing else.

    Roles may be passed to Amazon Personalize alone, and of roles only the service role. What has
    no resource in IAM is limited to the region.
    """
    statements = [
        *_personalize(options),
        {
            **allow("GiveRoleToPersonalize", ["iam:PassRole"], options.service_role_arn),
            "Condition": {"StringEquals": {"iam:PassedToService": PERSONALIZE}},
        },
        allow("LookAtServiceRole", _ROLE_LOOKED_AT, options.service_role_arn),
        allow("UseBucket", actions_of_all((*_ON_BUCKET, *_LOOKED_AT)), options.bucket_arn),
        allow("UseObjects", actions_of_all(_ON_OBJECTS), f"{options.bucket_arn}/*"),
        allow("Notify", ["sns:GetTopicAttributes", "sns:Publish"], options.topic_arn),
    ]
    if options.has_queue:
        actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        statements.append(allow("HearOfNewObjects", actions, options.queue_arn))
    if options.has_glue:
        statements += glue_operator_statements(
            job_name=options.name,
            region=options.region,
            account_id=options.account_id,
            partition=options.partition,
        )
    if options.key_arn is not None:
        actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GetKeyPolicy"]
        statements.append(allow("UseKey", actions, options.key_arn))
    return document(*statements)


def _personalize(options: Options) -> list[Document]:
    ours = f"arn:{options.partition}:personalize:{options.region}:{options.account_id}:*"
    anywhere = (
        *_WITHOUT_RESOURCE,
        "cloudwatch:GetMetricData",
        "service-quotas:ListServiceQuotas",
    )
    return [
        allow("UsePersonalize", actions_of_all(_ON_RESOURCES), ours),
        {
            **allow("ListAndMeasure", actions_of_all(anywhere), "*"),
            "Condition": {"StringEquals": {"aws:RequestedRegion": options.region}},
        },
    ]
