"""Operations on schemas."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import MAX_SCHEMAS
from personalize_assets.core.schemas import SchemaError, parse_schema
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.states import UPDATE_IN_PROGRESS, UPDATE_PENDING
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    check_limit,
    chosen,
    create,
    free_arn,
    refuse_while,
    require,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.store import Resource

_FAMILY = Family(Kind.SCHEMA, "schemaArn", summary=("domain",))


@operation("personalize", "CreateSchema")
@atomic
def create_schema(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make a schema; all rules are checked here, also those that AWS may check later."""
    try:
        parse_schema(request["schema"], None, request.get("domain"))
    except SchemaError as error:
        raise InvalidInput(f"The schema is not valid: {error}") from error
    name = request["name"]
    arn = free_arn(context, Kind.SCHEMA, name)
    count = context.store.resources.count(
        Kind.SCHEMA, account=context.account, region=context.region
    )
    check_limit(
        count,
        MAX_SCHEMAS,
        f"Cannot create a schema. There are {count} in this account and region, the most is "
        f"{MAX_SCHEMAS}. Please delete some and try again.",
    )
    create(context, arn, name, body=chosen(request, "schema", "domain"), job=None)
    return {"schemaArn": arn}


@operation("personalize", "DescribeSchema")
def describe_schema(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a schema, its JSON as it was given."""
    return {"schema": describe(_FAMILY, require(context, Kind.SCHEMA, request["schemaArn"]))}


@operation("personalize", "ListSchemas")
def list_schemas(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the schemas of the account and region."""
    return list_resources(context, request, _FAMILY, "schemas")


@operation("personalize", "DeleteSchema")
@atomic
def delete_schema(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a schema that no dataset uses, at once: schemas have no status."""
    schema = require(context, Kind.SCHEMA, request["schemaArn"])
    refuse_while(context, schema, datasets_with(context, schema.arn))
    context.store.resources.delete(schema.arn)
    return {}


def datasets_with(context: RequestContext, schema_arn: str) -> list[Resource]:
    """The datasets that have a schema, or are about to get it."""
    datasets = context.store.resources.find(
        Kind.DATASET, account=context.account, region=context.region
    )
    return [item for item in datasets if schema_arn in _schemas_of(item)]


def _schemas_of(dataset: Resource) -> tuple[str, ...]:
    """The schema of a dataset, and the one that is about to replace it."""
    if dataset.status in (UPDATE_PENDING, UPDATE_IN_PROGRESS):
        return dataset.body["schemaArn"], dataset.body["latestDatasetUpdate"]["schemaArn"]
    return (dataset.body["schemaArn"],)
