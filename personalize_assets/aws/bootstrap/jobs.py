"""The AWS Glue job that cleans where a group declares ``engine: glue``."""

from collections.abc import Collection
from typing import Any, Final

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.handlers import Found
from personalize_assets.aws.bootstrap.wanted import Resource

_NONE: Final = "EntityNotFoundException"
_UNKNOWN_ROLE: Final = "InvalidInputException"


class GlueJobHandler:
    """`AWS::Glue::Job`."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the job."""
        glue = account.client("glue")
        answer = found_or_none(lambda: glue.get_job(JobName=resource.id), _NONE)
        if answer is None:
            return None
        job = answer["Job"]
        arn = _arn(account, resource)
        tags = glue.get_tags(ResourceArn=arn).get("Tags", {})
        return Found({name: job.get(name) for name in resource.properties}, tags, arn)

    def create(self, account: Account, resource: Resource) -> None:
        """Make the job, with its tags from the first moment."""
        glue = account.client("glue")
        account.patiently(
            lambda: glue.create_job(**resource.properties, Tags=dict(resource.tags or {})),
            _UNKNOWN_ROLE,
        )

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Set what is not as it should be; Glue takes a job only as a whole."""
        glue = account.client("glue")
        if "Tags" in names:
            glue.tag_resource(
                ResourceArn=_arn(account, resource), TagsToAdd=dict(resource.tags or {})
            )
        if set(names) - {"Tags"}:
            update: dict[str, Any] = {k: v for k, v in resource.properties.items() if k != "Name"}
            account.patiently(
                lambda: glue.update_job(JobName=resource.id, JobUpdate=update), _UNKNOWN_ROLE
            )

    def delete(self, account: Account, resource: Resource) -> None:
        """Delete the job; Glue does not mind if it is gone."""
        account.client("glue").delete_job(JobName=resource.id)


def _arn(account: Account, resource: Resource) -> str:
    place = f"{account.region}:{account.account_id}"
    return f"arn:{account.partition}:glue:{place}:job/{resource.id}"
