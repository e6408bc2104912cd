"""What the AWS Glue job is that cleans raw data with Spark: properties, rights, code of its runs.

The job itself holds no code of this package: each run names the script and the zip that it is to
use (``Code``), so an update of the package changes nothing in the account. ``aws.bootstrap`` makes
the job with boto3, ``deploy/cloudformation.yaml`` with CloudFormation; both take what stands here.
Nothing here makes or starts a job.
"""

from collections.abc import Mapping
from typing import Any, Final

GLUE_VERSION: Final = "5.0"  # Spark 3.5, Python 3.11, Java 17 [release-notes.html]

WORKER_TYPES: Final = ("G.1X", "G.2X", "G.4X", "G.8X")
"""Sizes of a worker: 1, 2, 4 and 8 DPU [add-job.html]."""

SPARK_PREFIX: Final = "personalize-assets/spark/"
"""Prefix of the bucket for what Spark jobs need: their code, which each launch sees to."""

SCRIPT_KEY: Final = f"{SPARK_PREFIX}start.py"
"""Script of a run that names none, such as one that is started by hand."""

TEMPORARY_PREFIX: Final = f"{SPARK_PREFIX}temporary/"
"""Orders, messages, and outputs that are not joined yet; a lifecycle rule may delete all of it."""

LOG_GROUPS: Final = "/aws-glue/*"
"""Log groups that Glue writes: ``/aws-glue/jobs/output``, ``/aws-glue/jobs/error`` and more."""

Statement = Mapping[str, Any]
"""One statement of an IAM policy."""


def glue_job_properties(
    *,
    name: str,
    role_arn: str,
    bucket: str,
    tags: Mapping[str, str],
    worker_type: str = "G.1X",
    workers: int = 10,
    timeout_minutes: int = 120,
) -> dict[str, Any]:
    """Describe the job as ``glue:CreateJob`` takes it; ``AWS::Glue::Job`` has the same names.

    Args:
        name: Of the job.
        role_arn: Role that the job works as; see `glue_role_statements`.
        bucket: The pipeline's bucket.
        tags: Of the job.
        worker_type: One of ``WORKER_TYPES``.
        workers: The most that a run may have; it takes them only while it has work for them.
        timeout_minutes: After which a run is stopped.

    Raises:
        ValueError: An unknown type of worker, or fewer than the two workers that Spark needs.
    """
    if worker_type not in WORKER_TYPES:
        raise ValueError(f"worker_type must be one of {', '.join(WORKER_TYPES)}, got {worker_type}")
    if workers < 2:
        raise ValueError(f"workers must be 2 or more (a driver and one that works), got {workers}")
    return {
        "Name": name,
        "Description": "Cleans raw data for Amazon Personalize; started by Dagster.",
        "Role": role_arn,
        "Command": {
            "Name": "glueetl",
            "PythonVersion": "3",
            "ScriptLocation": f"s3://{bucket}/{SCRIPT_KEY}",
        },
        "GlueVersion": GLUE_VERSION,
        "WorkerType": worker_type,
        "NumberOfWorkers": workers,
        "Timeout": timeout_minutes,
        # A failed run is Dagster's to repeat, which knows what was done already.
        "MaxRetries": 0,
        # Items, users and interactions of several groups may be cleaned at the same time.
        "ExecutionProperty": {"MaxConcurrentRuns": 10},
        "DefaultArguments": {
            "--job-language": "python",
            "--job-bookmark-option": "job-bookmark-disable",
            "--enable-auto-scaling": "true",
            "--enable-metrics": "true",
            "--enable-continuous-cloudwatch-log": "true",
            "--TempDir": f"s3://{bucket}/{TEMPORARY_PREFIX}",
        },
        "Tags": dict(tags),
    }


def glue_trust_policy() -> dict[str, Any]:
    """Trust policy of the job's role: Glue alone.

    Without a condition on the source account: AWS documents none for Glue's jobs, and one that Glue
    does not send would refuse every run. A role can be passed to a job of its own account only.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Glue",
                "Effect": "Allow",
                "Principal": {"Service": "glue.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def glue_role_statements(
    *,
    bucket: str,
    region: str,
    account_id: str,
    partition: str = "aws",
    kms_key_arn: str | None = None,
) -> list[dict[str, Any]]:
    """Statements of the policy of the job's role: the bucket, its logs, its metrics, no more.

    Args:
        bucket: The pipeline's bucket.
        region: Of the job and its logs.
        account_id: Twelve digits.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
        kms_key_arn: Key that encrypts the bucket, or None.
    """
    bucket_arn = f"arn:{partition}:s3:::{bucket}"
    statements: list[dict[str, Any]] = [
        _allow("FindObjects", ["s3:GetBucketLocation", "s3:ListBucket"], bucket_arn),
        # Spark writes beside its output first and then moves it, hence the deletion.
        _allow(
            "ReadAndWriteObjects",
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            f"{bucket_arn}/*",
        ),
        _allow(
            "WriteLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            f"arn:{partition}:logs:{region}:{account_id}:log-group:{LOG_GROUPS}",
        ),
        {
            **_allow("WriteMetrics", ["cloudwatch:PutMetricData"], "*"),
            "Condition": {"StringEquals": {"cloudwatch:namespace": "Glue"}},
        },
    ]
    if kms_key_arn is not None:
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        statements.append(_allow("UseKeyOfBucket", actions, kms_key_arn))
    return statements


def glue_operator_statements(
    *, job_name: str, region: str, account_id: str, partition: str = "aws"
) -> list[dict[str, Any]]:
    """Statements for the identity that runs Dagster: start, watch and stop runs of the job.

    Logs of a run come through the bucket, so none in CloudWatch need be read. The role of the job
    is passed when the job is made, not when it is started, so this needs no ``iam:PassRole``.

    Args:
        job_name: The job.
        region: Of the job.
        account_id: Twelve digits.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
    """
    return [
        _allow(
            "CleanWithGlue",
            [
                "glue:BatchStopJobRun",
                "glue:GetJob",
                "glue:GetJobRun",
                "glue:GetJobRuns",
                "glue:StartJobRun",
            ],
            f"arn:{partition}:glue:{region}:{account_id}:job/{job_name}",
        ),
    ]


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [resource]}
