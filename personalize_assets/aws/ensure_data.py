"""Dataset groups, schemas, datasets and imports: found where they are, created where not."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from botocore.exceptions import ClientError

from personalize_assets.aws.ensuring import (
    ConfigurationDrift,
    Ensured,
    ensure_job,
    ensure_present,
    find_undrifted,
    refuse_drift,
    tagging,
)
from personalize_assets.aws.kinds import (
    DATASET,
    DATASET_GROUP,
    FAILED_STATUSES,
    IMPORT_JOB,
    error_code,
    find,
    sibling_arn,
)
from personalize_assets.aws.waiters import WaitPolicy, call_patiently

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

Domain = Literal["ECOMMERCE", "VIDEO_ON_DEMAND"]
ImportMode = Literal["FULL", "INCREMENTAL"]


class _GroupOptions(TypedDict, total=False):
    domain: Domain
    roleArn: str
    kmsKeyArn: str


class _SchemaOptions(TypedDict, total=False):
    domain: Domain


def ensure_dataset_group(
    personalize: "PersonalizeClient",
    name: str,
    policy: WaitPolicy,
    *,
    domain: Domain | None = None,
    kms_key_arn: str | None = None,
    role_arn: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the dataset group ``name`` is active.

    Args:
        personalize: boto3 client.
        name: Name of the group.
        policy: Timeout, pace and progress of the waiting.
        domain: None for a custom group.
        kms_key_arn: Key for encryption at rest.
        role_arn: Role that may use the key; the service takes it only together with a key.
        tags: Given when the group is created.

    Raises:
        ConfigurationDrift: A group of this name has another domain or key.
        ResourceFailed: Its creation failed.
        WaitTimeout: It was not ready in time.
    """
    options: _GroupOptions = {}
    if domain is not None:
        options["domain"] = domain
    if kms_key_arn is not None:
        options["kmsKeyArn"] = kms_key_arn
        if role_arn is not None:
            options["roleArn"] = role_arn

    def create() -> str:
        answer = personalize.create_dataset_group(name=name, **options, **tagging(tags))
        return answer["datasetGroupArn"]

    ensured = ensure_present(
        personalize,
        DATASET_GROUP,
        lambda: _find_dataset_group(personalize, name),
        create,
        policy,
        f"dataset group {name}",
        tags,
    )
    wanted = {"domain": domain, "kmsKeyArn": kms_key_arn}
    refuse_drift(f"dataset group {name}", wanted, ensured.description)
    return ensured


def ensure_schema(
    personalize: "PersonalizeClient",
    name: str,
    schema: Mapping[str, Any] | str,
    policy: WaitPolicy,
    *,
    domain: Domain | None = None,
) -> Ensured:
    """Make sure that the schema ``name`` exists and says ``schema``.

    A schema cannot be changed; give it a name with the digest of its text.

    Args:
        personalize: boto3 client.
        name: Name of the schema.
        schema: Avro schema, as JSON text or as the value it stands for.
        policy: Patience with throttling; a schema is usable at once.
        domain: None for custom groups.

    Raises:
        ConfigurationDrift: A schema of this name says something else.
    """
    started = policy.clock()
    text = schema if isinstance(schema, str) else json.dumps(schema)
    options: _SchemaOptions = {"domain": domain} if domain is not None else {}
    arn = _find_schema(personalize, name)
    created = False
    if arn is None:
        try:
            answer = call_patiently(
                lambda: personalize.create_schema(name=name, schema=text, **options),
                policy,
                f"create schema {name}",
            )
            arn, created = answer["schemaArn"], True
        except ClientError as error:
            if error_code(error) != "ResourceAlreadyExistsException":
                raise
            arn = _find_schema(personalize, name)
            if arn is None:
                raise
    description: dict[str, Any] = dict(personalize.describe_schema(schemaArn=arn)["schema"])
    if json.loads(description["schema"]) != json.loads(text):
        raise ConfigurationDrift(
            f"schema {name} exists with another text: {description['schema']}, wanted {text}"
        )
    refuse_drift(f"schema {name}", {"domain": domain}, description)
    return Ensured(arn, created, description, policy.clock() - started)


def ensure_dataset(
    personalize: "PersonalizeClient",
    dataset_group_arn: str,
    dataset_type: str,
    name: str,
    schema_arn: str,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the group has its dataset of ``dataset_type``.

    Args:
        personalize: boto3 client.
        dataset_group_arn: The group, active.
        dataset_type: ``Interactions``, ``Items``, ``Users``, ``Actions``, ``Action_Interactions``,
            in any case.
        name: Name for a dataset that has to be created; a group has one of each type.
        schema_arn: Its schema.
        policy: Timeout, pace and progress of the waiting.
        tags: Given when the dataset is created.

    Raises:
        ConfigurationDrift: The group's dataset of this type has another schema.
        ResourceFailed: Its creation failed.
        WaitTimeout: It was not ready in time.
    """
    group = dataset_group_arn.rpartition("/")[2]
    wanted_arn = sibling_arn(dataset_group_arn, DATASET, f"{group}/{dataset_type.upper()}")

    def create() -> str:
        answer = personalize.create_dataset(
            name=name,
            schemaArn=schema_arn,
            datasetGroupArn=dataset_group_arn,
            datasetType=dataset_type,
            **tagging(tags),
        )
        return answer["datasetArn"]

    what = f"dataset {group}/{dataset_type.upper()}"
    ensured = ensure_present(
        personalize,
        DATASET,
        lambda: wanted_arn if find(personalize, DATASET, wanted_arn) is not None else None,
        create,
        policy,
        what,
        tags,
    )
    refuse_drift(what, {"schemaArn": schema_arn}, ensured.description)
    return ensured


def ensure_import(
    personalize: "PersonalizeClient",
    dataset_arn: str,
    job_name: str,
    data_location: str,
    role_arn: str,
    policy: WaitPolicy,
    *,
    import_mode: ImportMode = "FULL",
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the data at ``data_location`` has been imported by the job ``job_name``.

    Args:
        personalize: boto3 client.
        dataset_arn: The dataset, active.
        job_name: Name with the digest of the data, so that unchanged data is imported once; at
            most 60 characters, so that an attempt can be appended.
        data_location: ``s3://bucket/key`` of a CSV file, or a folder.
        role_arn: Role that the service reads with.
        policy: Timeout, pace and progress of the waiting.
        import_mode: FULL replaces what the dataset holds, INCREMENTAL appends.
        tags: Given when the job is created.

    Raises:
        ConfigurationDrift: A job of this name read other data or another dataset.
        ResourceFailed: The import failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """

    def find_arn(candidate: str) -> str | None:
        arn = sibling_arn(dataset_arn, IMPORT_JOB, candidate)
        wanted = {"datasetArn": dataset_arn, "dataSource": {"dataLocation": data_location}}
        return find_undrifted(personalize, IMPORT_JOB, arn, wanted)

    def create(candidate: str) -> str:
        answer = personalize.create_dataset_import_job(
            jobName=candidate,
            datasetArn=dataset_arn,
            dataSource={"dataLocation": data_location},
            roleArn=role_arn,
            importMode=import_mode,
            **tagging(tags),
        )
        return answer["datasetImportJobArn"]

    def is_newest(arn: str) -> bool:
        # A FULL import replaces what was there: data that came back has to be imported again.
        return import_mode == "INCREMENTAL" or _newest_of(personalize, dataset_arn, None) == arn

    return ensure_job(personalize, IMPORT_JOB, job_name, find_arn, create, policy, is_newest)


def newest_import(personalize: "PersonalizeClient", dataset: Ensured) -> str | None:
    """The import job that the dataset was last filled by, or is being filled by.

    Jobs of a dataset of the same name that was deleted before this one was made do not count.
    """
    return _newest_of(personalize, dataset.arn, dataset.description.get("creationDateTime"))


def _newest_of(
    personalize: "PersonalizeClient", dataset_arn: str, since: datetime | None
) -> str | None:
    pages = personalize.get_paginator("list_dataset_import_jobs").paginate(datasetArn=dataset_arn)
    jobs = [
        job
        for page in pages
        for job in page["datasetImportJobs"]
        if job.get("status") not in FAILED_STATUSES and "creationDateTime" in job
        if since is None or job["creationDateTime"] >= since
    ]
    newest = max(jobs, key=lambda job: job["creationDateTime"], default=None)
    return None if newest is None else newest.get("datasetImportJobArn")


def _find_dataset_group(personalize: "PersonalizeClient", name: str) -> str | None:
    # Unlike those with a parent, a group's ARN cannot be told without asking for the account.
    for page in personalize.get_paginator("list_dataset_groups").paginate():
        for group in page["datasetGroups"]:
            if group.get("name") == name:
                return group.get("datasetGroupArn")
    return None


def _find_schema(personalize: "PersonalizeClient", name: str) -> str | None:
    for page in personalize.get_paginator("list_schemas").paginate():
        for schema in page["schemas"]:
            if schema.get("name") == name:
                return schema.get("schemaArn")
    return None
