"""PutItems, PutUsers and PutActions: single records, each replacing the one of its id whole."""

from collections.abc import Sequence
from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.data.columns import ID_COLUMNS
from personalize_assets.engine.data.incoming import make_record
from personalize_assets.engine.data.properties import PropertiesError
from personalize_assets.engine.data.records import RecordType
from personalize_assets.engine.data.sources import schema_of
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    require,
    require_active,
)
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.store import ItemRecord


@operation("personalize-events", "PutItems")
@atomic
def put_items(context: RequestContext, request: Request) -> dict[str, Any]:
    """Keep up to ten items; the rate is not limited."""
    return _put(context, request["datasetArn"], "ITEMS", request["items"], "itemId")


@operation("personalize-events", "PutUsers")
@atomic
def put_users(context: RequestContext, request: Request) -> dict[str, Any]:
    """Keep up to ten users; the rate is not limited."""
    return _put(context, request["datasetArn"], "USERS", request["users"], "userId")


@operation("personalize-events", "PutActions")
@atomic
def put_actions(context: RequestContext, request: Request) -> dict[str, Any]:
    """Keep up to ten actions; the rate is not limited."""
    return _put(context, request["datasetArn"], "ACTIONS", request["actions"], "actionId")


def _put(
    context: RequestContext,
    dataset_arn: str,
    dataset_type: RecordType,
    sent: Sequence[Request],
    member: str,
) -> dict[str, Any]:
    found = require(context, Kind.DATASET, dataset_arn).body["datasetType"]
    if found != dataset_type:
        raise InvalidInput(
            f"{dataset_arn} is a dataset of {found}; one of {dataset_type} is needed"
        )
    dataset = require_active(context, Kind.DATASET, dataset_arn)
    schema = schema_of(context.store, dataset)
    records: list[ItemRecord] = []
    for each in sent:
        try:
            record = make_record(
                each[member], each.get("properties"), schema, ID_COLUMNS[dataset_type]
            )
        except PropertiesError as error:
            raise InvalidInput(f"{member} {each[member]!r} cannot be taken: {error}") from error
        records.append(record)
    context.store.records.add(dataset.arn, records, context.clock())
    return {}
