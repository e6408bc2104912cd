"""The job that deletes all data of some users, for those who want to be forgotten."""

from typing import Any

import dagster as dg
from pydantic import Field

from personalize_assets.aws.deletion import (
    DeletionRequest,
    UserListError,
    delete_users,
    read_users,
)
from personalize_assets.components.graph import Graph, newest_metadata
from personalize_assets.components.jobs import delete_users_job_name
from personalize_assets.components.service_assets import retried, retry_policy
from personalize_assets.resources import PersonalizeResource, S3Resource

STILL_THERE = (
    "Models know these users until they are trained again. Raw files that still hold them bring "
    "them back with the next FULL import: take them out there too."
)


class DeletionConfig(dg.Config):
    """Whose data to delete: by ids, or by a file of ids."""

    user_ids: list[str] = Field(default_factory=list)
    """Ids of users."""

    input_key: str | None = None
    """Key in the bucket of a CSV file with the one column USER_ID, or of a file with one
    `{"userId": "..."}` a line."""


def build_user_deletion(graph: Graph) -> dg.Definitions:
    """The job of one dataset group; it runs only when somebody starts it with a list of users."""

    @dg.op(
        name=f"{graph.id}_user_deletion",  # an operation may not have the name of its job
        description="Deletes all that the datasets hold of the users that are given.",
        tags={"personalize/dataset_group": graph.attributes.name},
    )
    def delete_users_op(
        context: dg.OpExecutionContext,
        config: DeletionConfig,
        personalize: PersonalizeResource,
        s3: S3Resource,
    ) -> None:
        def delete(context: dg.OpExecutionContext) -> None:
            context.add_output_metadata(_delete(context, graph, config, personalize, s3))

        retried(delete, retry_policy(graph))(context)

    @dg.job(
        name=delete_users_job_name(graph.id),
        description="Deletes all data of some users; give `user_ids` or `input_key`.",
        executor_def=dg.in_process_executor,
        tags={"personalize/dataset_group": graph.attributes.name},
    )
    def delete_users_job() -> None:
        delete_users_op()

    return dg.Definitions(jobs=[delete_users_job])


def _delete(
    context: dg.OpExecutionContext,
    graph: Graph,
    config: DeletionConfig,
    personalize: PersonalizeResource,
    s3: S3Resource,
) -> dict[str, Any]:
    """Delete, and tell how many; ids stay out of the log.

    Raises:
        dagster.Failure: There is no dataset group yet, or the list cannot be used.
    """
    group = newest_metadata(context.instance, graph.key("dataset_group"))
    if not group:
        raise dg.Failure("there is no dataset group yet, so no data of anybody: nothing to delete")
    try:
        users = list(config.user_ids)
        if config.input_key is not None:
            users += read_users(s3.store().read_bytes(config.input_key), config.input_key)
        done = delete_users(
            personalize.get_client(),
            s3.store(),
            DeletionRequest(
                group_name=graph.attributes.name,
                group_arn=group["arn"],
                users=users,
                request_id=context.run.root_run_id or context.run_id,
                folder=f"{graph.attributes.prefixes.transformed}deletions/",
                role_arn=personalize.role_arn,
            ),
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
    except UserListError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.info(
        f"{done.records:,} records of {done.users:,} users were deleted. {STILL_THERE}"
    )
    return {
        "arn": done.job.arn,
        "users": done.users,
        "numDeleted": done.records,
        "list": s3.uri(done.key),
        "open": s3.link(done.key),
        "note": STILL_THERE,
    }
