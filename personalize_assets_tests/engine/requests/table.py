"""The table: valid requests of each of the 79 operations in the prepared world."""

from typing import Any

from botocore.model import OperationModel

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.examples import all_operations
from personalize_assets_tests.engine.requests import (
    data_rows,
    runtime_rows,
    serving_rows,
    training_rows,
)
from personalize_assets_tests.engine.requests.naming import kind_of_member
from personalize_assets_tests.engine.requests.row import Row
from personalize_assets_tests.engine.requests.world import EXAMPLES, Known, arn, list_requests

Table = dict[str, Row]

PARENTS = {
    "ListCampaigns": arn(Kind.SOLUTION, "v2"),
    "ListEventTrackers": EXAMPLES[Kind.DATASET_GROUP],
    "ListMetricAttributions": EXAMPLES[Kind.DATASET_GROUP],
}
"""Parents for the lists that `list_requests` asks for without."""


def make_table(known: Known) -> Table:
    """The rows by operation."""
    rows = [
        *data_rows.rows(known),
        *training_rows.rows(known),
        *serving_rows.rows(known),
        *runtime_rows.rows(known),
        *(_describe(each, known) for each in all_operations() if each.name[:8] == "Describe"),
        *(_list(each, request, known) for each, request in list_requests(known).items()),
    ]
    found = {row.operation: row for row in rows}
    assert len(found) == len(rows)
    return found


def _describe(operation: OperationModel, known: Known) -> Row:
    [member] = operation.input_shape.members
    return Row(operation.name, {member: known.example(kind_of_member(member))}, ())


def _list(operation: str, request: dict[str, Any], known: Known) -> Row:
    following = {**request, "nextToken": known.tokens[operation], "maxResults": 100}
    parent = PARENTS.get(operation)
    member = "solutionArn" if operation == "ListCampaigns" else "datasetGroupArn"
    return Row(operation, {}, (following, *([{member: parent}] if parent else [])))


FORM = make_table(Known.blank())
"""The table without what only a prepared world knows."""
