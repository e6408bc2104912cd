"""The light kind of job that replaces the schema of a dataset.

Files keep the columns that they were written with; who reads them adds empty ones. Which columns
came when is kept, since what was made before takes no notice of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from personalize_assets.core.arns import Kind
from personalize_assets.core.schema_changes import added_columns
from personalize_assets.core.schemas import SchemaError, parse_schema
from personalize_assets.engine.jobs.kinds import Again, JobFailed, Step
from personalize_assets.engine.jobs.states import UPDATE_SCHEMA, Course
from personalize_assets.engine.store import Store

_ADDED: Final = "columns_added"


@dataclass(frozen=True)
class UpdateSchema:
    """Gives a dataset the schema that `UpdateDataset` asked for."""

    name: str = "update-schema"
    course: Course = UPDATE_SCHEMA

    def step(self, step: Step) -> Again | None:
        """Compare the schemas once more and put the new one in place."""
        dataset = step.resource
        new_arn = dataset.body["latestDatasetUpdate"]["schemaArn"]
        old = step.store.resources.get(dataset.body["schemaArn"])
        new = step.store.resources.get(new_arn)
        if old is None or new is None:
            raise JobFailed("The schema is gone")
        domain = old.body.get("domain")
        try:
            before, after = (
                parse_schema(schema.body["schema"], dataset.body["datasetType"], domain)
                for schema in (old, new)
            )
            added = dict.fromkeys(added_columns(before, after), step.now.timestamp())
        except SchemaError as error:
            raise JobFailed(str(error)) from error
        step.store.resources.merge(dataset.arn, body={"schemaArn": new_arn}, hidden={_ADDED: added})
        return None


def columns_added_since(
    store: Store, group_arn: str | None, moment: datetime
) -> Mapping[str, tuple[str, ...]]:
    """The columns that the datasets of a group got after a moment, by dataset type.

    What was made before, such as a solution, does not train on them.
    """
    return {
        dataset.body["datasetType"]: tuple(
            column
            for column, added_at in dataset.hidden.get(_ADDED, {}).items()
            if added_at > moment.timestamp()
        )
        for dataset in store.resources.find(Kind.DATASET, group=group_arn)
    }
